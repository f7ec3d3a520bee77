#include "coordinator/cli/help.h"
#include "common/nearest.h"

#include <algorithm>

#include "coordinator/cli/command.h"

namespace prov::cli {
namespace {

constexpr std::size_t kLeftColumn = 26;

std::string text(std::string_view view) { return std::string(view); }

std::string row(std::string left, std::string_view right) {
  left = "  " + left;
  left += left.size() + 2 <= kLeftColumn ? std::string(kLeftColumn - left.size(), ' ')
                                         : "\n" + std::string(kLeftColumn, ' ');
  return left + text(right) + "\n";
}

std::string comma_separated(std::string_view spaced) {
  std::string out;
  for (const auto word : words(spaced)) out += (out.empty() ? "" : ", ") + text(word);
  return out;
}

std::string with_aliases(const Noun& noun) {
  return noun.aliases.empty() ? text(noun.name) : text(noun.name) + " (" + comma_separated(noun.aliases) + ")";
}

std::string usage(const Command& command) {
  std::string out = text(command.noun);
  if (!command.verb.empty()) out += " " + text(command.verb);
  if (!command.args.empty()) out += " " + text(command.args);
  return out;
}

std::string flag_row(const Flag& flag) {
  std::string left = flag.letter == 0 ? "" : std::string("-") + flag.letter + ", ";
  left += "--" + text(flag.name);
  if (!flag.value.empty()) left += " " + text(flag.value);
  std::string right = text(flag.help);
  if (!flag.choices.empty()) right += ": " + comma_separated(flag.choices);
  return row(left, right);
}

// What --out means for one command: a form of the result, or what else it takes.
std::string out_row(const Flag& out, const OutAlso& also) {
  return row("-o, --out " + text(out.value) + "|" + text(also.word),
             text(out.help) + ": " + comma_separated(out.choices) + "; or " + text(also.word) + ": " + text(also.help));
}

std::string common_flags(const OutAlso& also) {
  std::string out = "Flags of every command:\n";
  for (const auto& flag : flags()) {
    if (flag.name == "out" && !also.word.empty()) continue;  // said already
    if (flag.everywhere) out += flag_row(flag);
  }
  return out;
}

std::string group_rows(const Group& group) {
  std::string out = text(group.title) + "  (help " + text(group.name) + ")\n";
  for (const auto& noun : nouns()) {
    if (noun.group == group.name) out += row(with_aliases(noun), noun.help);
  }
  return out;
}

std::string overview() {
  std::string out = "Provisioning " PROV_VERSION
                    ": infrastructure from what a workspace describes.\n\n"
                    "Usage: provisioning COMMAND [ARGUMENTS] [--flags]\n";
  for (const auto& group : groups()) out += "\n" + group_rows(group);
  out +=
      "\nBegin with:\n"
      "  provisioning workspace init demo --activate\n"
      "  provisioning platform start orchestrator\n"
      "  provisioning server create --check\n";
  return out + "\nMore: provisioning help COMMAND, provisioning help exit-codes\n";
}

std::string noun_rows(const Noun& noun) {
  std::string out;
  for (const auto& command : commands()) {
    if (command.noun == noun.name) out += row(usage(command), command.help);
  }
  return out;
}

std::string group_page(const Group& group) {
  std::string out = text(group.title) + "\n";
  for (const auto& noun : nouns()) {
    if (noun.group == group.name) out += "\n" + with_aliases(noun) + ": " + text(noun.help) + "\n" + noun_rows(noun);
  }
  return out + "\nMore: provisioning help COMMAND VERB\n";
}

std::string command_page(const Command& command) {
  std::string out = text(command.help) + "\n\nUsage: " + text(kProgram) + " " + usage(command) + " [--flags]\n";
  if (!command.aliases.empty()) out += "Also: " + comma_separated(command.aliases) + "\n";
  const OutAlso& also = command.out_also;
  if (!command.flags.empty() || !also.word.empty()) out += "\nFlags:\n";
  for (const auto name : words(command.flags)) out += flag_row(*find_flag(name));
  if (!also.word.empty()) out += out_row(*find_flag("out"), also);
  out += "\n" + common_flags(also);
  return out + "\nExample:\n  " + text(kProgram) + " " + text(command.example) + "\n";
}

std::string noun_page(const Noun& noun) {
  const Command* alone = find_command(noun, "");
  if (alone != nullptr) return command_page(*alone);
  return with_aliases(noun) + ": " + text(noun.help) + "\n\nUsage: " + text(kProgram) + " " + text(noun.name) +
         " VERB [ARGUMENTS] [--flags]\n\n" + noun_rows(noun) + "\nMore: provisioning help " + text(noun.name) +
         " VERB\n";
}

}  // namespace

std::string exit_code_table() {
  std::string out = "Exit codes\n\n";
  for (const auto& [code, meaning] : exit_codes()) out += row(std::to_string(static_cast<int>(code)), meaning);
  return out +
         "\nserver ssh HOST -- COMMAND ends with the exit code of the command itself, where it was run.\n"
         "Of a workflow that is followed (--wait, workflow monitor), 9 goes before 8, and 8 before 1.\n";
}

std::vector<std::string> help_topics() {
  std::vector<std::string> out = noun_words();
  for (const auto& group : groups()) {
    if (std::find(out.begin(), out.end(), group.name) == out.end()) out.emplace_back(group.name);
  }
  out.emplace_back("exit-codes");
  return out;
}

Result<std::string> help_page(const std::vector<std::string>& topic) {
  if (topic.empty()) return overview();
  if (topic[0] == "exit-codes") return exit_code_table();
  const Noun* noun = find_noun(topic[0]);
  if (topic.size() > 1 && noun != nullptr) {
    if (const Command* command = find_command(*noun, topic[1])) return command_page(*command);
    return fail(Code::not_found, "there is no help on \"" + topic[0] + " " + topic[1] + "\"",
                did_you_mean(topic[1], verbs_of(*noun)));
  }
  const auto group = std::find_if(groups().begin(), groups().end(), [&](const Group& g) { return g.name == topic[0]; });
  if (group != groups().end()) return group_page(*group);
  if (noun != nullptr) return noun_page(*noun);
  return fail(Code::not_found, "there is no help on \"" + topic[0] + "\"", did_you_mean(topic[0], help_topics()));
}

}  // namespace prov::cli
