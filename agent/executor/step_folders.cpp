#include "agent/executor/step_folders.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string_view>

#include "agent/executor/step_dir.h"

namespace prov::agent {
namespace {

constexpr std::string_view kSparePrefix = "spare-", kGonePrefix = "gone-";

io::Fd open_dir(int parent, const std::string& name) {
  return io::Fd(openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

// A hint to ext4 ("top of directory hierarchies"), which others do not know: folders in it are not related. Each then
// has its own part of the disk's table of inodes; in a common one, ext4 without a journal looks at all that were
// deleted in the last minutes before it makes another.
void spread_apart(const io::Fd& dir) {
  int flags = 0;
  if (ioctl(dir.get(), FS_IOC_GETFLAGS, &flags) != 0 || (flags & FS_TOPDIR_FL) != 0) return;
  flags |= FS_TOPDIR_FL;
  static_cast<void>(ioctl(dir.get(), FS_IOC_SETFLAGS, &flags));
}

}  // namespace

Result<StepFolders> StepFolders::open(std::string path, Executor& clearing) {
  auto dir = io::make_private_dir(path);
  if (!dir) return tl::unexpected(dir.error());
  auto names = io::list_dir(dir->get());
  if (!names) return tl::unexpected(names.error());
  io::Fd same(fcntl(dir->get(), F_DUPFD_CLOEXEC, 0));
  if (!same) return tl::unexpected(io::system_error("open", path));
  spread_apart(*dir);
  StepFolders out(std::move(path), std::move(*dir), FolderClearing(std::move(same), clearing));
  for (const std::string& name : *names) {
    if (const auto step = parse_step_dir_name(name)) out.known_.emplace(*step, Use::once);
    // A spare of the agent before may not have been emptied to its end.
    if (name.starts_with(kSparePrefix) || name.starts_with(kGonePrefix))
      static_cast<void>(io::remove_tree_at(out.dir_.get(), name));
  }
  return out;
}

std::string StepFolders::path_of(const StepId& step) const { return path_ + "/" + step_dir_name(step); }

Result<io::Fd> StepFolders::make(const StepId& step) {
  const std::string name = step_dir_name(step);
  while (const auto spare = clearing_.take()) {
    if (renameat2(dir_.get(), spare->c_str(), dir_.get(), name.c_str(), RENAME_NOREPLACE) == 0) {
      known_.emplace(step, Use::once);
      if (io::Fd dir = open_dir(dir_.get(), name)) return dir;
      const Error error = io::system_error("open", name);
      remove(step);
      return tl::unexpected(error);
    }
    if (errno != EEXIST) {
      clearing_.remove(*spare);
      continue;
    }
    const Error error = io::system_error("create", name);
    clearing_.empty(*spare);  // nothing is wrong with it
    return tl::unexpected(error);
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
  const auto it = known_.find(step);
  if (it == known_.end()) return;
  give_up(step_dir_name(step), it->second);
  known_.erase(it);
}

// The name goes first: after a crash in between nobody takes it for the step's.
void StepFolders::give_up(const std::string& name, Use use) {
  std::string now(use == Use::again ? kSparePrefix : kGonePrefix);
  now += std::to_string(next_number_++);
  if (renameat2(dir_.get(), name.c_str(), dir_.get(), now.c_str(), RENAME_NOREPLACE) != 0) {
    static_cast<void>(io::remove_tree_at(dir_.get(), name));
  } else if (use == Use::again) {
    clearing_.empty(std::move(now));
  } else {
    clearing_.remove(std::move(now));
  }
}

void StepFolders::sweep(const std::function<bool(const std::string& name)>& keep) {
  const auto names = io::list_dir(dir_.get());
  if (!names) return;
  for (const std::string& name : *names) {
    if (clearing_.has(name) || keep(name)) continue;
    if (const auto step = parse_step_dir_name(name)) known_.erase(*step);
    give_up(name, Use::once);
  }
}

}  // namespace prov::agent
