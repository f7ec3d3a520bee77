#include "agent/sandbox/mounts.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "common/io/posix/files.h"

namespace prov::agent {
namespace {

constexpr const char* kDevices[] = {"null", "zero", "full", "random", "urandom", "tty"};

Result<void> refused(std::string_view doing, std::string_view what) {
  const int error = errno;
  Error out = io::system_error(doing, what);
  const bool lacking = error == EPERM || error == EACCES || error == ENOSYS || error == ENODEV || error == EINVAL;
  if (lacking) out.code = Code::unsupported;
  return tl::unexpected(std::move(out));
}

Result<void> set_attributes(const std::string& path, unsigned flags, std::uint64_t set, std::uint64_t clear) {
  mount_attr attributes{};
  attributes.attr_set = set;
  attributes.attr_clr = clear;
  if (syscall(SYS_mount_setattr, AT_FDCWD, path.c_str(), flags, &attributes, sizeof attributes) == 0) return {};
  return refused(set != 0 ? "make read-only" : "make writable", path);
}

Result<void> make_link(const char* target, const std::string& path) {
  if (symlink(target, path.c_str()) == 0 || errno == EEXIST) return {};
  return tl::unexpected(io::system_error("link", path));
}

Result<void> fill_devices(const std::string& path, const std::vector<io::Fd>& nodes) {
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const std::string node = path + "/" + kDevices[i];
    if (!nodes[i]) continue;
    const io::Fd made(open(node.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    if (!made) return tl::unexpected(io::system_error("create", node));
    if (auto bound = bind_mount("/proc/self/fd/" + std::to_string(nodes[i].get()), node); !bound) return bound;
  }
  for (const char* folder : {"/pts", "/shm"}) {
    if (auto made = make_dirs(path + folder); !made) return made;
  }
  if (auto mounted = mount_kind("devpts", path + "/pts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620");
      !mounted) {
    return mounted;
  }
  if (auto mounted = mount_tmpfs(path + "/shm", 01777); !mounted) return mounted;
  const std::pair<const char*, const char*> links[] = {{"pts/ptmx", "/ptmx"},
                                                       {"/proc/self/fd", "/fd"},
                                                       {"/proc/self/fd/0", "/stdin"},
                                                       {"/proc/self/fd/1", "/stdout"},
                                                       {"/proc/self/fd/2", "/stderr"}};
  for (const auto& [target, name] : links) {
    if (auto made = make_link(target, path + name); !made) return made;
  }
  return {};
}

}  // namespace

Result<void> leave_mount_namespace() {
  if (unshare(CLONE_NEWNS) != 0) return refused("make", "a mount namespace");
  return keep_mounts_private();
}

Result<void> keep_mounts_private() {
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0) return {};
  return refused("make private", "the mounts of a namespace");
}

Result<void> bind_mount(const std::string& from, const std::string& to) {
  if (mount(from.c_str(), to.c_str(), nullptr, MS_BIND, nullptr) == 0) return {};
  return refused("bind", from + " to " + to);
}

Result<void> mount_kind(const char* type, const std::string& path, unsigned long flags, const std::string& options) {
  if (mount(type, path.c_str(), type, flags, options.c_str()) == 0) return {};
  return refused(std::string("mount a file system of type ") + type + " at", path);
}

Result<void> mount_tmpfs(const std::string& path, mode_t mode) {
  std::array<char, 32> options{};
  std::snprintf(options.data(), options.size(), "mode=%o", mode);
  return mount_kind("tmpfs", path, MS_NOSUID | MS_NODEV, options.data());
}

Result<void> make_read_only(const std::string& path) { return set_attributes(path, 0, MOUNT_ATTR_RDONLY, 0); }
Result<void> make_tree_read_only(const std::string& path) {
  return set_attributes(path, AT_RECURSIVE, MOUNT_ATTR_RDONLY, 0);
}
Result<void> make_writable(const std::string& path) { return set_attributes(path, 0, 0, MOUNT_ATTR_RDONLY); }

Result<void> make_dirs(const std::string& path) {
  for (auto slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    const bool made = mkdir(part.c_str(), 0755) == 0;
    if (!made && errno != EEXIST) return tl::unexpected(io::system_error("create", part));
    if (made && chmod(part.c_str(), 0755) != 0) return tl::unexpected(io::system_error("set the mode of", part));
    if (slash == std::string::npos) return {};
  }
}

Result<void> make_devices(const std::string& path) {
  std::vector<io::Fd> nodes;  // opened first: `path` may hide them
  for (const char* each : kDevices) nodes.emplace_back(open((std::string("/dev/") + each).c_str(), O_PATH | O_CLOEXEC));
  if (auto mounted = mount_kind("tmpfs", path, MS_NOSUID, "mode=755"); !mounted) return mounted;
  return fill_devices(path, nodes);
}

Result<void> drop_capabilities(std::initializer_list<int> capabilities) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  if (syscall(SYS_capget, &header, data) != 0) return refused("read", "capabilities");
  for (const int each : capabilities) {
    // The bounding set is what a root program gets anew with each exec.
    if (prctl(PR_CAPBSET_READ, each, 0, 0, 0) == 1 && prctl(PR_CAPBSET_DROP, each, 0, 0, 0) != 0) {
      return refused("drop", "capability " + std::to_string(each));
    }
    auto& word = data[each / 32];
    const auto bit = 1U << (each % 32);
    word.effective &= ~bit;
    word.permitted &= ~bit;
    word.inheritable &= ~bit;
  }
  if (syscall(SYS_capset, &header, data) != 0) return refused("drop", "capabilities");
  return {};
}

}  // namespace prov::agent
