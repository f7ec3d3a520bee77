#pragma once
// The words of the command line as data. Dispatch, help, completion and "did you mean" are all made from the one table
// of coordinator/cli/table.cpp; a verb's work is in the file of its group (verbs/).
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "coordinator/cli/views/exit_codes.h"

namespace prov::cli {

class Context;
using Run = Result<Exit> (*)(Context&);

struct Flag {
  std::string_view name;     // without "--"
  char letter;               // 0: none
  std::string_view value;    // what it takes, e.g. "NAME"; empty: a switch
  std::string_view choices;  // words it can be, separated by spaces; empty: anything
  std::string_view help;
  bool everywhere;  // every command takes it
};

// What completion offers for an argument.
enum class Completes {
  nothing,
  server,
  taskserv,
  workspace,
  infra,
  agent,
  workflow,
  task,
  folder,
  service,
  topic,
  setting,
  shell,
  taskserv_module,  // extensions of that kind, in every layer
  provider_module,
  cluster_module,
  module,      // of any kind
  kind_first,  // KIND [WORKSPACE [NAME...]], each by what stands before it
  guide
};

// What --out takes for one command beside the forms of the result: another word, or (in capitals) anything.
struct OutAlso {
  std::string_view word;  // "jsonl", "FILE"; empty: nothing
  std::string_view help;
  bool is_place() const { return !word.empty() && word.front() >= 'A' && word.front() <= 'Z'; }
};

struct Command {
  std::string_view noun;
  std::string_view verb;     // empty: the noun alone is the command
  std::string_view aliases;  // of the verb, separated by spaces
  std::string_view args;     // as the usage line shows them, e.g. "[HOST...]"
  int min_args;
  int max_args;  // kAnyNumber: no limit
  Completes completes;
  bool takes_command;        // what stands after "--" is its too
  std::string_view flags;    // names, separated by spaces, beside those that work everywhere
  std::string_view help;     // one line
  std::string_view example;  // without the program's name
  Run run;
  OutAlso out_also = {};
};
inline constexpr int kAnyNumber = -1;

struct Noun {
  std::string_view name;
  std::string_view aliases;  // short forms, separated by spaces
  std::string_view group;
  std::string_view help;
};

struct Group {
  std::string_view name;
  std::string_view title;
};

std::span<const Group> groups();
std::span<const Noun> nouns();
std::span<const Command> commands();
std::span<const Flag> flags();

const Noun* find_noun(std::string_view word);  // by name or short form; nullptr: none
const Command* find_command(const Noun& noun, std::string_view verb);
const Flag* find_flag(std::string_view name);
const Flag* find_flag(char letter);
bool takes(const Command& command, const Flag& flag);

std::vector<std::string_view> words(std::string_view text);  // at spaces
std::vector<std::string> verbs_of(const Noun& noun);         // names and aliases
std::vector<std::string> noun_words();                       // names and short forms

inline constexpr std::string_view kProgram = "provisioning";

}  // namespace prov::cli
