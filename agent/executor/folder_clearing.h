#pragma once
// Where the folders of steps that are forgotten go: removed with all that is in them, or emptied for another step.
// Either may take long (a large tree; a file system that tells its disk of every freed block and waits), so it happens
// on an executor beside the agent's loop.
#include <memory>
#include <optional>
#include <string>

#include "common/io/posix/files.h"
#include "common/ports/timers.h"

namespace prov::agent {

class FolderClearing {
 public:
  // Names are those of folders in `dir`. `executor` has to outlive this.
  FolderClearing(io::Fd dir, Executor& executor);
  ~FolderClearing();  // does not wait; what was not begun stays where it is
  FolderClearing(FolderClearing&&) = default;
  FolderClearing& operator=(FolderClearing&&) = delete;

  void remove(std::string name);
  void empty(std::string name);             // removed as well, when it cannot be emptied or enough are empty
  std::optional<std::string> take();        // an empty one: with an empty work/, and empty files at most
  bool has(const std::string& name) const;  // it waits for its turn, or is empty

 private:
  struct State;
  void add(std::string name, bool to_keep);

  std::shared_ptr<State> state_;  // also the executor's, as long as it is at it
  Executor* executor_;
};

}  // namespace prov::agent
