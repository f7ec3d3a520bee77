#include "agent/sandbox/check_view.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/sandbox/mount_table.h"
#include "agent/sandbox/mounts.h"
#include "common/io/posix/files.h"

namespace prov::agent {
namespace {

constexpr const char* kScratch[] = {"/tmp", "/var/tmp", "/run/lock"};

// What stood at `path` before, opened as `fd`, is there again, also when its folder is hidden now.
Result<void> keep(const io::Fd& fd, const std::string& path) {
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) return tl::unexpected(io::system_error("look at", path));
  const bool is_dir = S_ISDIR(info.st_mode);
  struct stat there {};
  if (stat(path.c_str(), &there) != 0) {
    if (auto made = make_dirs(is_dir ? path : path.substr(0, path.rfind('/'))); !made) return made;
    if (!is_dir && !io::Fd(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600))) {
      return tl::unexpected(io::system_error("create", path));
    }
  }
  return bind_mount("/proc/self/fd/" + std::to_string(fd.get()), path);
}

bool is_hidden(const std::string& path) {
  for (const char* each : kScratch) {
    if (is_beneath(path, each)) return true;
  }
  return false;
}

Result<void> set_up(const std::string& work, const std::string& program) {
  const io::Fd work_fd(open(work.c_str(), O_PATH | O_CLOEXEC)), program_fd(open(program.c_str(), O_PATH | O_CLOEXEC));
  if (!work_fd) return tl::unexpected(io::system_error("open", work));
  for (const char* each : kScratch) {
    struct stat info {};
    if (stat(each, &info) != 0 || !S_ISDIR(info.st_mode)) continue;
    if (auto mounted = mount_tmpfs(each, 01777); !mounted) return mounted;
  }
  if (auto kept = keep(work_fd, work); !kept) return kept;
  if (program_fd && is_hidden(program)) {
    if (auto kept = keep(program_fd, program); !kept) return kept;
  }
  return make_devices("/dev");
}

}  // namespace

Result<void> enter_check_view(const std::string& work, const std::string& program) {
  if (auto left = leave_mount_namespace(); !left) return left;
  if (auto made = set_up(work, program); !made) return made;
  if (auto made = make_tree_read_only("/"); !made) return made;
  for (const char* each : kScratch) {
    struct stat info {};
    if (stat(each, &info) != 0) continue;
    if (auto made = make_writable(each); !made) return made;
  }
  if (auto made = make_writable(work); !made) return made;
  static_cast<void>(make_writable("/dev/shm"));
  return drop_capabilities({CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_SYS_MODULE, CAP_SYS_RAWIO, CAP_MKNOD, CAP_SYS_BOOT,
                            CAP_SYS_TIME, CAP_SYSLOG});
}

}  // namespace prov::agent
