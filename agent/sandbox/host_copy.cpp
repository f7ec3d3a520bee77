#include "agent/sandbox/host_copy.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <memory>

#include "agent/sandbox/mount_table.h"
#include "agent/sandbox/mounts.h"
#include "agent/sandbox/network.h"

namespace prov::agent {
namespace {

constexpr const char* kReplaced[] = {"/proc", "/sys", "/dev", "/run", "/tmp"};
constexpr const char* kProtected[] = {"sys", "sysrq-trigger", "irq", "bus", "fs"};  // of /proc: act on the machine
constexpr std::size_t kMaxLayers = 64;
constexpr std::size_t kMaxCopiedBytes = 16 << 20;
constexpr std::size_t kMaxMountInfo = 4 << 20;
constexpr int kBaseDirFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

// Whether a path leads to this mount and not to one that hides it.
bool is_visible(const Mount& mount, mode_t& mode) {
  struct statx info {};
  constexpr int kFlags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
  if (statx(AT_FDCWD, mount.point.c_str(), kFlags, STATX_TYPE | STATX_MNT_ID, &info) != 0) return false;
  mode = info.stx_mode;
  return (info.stx_mask & STATX_MNT_ID) != 0 && info.stx_mnt_id == mount.id;
}

bool is_folder(const std::string& path) {
  struct stat info {};
  return lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

Result<void> copy_file(const std::string& from, const std::string& to) {
  auto bytes = io::read_file(from, kMaxCopiedBytes);
  if (!bytes) return tl::unexpected(bytes.error());
  struct stat info {};
  const io::Fd fd(open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd || stat(from.c_str(), &info) != 0) return tl::unexpected(io::system_error("copy", from));
  if (auto written = io::write_all(fd.get(), *bytes); !written) return written;
  if (fchown(fd.get(), info.st_uid, info.st_gid) != 0 || fchmod(fd.get(), info.st_mode & 07777) != 0) {
    return tl::unexpected(io::system_error("copy", from));
  }
  return {};
}

Result<void> touch(const std::string& path) {
  if (io::Fd(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600))) return {};
  return tl::unexpected(io::system_error("create", path));
}

}  // namespace

Result<std::string> real_path(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> out(realpath(path.c_str(), nullptr), free);
  if (!out) return tl::unexpected(io::system_error("find", path));
  return std::string(out.get());
}

Result<HostCopy> HostCopy::build(const HostPlaces& places) {
  HostCopy out(places);
  out.base_ = places.step + "/host";
  out.root_ = out.base_ + "/stage/root";
  using Part = Result<void> (HostCopy::*)();
  for (const Part part : {&HostCopy::stage, &HostCopy::add_mounts, &HostCopy::add_own_parts,
                          &HostCopy::add_kernel_parts, &HostCopy::add_step, &HostCopy::add_resolver}) {
    if (auto made = (out.*part)(); !made) return tl::unexpected(made.error());
  }
  if (!out.root_read_only_) return out;
  if (auto made = make_read_only(out.root_); !made) return tl::unexpected(made.error());
  return out;
}

Result<void> HostCopy::stage() {
  if (auto made = keep_mounts_private(); !made) return made;
  for (const char* each : {"", "/disk", "/stage"}) {
    if (auto made = make_dirs(base_ + each); !made) return made;
  }
  if (auto mounted = mount_tmpfs(base_ + "/stage", 0700); !mounted) return mounted;
  for (const char* each : {"/stage/before", "/stage/files", "/stage/root"}) {
    if (auto made = make_dirs(base_ + each); !made) return made;
  }
  // Overlays name their folders relative to this one: nothing in a path can be taken for an option then.
  if (chdir(base_.c_str()) != 0) return tl::unexpected(io::system_error("enter", base_));
  return {};
}

bool HostCopy::replaced(const std::string& path) const {
  const auto holds = [&](const std::string& folder) { return is_beneath(path, folder); };
  return holds(places_.state) || std::any_of(std::begin(kReplaced), std::end(kReplaced), holds);
}

Result<void> HostCopy::add_mounts() {
  auto table = io::read_file("/proc/self/mountinfo", kMaxMountInfo);
  if (!table) return tl::unexpected(table.error());
  auto mounts = parse_mounts(*table);
  // The others lie on the root, wherever it stands in the table.
  std::stable_partition(mounts.begin(), mounts.end(), [](const Mount& mount) { return mount.point == "/"; });
  for (const Mount& mount : mounts) {
    if (auto added = add_mount(mount); !added) return added;
  }
  if (layers_.empty()) return fail(Code::unsupported, "the root of this host is no file system of this machine");
  return {};
}

Result<void> HostCopy::add_mount(const Mount& mount) {
  const auto hides = [&](const std::string& point) { return is_beneath(mount.point, point); };
  if (replaced(mount.point) || std::any_of(left_out_.begin(), left_out_.end(), hides)) return {};
  const Treatment treatment = treatment_of(mount);
  if (treatment == Treatment::left_out && mount.point != "/") {
    left_out_.push_back(mount.point);
    incomplete_.push_back(mount.point + " was not there: it is of type " + mount.type);
  }
  mode_t mode = 0;
  if (treatment != Treatment::layer || !is_visible(mount, mode)) return {};
  if (S_ISREG(mode)) return add_file(mount.point);
  if (!S_ISDIR(mode) || !is_folder(root_ + mount.point)) return {};
  if (layers_.size() >= kMaxLayers) {
    incomplete_.push_back(mount.point + " was not there: more file systems are mounted than can be rehearsed");
    return {};
  }
  if (mount.point == "/") root_read_only_ = mount.read_only;
  if (mount.point == "/" || !mount.read_only) {
    auto added = add_layer(mount.point);
    if (added || mount.point == "/") return added;
    // Not every file system can be the lower part of an overlay; then nothing can be written there.
    incomplete_.push_back(mount.point + " was read-only: " + added.error().message);
  }
  if (auto bound = bind_mount(mount.point, root_ + mount.point); !bound) return bound;
  return make_read_only(root_ + mount.point);
}

Result<void> HostCopy::add_layer(const std::string& point) {
  const std::string number = std::to_string(layers_.size());
  const std::string before = base_ + "/stage/before/" + number;
  if (auto made = make_dirs(before); !made) return made;
  if (auto bound = bind_mount(point, before); !bound) return bound;
  auto made = overlay(point, number, store_);
  if (!made && layers_.empty() && store_ == "disk") {  // the first tells whether the disk can carry it
    store_ = "stage";
    made = overlay(point, number, store_);
  }
  if (!made) return made;
  io::Fd before_fd(open(before.c_str(), kBaseDirFlags));
  io::Fd upper_fd(open((base_ + "/" + store_ + "/" + number + "/upper").c_str(), kBaseDirFlags));
  if (!before_fd || !upper_fd) return tl::unexpected(io::system_error("open the layer of", point));
  layers_.push_back({point, std::move(before_fd), std::move(upper_fd)});
  return {};
}

Result<void> HostCopy::overlay(const std::string& point, const std::string& number, const std::string& store) {
  const std::string keep = store + "/" + number;
  struct stat info {};
  for (const char* each : {"/upper", "/work"}) {
    if (auto made = make_dirs(base_ + "/" + keep + each); !made) return made;
  }
  // The folder that is seen is the upper one, so it has to look like the one below.
  const std::string upper = base_ + "/" + keep + "/upper";
  if (stat(point.c_str(), &info) != 0 || chown(upper.c_str(), info.st_uid, info.st_gid) != 0 ||
      chmod(upper.c_str(), info.st_mode & 07777) != 0) {
    return tl::unexpected(io::system_error("copy the owner of", point));
  }
  // Without these two a changed file or folder may be no more than a note about where the rest of it lies.
  const std::string options = "lowerdir=stage/before/" + number + ",upperdir=" + keep + "/upper,workdir=" + keep +
                              "/work,redirect_dir=off,metacopy=off,index=off";
  const std::string target = root_ + (point == "/" ? "" : point);
  // What is written need not reach the disk; kernels before 5.10 cannot be told. The last is for user namespaces.
  Result<void> made;
  for (const char* more : {",volatile", "", ",userxattr"}) {
    made = mount_kind("overlay", target, MS_NODEV, options + more);
    if (made) return made;
  }
  return made;
}

Result<void> HostCopy::add_file(const std::string& path) {
  const std::string copy = base_ + "/stage/files/" + std::to_string(files_.size());
  const std::string target = root_ + path;
  if (access(target.c_str(), F_OK) != 0) return {};
  if (auto copied = copy_file(path, copy); !copied) {
    incomplete_.push_back(path + " was not there: " + copied.error().message);
    return {};
  }
  CopiedFile file{path, io::Fd(open(path.c_str(), O_RDONLY | O_CLOEXEC)),
                  io::Fd(open(copy.c_str(), O_RDONLY | O_CLOEXEC))};
  if (!file.before || !file.after) return tl::unexpected(io::system_error("open", path));
  files_.push_back(std::move(file));
  return bind_mount(copy, target);
}

Result<void> HostCopy::add_own_parts() {
  if (is_folder(root_ + "/run")) {
    if (auto mounted = mount_tmpfs(root_ + "/run", 0755); !mounted) return mounted;
    if (mkdir((root_ + "/run/lock").c_str(), 0755) != 0 || chmod((root_ + "/run/lock").c_str(), 01777) != 0) {
      return tl::unexpected(io::system_error("create", "/run/lock"));
    }
  } else {
    return fail(Code::unsupported, "this host has no /run");
  }
  if (!is_folder(root_ + "/tmp")) return {};
  return mount_tmpfs(root_ + "/tmp", 01777);
}

Result<void> HostCopy::add_kernel_parts() {
  const std::string proc = root_ + "/proc";
  if (auto mounted = mount_kind("proc", proc, MS_NOSUID | MS_NODEV | MS_NOEXEC, ""); !mounted) return mounted;
  for (const char* each : kProtected) {
    const std::string part = proc + "/" + each;
    if (access(part.c_str(), F_OK) != 0) continue;
    if (auto bound = bind_mount(part, part); !bound) return bound;
    if (auto made = make_read_only(part); !made) return made;
  }
  if (is_folder("/sys") && is_folder(root_ + "/sys")) {
    if (auto bound = bind_mount("/sys", root_ + "/sys"); !bound) return bound;
    if (auto made = make_read_only(root_ + "/sys"); !made) return made;
  }
  return make_devices(root_ + "/dev");
}

Result<void> HostCopy::add_step() {
  if (is_folder(root_ + places_.state)) {
    if (auto mounted = mount_tmpfs(root_ + places_.state, 0700); !mounted) return mounted;
  }
  if (auto made = make_dirs(root_ + places_.work); !made) return made;
  if (auto bound = bind_mount(places_.work, root_ + places_.work); !bound) return bound;
  const std::string program = root_ + places_.program;
  if (access(program.c_str(), X_OK) == 0) return {};
  if (auto made = make_dirs(program.substr(0, program.rfind('/'))); !made) return made;
  if (auto made = touch(program); !made) return made;
  return bind_mount(places_.program, program);
}

// Where the list of name servers is a link into /run, what it names comes along.
Result<void> HostCopy::add_resolver() {
  const auto path = real_path("/etc/resolv.conf");
  if (!path || !is_beneath(*path, "/run")) return {};
  if (auto made = make_dirs(root_ + path->substr(0, path->rfind('/'))); !made) return made;
  return copy_file(*path, root_ + *path);
}

Result<void> HostCopy::enter() const {
  const std::string outside = std::string(kRehearsalRun) + "/outside";
  if (auto made = make_dirs(root_ + outside); !made) return made;
  if (chdir(root_.c_str()) != 0 || syscall(SYS_pivot_root, ".", outside.c_str() + 1) != 0 || chdir("/") != 0) {
    return tl::unexpected(io::system_error("enter", "the copy of this host"));
  }
  if (umount2(outside.c_str(), MNT_DETACH) != 0 || rmdir(outside.c_str()) != 0) {
    return tl::unexpected(io::system_error("leave", "the host"));
  }
  return {};
}

void HostCopy::add_difference_to(RehearsalReport& report) const {
  for (const Layer& layer : layers_) add_difference(layer, report);
  for (const CopiedFile& file : files_) add_difference(file, report);
  report.incomplete.insert(report.incomplete.begin(), incomplete_.begin(), incomplete_.end());
}

}  // namespace prov::agent
