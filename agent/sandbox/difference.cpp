#include "agent/sandbox/difference.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <vector>

namespace prov::agent {
namespace {

constexpr int kDirFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr int kFileFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
constexpr int kMaxDepth = 200;  // each level holds two descriptors
constexpr std::size_t kChunk = 64 << 10;

using Status = struct stat;

std::optional<Status> status_of(int dir_fd, const std::string& name) {
  Status out{};
  if (dir_fd < 0 || fstatat(dir_fd, name.c_str(), &out, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  return out;
}

// How overlayfs says that something below is gone.
bool is_whiteout(const Status& status) { return S_ISCHR(status.st_mode) && status.st_rdev == 0; }

bool is_opaque(int dir_fd) {  // what is below a folder like this is gone
  char value = 0;
  return (fgetxattr(dir_fd, "trusted.overlay.opaque", &value, 1) == 1 && value == 'y') ||
         (fgetxattr(dir_fd, "user.overlay.opaque", &value, 1) == 1 && value == 'y');
}

char kind_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR: return 'd';
    case S_IFLNK: return 'l';
    case S_IFIFO: return 'p';
    case S_IFSOCK: return 's';
    case S_IFCHR: return 'c';
    case S_IFBLK: return 'b';
    default: return 'f';
  }
}

FileChange change_of(Change change, const std::string& path, const Status& status) {
  const bool has_size = S_ISREG(status.st_mode);
  return {change,
          path,
          kind_of(status.st_mode),
          status.st_mode & 07777,
          status.st_uid,
          status.st_gid,
          has_size ? static_cast<std::uint64_t>(status.st_size) : 0};
}

std::size_t read_chunk(int fd, std::array<char, kChunk>& to, off_t at) {
  std::size_t got = 0;
  while (got < to.size()) {
    const ssize_t n = pread(fd, to.data() + got, to.size() - got, at + static_cast<off_t>(got));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    got += static_cast<std::size_t>(n);
  }
  return got;
}

bool same_content(int one_fd, int other_fd) {
  static std::array<char, kChunk> one, other;  // this process has one thread
  for (off_t at = 0;; at += static_cast<off_t>(kChunk)) {
    const std::size_t n = read_chunk(one_fd, one, at);
    if (n != read_chunk(other_fd, other, at) || !std::equal(one.begin(), one.begin() + n, other.begin())) return false;
    if (n < kChunk) return true;
  }
}

std::string link_target(int dir_fd, const std::string& name) {
  std::array<char, 4096> out{};
  const ssize_t n = readlinkat(dir_fd, name.c_str(), out.data(), out.size());
  return n > 0 ? std::string(out.data(), static_cast<std::size_t>(n)) : std::string();
}

bool same_look(const Status& one, const Status& other) {
  return one.st_mode == other.st_mode && one.st_uid == other.st_uid && one.st_gid == other.st_gid;
}

class Walk {
 public:
  explicit Walk(RehearsalReport& report) : report_(report) {}

  void folder(int upper_fd, int before_fd, const std::string& path, bool opaque, int depth) {
    const auto names = names_in(upper_fd, path, depth);
    for (const std::string& name : names) entry(upper_fd, before_fd, path, name, depth);
    if (!opaque || before_fd < 0) return;
    for (const std::string& name : names_in(before_fd, path, depth)) {
      if (!std::binary_search(names.begin(), names.end(), name)) gone(before_fd, name, path + "/" + name, depth);
    }
  }

 private:
  void entry(int upper_fd, int before_fd, const std::string& folder_path, const std::string& name, int depth) {
    const std::string path = folder_path + "/" + name;
    const auto now = status_of(upper_fd, name), then = status_of(before_fd, name);
    if (!now) return;
    if (is_whiteout(*now)) {
      if (then) gone(before_fd, name, path, depth);
      return;
    }
    const bool was_folder = then && S_ISDIR(then->st_mode), is_folder = S_ISDIR(now->st_mode);
    if (!then || !same(upper_fd, before_fd, name, *now, *then)) {
      report_.files.add(change_of(then ? Change::changed : Change::added, path, *now));
    }
    if (was_folder && !is_folder) gone_within(before_fd, name, path, depth);
    if (!is_folder) return;
    const io::Fd upper(openat(upper_fd, name.c_str(), kDirFlags));
    const io::Fd before(was_folder ? openat(before_fd, name.c_str(), kDirFlags) : -1);
    if (!upper) return incomplete(path, io::system_error("open", path).message);
    folder(upper.get(), before.get(), path, is_opaque(upper.get()), depth + 1);
  }

  bool same(int upper_fd, int before_fd, const std::string& name, const Status& now, const Status& then) {
    if (!same_look(now, then)) return false;
    if (S_ISLNK(now.st_mode)) return link_target(upper_fd, name) == link_target(before_fd, name);
    if (S_ISCHR(now.st_mode) || S_ISBLK(now.st_mode)) return now.st_rdev == then.st_rdev;
    if (!S_ISREG(now.st_mode)) return true;
    if (now.st_size != then.st_size) return false;
    const io::Fd one(openat(upper_fd, name.c_str(), kFileFlags)), other(openat(before_fd, name.c_str(), kFileFlags));
    return one && other && same_content(one.get(), other.get());
  }

  void gone(int before_fd, const std::string& name, const std::string& path, int depth) {
    const auto then = status_of(before_fd, name);
    if (!then) return;
    report_.files.add(change_of(Change::removed, path, *then));
    if (S_ISDIR(then->st_mode)) gone_within(before_fd, name, path, depth);
  }
  void gone_within(int before_fd, const std::string& name, const std::string& path, int depth) {
    const io::Fd before(openat(before_fd, name.c_str(), kDirFlags));
    if (!before) return;
    for (const std::string& each : names_in(before.get(), path, depth)) {
      gone(before.get(), each, path + "/" + each, depth + 1);
    }
  }

  std::vector<std::string> names_in(int dir_fd, const std::string& path, int depth) {
    if (depth > kMaxDepth) {
      incomplete(path, "it lies too deep to be compared");
      return {};
    }
    auto names = io::list_dir(dir_fd);
    if (names) return std::move(*names);
    incomplete(path, names.error().message);
    return {};
  }
  void incomplete(const std::string& path, const std::string& why) {
    if (report_.incomplete.size() < kMaxListedNames) report_.incomplete.push_back(path + ": " + why);
  }

  RehearsalReport& report_;
};

}  // namespace

void add_difference(const Layer& layer, RehearsalReport& report) {
  const std::string prefix = layer.point == "/" ? "" : layer.point;
  Status now{}, then{};
  const bool known = fstat(layer.upper.get(), &now) == 0 && fstat(layer.before.get(), &then) == 0;
  if (known && !same_look(now, then)) report.files.add(change_of(Change::changed, layer.point, now));
  Walk(report).folder(layer.upper.get(), layer.before.get(), prefix, false, 0);
}

void add_difference(const CopiedFile& file, RehearsalReport& report) {
  Status now{}, then{};
  if (fstat(file.after.get(), &now) != 0 || fstat(file.before.get(), &then) != 0) return;
  if (same_look(now, then) && same_content(file.before.get(), file.after.get())) return;
  report.files.add(change_of(Change::changed, file.path, now));
}

}  // namespace prov::agent
