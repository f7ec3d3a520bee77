#pragma once
// A command line against the table. Flags may stand anywhere before "--"; `help`, `--help` and `-h` work everywhere.
#include <map>
#include <string>
#include <vector>

#include "coordinator/cli/command.h"

namespace prov::cli {

struct Invocation {
  const Command* command = nullptr;
  std::vector<std::string> topic;  // of help: at most two words
  std::vector<std::string> args;
  std::vector<std::string> after_dashes;
  std::map<std::string, std::vector<std::string>> flags;  // a switch has the value "true"

  bool has(const std::string& flag) const { return flags.count(flag) > 0; }
  std::string value(const std::string& flag, const std::string& otherwise = {}) const;  // the last one given
  std::vector<std::string> values(const std::string& flag) const;
};

// `words`: argv without the program. Code::invalid with what is wrong, and the nearest right word as hint.
Result<Invocation> parse(const std::vector<std::string>& words);

// The form of the result that a command line asks for, as well as can be said when it does not parse.
std::string asked_format(const std::vector<std::string>& words);

}  // namespace prov::cli
