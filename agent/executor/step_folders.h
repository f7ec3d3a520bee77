#pragma once
// Where the folders of this host's steps are made, found and given up (what is in one: agent/executor/step_dir.h). A
// small step costs a file system more than anybody else, so the folder of a step that has left nothing behind is
// emptied and becomes another step's, all but its work/, which is made anew.
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "agent/executor/folder_clearing.h"
#include "agent/step/step.h"
#include "common/io/posix/files.h"
#include "common/result.h"

namespace prov::agent {

class StepFolders {
 public:
  // Made when missing; must be private. `clearing` does what takes long, and has to outlive this.
  static Result<StepFolders> open(std::string path, Executor& clearing);

  std::string path_of(const StepId& step) const;
  const io::Fd& dir() const { return dir_; }
  bool contains(const StepId& step) const { return known_.contains(step); }

  // A folder with an empty work/ in it. Code::conflict: there is one of that name, so the step was begun before.
  Result<io::Fd> make(const StepId& step);
  io::Fd find(const StepId& step);  // none: there is no such folder

  // REQUIRES: its supervisor has let go of it, and every child of the step is gone.
  void left_nothing(const StepId& step);

  // From now on there is none of that name; what is in it goes when the executor has come to it. An unknown one is
  // fine.
  void remove(const StepId& step);

  // Removes the folders that `keep` does not want, after a crash.
  void sweep(const std::function<bool(const std::string& name)>& keep);

 private:
  enum class Use { once, again };  // again: left_nothing() was said of it

  StepFolders(std::string path, io::Fd dir, FolderClearing clearing)
      : path_(std::move(path)), dir_(std::move(dir)), clearing_(std::move(clearing)) {}
  Result<io::Fd> make_anew(const std::string& name);
  void give_up(const std::string& name, Use use);

  std::string path_;
  io::Fd dir_;
  FolderClearing clearing_;
  std::map<StepId, Use> known_;
  std::uint64_t next_number_ = 0;
};

}  // namespace prov::agent
