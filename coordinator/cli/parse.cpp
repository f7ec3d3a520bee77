#include "coordinator/cli/parse.h"
#include "common/nearest.h"

#include <algorithm>

namespace prov::cli {
namespace {

std::string usage_of(const Command& command) {
  std::string text = std::string(kProgram) + " " + std::string(command.noun);
  if (!command.verb.empty()) text += " " + std::string(command.verb);
  if (!command.args.empty()) text += " " + std::string(command.args);
  return text;
}

std::string help_hint(const Command& command) {
  std::string text = std::string(kProgram) + " help " + std::string(command.noun);
  return command.verb.empty() ? text : text + " " + std::string(command.verb);
}

class Parser {
 public:
  explicit Parser(const std::vector<std::string>& words) : words_(words) {}

  Result<Invocation> run() {
    if (auto split = split_words(); !split) return tl::unexpected(split.error());
    if (find_help()) return std::move(out_);  // flags do not matter to help
    if (auto found = find_command_words(); !found) return tl::unexpected(found.error());
    if (auto fine = check_flags(); !fine) return tl::unexpected(fine.error());
    if (auto fine = check_args(); !fine) return tl::unexpected(fine.error());
    return std::move(out_);
  }

 private:
  Result<void> split_words() {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      const std::string& word = words_[i];
      if (word == "--") {
        out_.after_dashes.assign(words_.begin() + static_cast<std::ptrdiff_t>(i) + 1, words_.end());
        dashes_ = true;
        return {};
      }
      if (word.size() < 2 || word[0] != '-') {
        out_.args.push_back(word);
        continue;
      }
      if (auto read = read_flag(word, i); !read) return read;
    }
    return {};
  }

  Result<void> read_flag(const std::string& word, std::size_t& i) {
    const bool is_long = word[1] == '-';
    const std::size_t equals = is_long ? word.find('=') : std::string::npos;
    const std::string name = word.substr(is_long ? 2 : 1, equals == std::string::npos ? equals : equals - 2);
    if (name == "version" && is_long) return version_asked(word);
    const Flag* flag = is_long ? find_flag(name) : name.size() == 1 ? find_flag(name[0]) : nullptr;
    if (flag == nullptr) return unknown_flag(word, name);
    if (flag->value.empty()) {
      if (equals != std::string::npos) return fail(Code::invalid, "--" + name + " takes no value");
      out_.flags[std::string(flag->name)].emplace_back("true");
      return {};
    }
    std::string value;
    if (equals != std::string::npos) {
      value = word.substr(equals + 1);
    } else if (i + 1 < words_.size() && words_[i + 1] != "--") {
      value = words_[++i];
    } else {
      return fail(Code::invalid,
                  word + " needs a value: --" + std::string(flag->name) + " " + std::string(flag->value));
    }
    out_.flags[std::string(flag->name)].push_back(std::move(value));
    return {};
  }

  Result<void> version_asked(const std::string& word) {
    if (word != "--version") return fail(Code::invalid, "--version takes no value");
    out_.args.insert(out_.args.begin(), "version");
    return {};
  }

  static tl::unexpected<Error> unknown_flag(const std::string& word, const std::string& name) {
    std::vector<std::string> known;
    for (const auto& flag : flags()) known.emplace_back(flag.name);
    const std::string near = nearest(name, known);
    return fail(Code::invalid, "there is no flag " + word,
                near.empty() ? std::string(kProgram) + " help" : "did you mean --" + near + "?");
  }

  // `help X Y`, `X help Y`, `X Y help` and `X Y --help` are one question, and so is nothing at all.
  bool find_help() {
    const auto& args = out_.args;
    const auto is_help = [&](std::size_t i) {
      return i < args.size() && (args[i] == "help" || (i == 0 && args[i] == "h"));
    };
    const bool by_word = is_help(0) || is_help(1) || (args.size() == 3 && is_help(2));
    if (!args.empty() && !by_word && !out_.has("help")) return false;
    bool left_out = out_.has("help");  // the word itself is the topic of "help help" and "help --help"
    for (std::size_t i = 0; i < args.size() && out_.topic.size() < 2; ++i) {
      if (is_help(i) && !left_out) {
        left_out = true;
      } else {
        out_.topic.push_back(args[i]);
      }
    }
    ask_help();
    return true;
  }

  void ask_help() {
    out_.args.clear();
    out_.flags.erase("help");
    out_.command = find_command(*find_noun("help"), "");
  }

  Result<void> find_command_words() {
    auto& args = out_.args;
    const Noun* noun = find_noun(args[0]);
    if (noun == nullptr) {
      const std::string near = nearest(args[0], noun_words());
      return fail(Code::invalid, "there is no command \"" + args[0] + "\"",
                  near.empty() ? std::string(kProgram) + " help" : "did you mean \"" + near + "\"?");
    }
    out_.command = find_command(*noun, "");
    if (out_.command != nullptr) {
      args.erase(args.begin());
      return {};
    }
    if (args.size() == 1 && noun->name == "version") args.emplace_back("show");
    if (args.size() == 1) {
      if (flags_of_a_verb()) return missing_verb(*noun);
      out_.topic = {std::string(noun->name)};
      ask_help();
      return {};
    }
    out_.command = find_command(*noun, args[1]);
    if (out_.command == nullptr) {
      return fail(Code::invalid, "there is no command \"" + std::string(noun->name) + " " + args[1] + "\"",
                  did_you_mean(args[1], verbs_of(*noun)));
    }
    args.erase(args.begin(), args.begin() + 2);
    return {};
  }

  // Whoever gives flags that help does not take wants something done.
  bool flags_of_a_verb() const {
    return std::any_of(out_.flags.begin(), out_.flags.end(),
                       [](const auto& one) { return !find_flag(one.first)->everywhere; });
  }

  static tl::unexpected<Error> missing_verb(const Noun& noun) {
    std::string verbs;
    for (const auto& command : commands()) {
      if (command.noun == noun.name) verbs += (verbs.empty() ? "" : ", ") + std::string(command.verb);
    }
    const std::string said = std::string(kProgram) + " " + std::string(noun.name);
    return fail(Code::invalid, "\"" + said + "\" lacks its verb", "it can be: " + verbs);
  }

  Result<void> check_flags() const {
    const Command& command = *out_.command;
    for (const auto& [name, values] : out_.flags) {
      const Flag& flag = *find_flag(name);
      if (!takes(command, flag)) {
        return fail(Code::invalid, "\"" + usage_of(command) + "\" takes no --" + name, help_hint(command));
      }
      const auto choices = words(flag.choices);
      const auto right = [&](const std::string& value) {
        if (name == "out" && !value.empty() && (command.out_also.is_place() || command.out_also.word == value)) {
          return true;
        }
        return choices.empty() ? !value.empty() : std::find(choices.begin(), choices.end(), value) != choices.end();
      };
      for (const auto& value : values) {
        if (right(value)) continue;
        return fail(Code::invalid, "--" + name + " cannot be \"" + value + "\"",
                    did_you_mean(value, {choices.begin(), choices.end()}));
      }
    }
    return {};
  }

  Result<void> check_args() const {
    const Command& command = *out_.command;
    const auto count = static_cast<int>(out_.args.size());
    if (count < command.min_args) {
      return fail(Code::invalid, "something is missing: " + usage_of(command),
                  "for example: " + std::string(kProgram) + " " + std::string(command.example));
    }
    if (command.max_args != kAnyNumber && count > command.max_args) {
      return fail(Code::invalid,
                  "\"" + out_.args[static_cast<std::size_t>(command.max_args)] + "\" is too much: " + usage_of(command),
                  command.takes_command ? "a command to run stands after --" : help_hint(command));
    }
    if (dashes_ && !command.takes_command) {
      return fail(Code::invalid, "\"--\" means nothing to \"" + usage_of(command) + "\"", help_hint(command));
    }
    if (dashes_ && out_.after_dashes.empty()) return fail(Code::invalid, "there is no command after \"--\"");
    return {};
  }

  const std::vector<std::string>& words_;
  bool dashes_ = false;
  Invocation out_;
};

}  // namespace

std::string Invocation::value(const std::string& flag, const std::string& otherwise) const {
  const auto found = flags.find(flag);
  return found == flags.end() ? otherwise : found->second.back();
}

std::vector<std::string> Invocation::values(const std::string& flag) const {
  const auto found = flags.find(flag);
  return found == flags.end() ? std::vector<std::string>() : found->second;
}

Result<Invocation> parse(const std::vector<std::string>& words) { return Parser(words).run(); }

std::string asked_format(const std::vector<std::string>& words) {
  std::string format = "table";
  const auto take = [&](const std::string& word) {
    if (word == "table" || word == "json" || word == "yaml" || word == "jsonl") format = word;
  };
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    if (words[i].rfind("--out=", 0) == 0) take(words[i].substr(6));
    if ((words[i] == "--out" || words[i] == "-o") && i + 1 < words.size()) take(words[i + 1]);
  }
  return format;
}

}  // namespace prov::cli
