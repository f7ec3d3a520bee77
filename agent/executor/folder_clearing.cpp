#include "agent/executor/folder_clearing.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/executor/step_dir.h"

namespace prov::agent {
namespace {

constexpr std::size_t kMostEmpty = 64;  // as many small steps as a host begins before the first of them is forgotten

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
  const io::Fd dir(openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  return dir && is_as_made(dir.get(), S_IFDIR | 0700) && make_work_anew(dir) &&
         empty_dir(dir, {"work", kStepFile, kOutputFile}) && empty_file(dir, kStepFile) && empty_file(dir, kOutputFile);
}

}  // namespace

struct FolderClearing::State {
  struct Folder {
    std::string name;
    bool to_keep;
  };

  explicit State(io::Fd parent) : dir(std::move(parent)) {}

  void clear_all() {
    for (std::unique_lock lock(mutex);;) {
      if (closed || waiting.empty()) {
        posted = false;
        return;
      }
      const Folder folder = waiting.front();  // which stays the first, so that it is known
      const bool to_keep = folder.to_keep && empty.size() < kMostEmpty;
      lock.unlock();
      const bool kept = to_keep && empty_folder(dir.get(), folder.name);
      if (!kept) static_cast<void>(io::remove_tree_at(dir.get(), folder.name));
      lock.lock();
      waiting.pop_front();
      if (kept) empty.push_back(folder.name);
    }
  }

  const io::Fd dir;
  std::mutex mutex;
  std::deque<Folder> waiting;
  std::vector<std::string> empty;
  bool posted = false, closed = false;
};

FolderClearing::FolderClearing(io::Fd dir, Executor& executor)
    : state_(std::make_shared<State>(std::move(dir))), executor_(&executor) {}

FolderClearing::~FolderClearing() {
  if (!state_) return;  // moved from
  const std::lock_guard lock(state_->mutex);
  state_->closed = true;
}

void FolderClearing::remove(std::string name) { add(std::move(name), false); }

void FolderClearing::empty(std::string name) { add(std::move(name), true); }

void FolderClearing::add(std::string name, bool to_keep) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->waiting.push_back({std::move(name), to_keep});
    if (std::exchange(state_->posted, true)) return;
  }
  executor_->post([state = state_] { state->clear_all(); });
}

std::optional<std::string> FolderClearing::take() {
  const std::lock_guard lock(state_->mutex);
  if (state_->empty.empty()) return std::nullopt;
  std::string name = std::move(state_->empty.back());
  state_->empty.pop_back();
  return name;
}

bool FolderClearing::has(const std::string& name) const {
  const std::lock_guard lock(state_->mutex);
  const auto is_it = [&](const State::Folder& folder) { return folder.name == name; };
  return std::any_of(state_->waiting.begin(), state_->waiting.end(), is_it) ||
         std::find(state_->empty.begin(), state_->empty.end(), name) != state_->empty.end();
}

}  // namespace prov::agent
