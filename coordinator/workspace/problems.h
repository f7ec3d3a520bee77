#pragma once
// Several mistakes told at once, so that a file is not corrected one run at a time.
#include <string>
#include <vector>

#include "common/result.h"

namespace prov::workspace {

class Problems {
 public:
  static constexpr std::size_t kMost = 20;

  void add(const Error& error);  // of several (error() below) each; what was told already is not told again
  void reword(const std::string& message,
              Error error);  // puts it in place of the one with that message, if there is one
  bool any() const { return !errors_.empty(); }
  bool full() const { return errors_.size() >= kMost; }  // what follows is hardly worth looking for

  // One: as it is. Several: a line for each, its hint below it. The code is that of the first. REQUIRES: any()
  //
  //   <file>:<line>:<column>: <message>
  //     <what else its message has, by two spaces>
  //       hint: <its hint, by four>
  Error error() const;
  const std::vector<Error>& all() const { return errors_; }

 private:
  std::vector<Error> errors_;
};

// What error() has put together, one by one; any other error is the only one of its list. Of several, all have the code
// of the first.
std::vector<Error> taken_apart(const Error& error);

}  // namespace prov::workspace
