#include "agent/executor/step_folders.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string_view>

#include "agent/executor/step_dir.h"

namespace prov::agent {
namespace {

constexpr std::size_t kMostSpares = 64;  // as many small steps as a host begins before the first of them is forgotten
constexpr std::string_view kSparePrefix = "spare-";

io::Fd open_dir(int parent, const std::string& name) {
  return io::Fd(openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

// Nobody has given it attributes or access lists. A label of the system's own every folder has, this one's is old.
bool has_no_attributes(int fd) {
  constexpr std::string_view kLabel{"security.selinux\0", 17};
  char names[64];
  const ssize_t n = flistxattr(fd, names, sizeof names);
  return n == 0 || (n < 0 && errno == ENOTSUP) ||
         (n > 0 && std::string_view(names, static_cast<std::size_t>(n)) == kLabel);
}

bool is_as_made(int fd, mode_t mode) {
  struct stat info {};
  return fstat(fd, &info) == 0 && info.st_mode == mode && info.st_uid == geteuid() &&
         (S_ISDIR(mode) || info.st_nlink == 1) && has_no_attributes(fd);
}

bool empty_dir(const io::Fd& dir, const std::vector<std::string>& but) {
  const auto names = io::list_dir(dir.get());
  return names && std::all_of(names->begin(), names->end(), [&](const std::string& name) {
           return std::find(but.begin(), but.end(), name) != but.end() || io::remove_tree_at(dir.get(), name);
         });
}

bool empty_file(const io::Fd& dir, const char* name) {
  const io::Fd file(openat(dir.get(), name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file) return errno == ENOENT;
  return is_as_made(file.get(), S_IFREG | 0600) && flock(file.get(), LOCK_EX | LOCK_NB) == 0 &&
         ftruncate(file.get(), 0) == 0;
}

// Whoever is no child of the step's supervisor may still have its work/: a container that it was mounted into, a mount
// of it elsewhere, a process that the host's init started there. So that one goes, and they keep what has no name; on
// one that is mounted upon, or cannot be removed, the whole folder goes.
bool make_work_anew(const io::Fd& dir) {
  const auto work = io::open_dir_at(dir.get(), "work");
  return work && empty_dir(*work, {}) && unlinkat(dir.get(), "work", AT_REMOVEDIR) == 0 &&
         mkdirat(dir.get(), "work", 0700) == 0;
}

bool empty_folder(int parent, const std::string& name) {
  const io::Fd dir = open_dir(parent, name);
  return dir && is_as_made(dir.get(), S_IFDIR | 0700) && make_work_anew(dir) &&
         empty_dir(dir, {"work", kStepFile, kOutputFile}) && empty_file(dir, kStepFile) && empty_file(dir, kOutputFile);
}

}  // namespace

Result<StepFolders> StepFolders::open(std::string path) {
  auto dir = io::make_private_dir(path);
  if (!dir) return tl::unexpected(dir.error());
  auto names = io::list_dir(dir->get());
  if (!names) return tl::unexpected(names.error());
  StepFolders out(std::move(path), std::move(*dir));
  for (const std::string& name : *names) {
    if (const auto step = parse_step_dir_name(name)) out.known_.emplace(*step, Use::once);
    // A spare of the agent before may not have been emptied to its end.
    if (name.starts_with(kSparePrefix)) static_cast<void>(io::remove_tree_at(out.dir_.get(), name));
  }
  return out;
}

std::string StepFolders::path_of(const StepId& step) const { return path_ + "/" + step_dir_name(step); }

Result<io::Fd> StepFolders::make(const StepId& step) {
  const std::string name = step_dir_name(step);
  while (!spares_.empty()) {
    if (renameat2(dir_.get(), spares_.back().c_str(), dir_.get(), name.c_str(), RENAME_NOREPLACE) == 0) {
      spares_.pop_back();
      known_.emplace(step, Use::once);
      if (io::Fd dir = open_dir(dir_.get(), name)) return dir;
      const Error error = io::system_error("open", name);
      remove(step);
      return tl::unexpected(error);
    }
    if (errno == EEXIST) return tl::unexpected(io::system_error("create", name));
    static_cast<void>(io::remove_tree_at(dir_.get(), spares_.back()));
    spares_.pop_back();
  }
  auto dir = make_anew(name);
  if (dir) known_.emplace(step, Use::once);
  return dir;
}

Result<io::Fd> StepFolders::make_anew(const std::string& name) {
  auto dir = io::make_new_dir_at(dir_.get(), name);
  if (!dir || mkdirat(dir->get(), "work", 0700) == 0) return dir;
  const Error error = io::system_error("create", name + "/work");
  static_cast<void>(io::remove_tree_at(dir_.get(), name));
  return fail(Code::io, error.message);  // never Code::conflict: nothing was begun
}

io::Fd StepFolders::find(const StepId& step) {
  io::Fd dir = open_dir(dir_.get(), step_dir_name(step));
  if (dir) known_.emplace(step, Use::once);
  return dir;
}

void StepFolders::left_nothing(const StepId& step) {
  if (const auto it = known_.find(step); it != known_.end()) it->second = Use::again;
}

void StepFolders::remove(const StepId& step) {
  if (const auto it = known_.find(step); it != known_.end()) {
    remove(step, it->second);
    known_.erase(it);
  }
}

void StepFolders::forget(const StepId& step) {
  if (const auto it = known_.find(step); it != known_.end()) {
    forgotten_.emplace_back(step, it->second);
    known_.erase(it);
  }
}

bool StepFolders::remove_forgotten(std::size_t at_most) {
  for (std::size_t i = 0; i < at_most && !forgotten_.empty(); ++i) {
    remove(forgotten_.front().first, forgotten_.front().second);
    forgotten_.pop_front();
  }
  return !forgotten_.empty();
}

void StepFolders::remove(const StepId& step, Use use) {
  const std::string name = step_dir_name(step);
  if (use == Use::again && spares_.size() < kMostSpares && make_spare(name)) return;
  static_cast<void>(io::remove_tree_at(dir_.get(), name));
}

// The name goes first: after a crash in between nobody takes it for the step's.
bool StepFolders::make_spare(const std::string& name) {
  std::string spare = std::string(kSparePrefix) + std::to_string(next_spare_++);
  if (renameat2(dir_.get(), name.c_str(), dir_.get(), spare.c_str(), RENAME_NOREPLACE) != 0) return false;
  if (empty_folder(dir_.get(), spare)) {
    spares_.push_back(std::move(spare));
  } else {
    static_cast<void>(io::remove_tree_at(dir_.get(), spare));
  }
  return true;
}

void StepFolders::sweep(const std::function<bool(const std::string& name)>& keep) {
  const auto names = io::list_dir(dir_.get());
  if (!names) return;
  for (const std::string& name : *names) {
    if (std::find(spares_.begin(), spares_.end(), name) != spares_.end() || keep(name)) continue;
    static_cast<void>(io::remove_tree_at(dir_.get(), name));
    if (const auto step = parse_step_dir_name(name)) known_.erase(*step);
  }
}

}  // namespace prov::agent
