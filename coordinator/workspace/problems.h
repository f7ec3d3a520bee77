#pragma once
// Several mistakes told at once, so that a file is not corrected one run at a time.
#include <vector>

#include "common/result.h"

namespace prov::workspace {

class Problems {
 public:
  static constexpr std::size_t kMost = 20;

  void add(Error error);
  bool any() const { return !errors_.empty(); }
  bool full() const { return errors_.size() >= kMost; }  // what follows is hardly worth looking for

  // One: as it is. Several: a line for each, its hint below it. The code is that of the first. REQUIRES: any()
  Error error() const;

 private:
  std::vector<Error> errors_;
};

}  // namespace prov::workspace
