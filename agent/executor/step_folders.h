#pragma once
// Where the folders of this host's steps are made, found and removed (what is in one: agent/executor/step_dir.h). A
// small step costs a file system more than anybody else, so the folder of a step that has left nothing behind is
// emptied and becomes another step's, all but its work/, which is made anew.
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "agent/step/step.h"
#include "common/io/posix/files.h"
#include "common/result.h"

namespace prov::agent {

class StepFolders {
 public:
  static Result<StepFolders> open(std::string path);  // made when missing; must be private

  std::string path_of(const StepId& step) const;
  const io::Fd& dir() const { return dir_; }
  bool contains(const StepId& step) const { return known_.contains(step); }

  // A folder with an empty work/ in it. Code::conflict: there is one of that name, so the step was begun before.
  Result<io::Fd> make(const StepId& step);
  io::Fd find(const StepId& step);  // none: there is no such folder

  // REQUIRES: its supervisor has let go of it, and every child of the step is gone.
  void left_nothing(const StepId& step);

  void remove(const StepId& step);             // with all that is in it; an unknown one is fine
  void forget(const StepId& step);             // the same, when remove_forgotten() is called
  bool remove_forgotten(std::size_t at_most);  // whether there are more

  // Removes the folders that `keep` does not want, after a crash.
  void sweep(const std::function<bool(const std::string& name)>& keep);

 private:
  enum class Use { once, again };  // again: left_nothing() was said of it

  StepFolders(std::string path, io::Fd dir) : path_(std::move(path)), dir_(std::move(dir)) {}
  Result<io::Fd> make_anew(const std::string& name);
  void remove(const StepId& step, Use use);
  bool make_spare(const std::string& name);

  std::string path_;
  io::Fd dir_;
  std::map<StepId, Use> known_;
  std::deque<std::pair<StepId, Use>> forgotten_;
  std::vector<std::string> spares_;
  std::uint64_t next_spare_ = 0;
};

}  // namespace prov::agent
