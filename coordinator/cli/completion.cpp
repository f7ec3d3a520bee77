#include "coordinator/cli/completion.h"
#include "common/nearest.h"

#include <algorithm>

#include "coordinator/cli/guides.h"
#include "coordinator/cli/help.h"

namespace prov::cli {
namespace {

constexpr const char* kBash = R"(# provisioning: completion for bash
_provisioning() {
  local word
  COMPREPLY=()
  while IFS=$'\t' read -r word _; do
    [ -n "$word" ] && COMPREPLY+=("$word")
  done < <("${COMP_WORDS[0]}" __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o bashdefault -o default -F _provisioning provisioning
)";

constexpr const char* kZsh = R"(#compdef provisioning
# provisioning: completion for zsh
_provisioning() {
  local -a found
  local word about
  while IFS=$'\t' read -r word about; do
    [[ -n "$word" ]] && found+=("${word//:/\\:}:${about}")
  done < <("${words[1]}" __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( ${#found} )); then
    _describe 'provisioning' found
  else
    _files
  fi
}
if [[ "$funcstack[1]" == "_provisioning" ]]; then
  _provisioning "$@"
else
  compdef _provisioning provisioning
fi
)";

constexpr const char* kFish = R"(# provisioning: completion for fish
function __provisioning_complete
    set -l before (commandline -opc)
    set -l last (commandline -ct)
    set -l found ($before[1] __complete -- $before[2..-1] "$last" 2>/dev/null)
    if set -q found[1]
        printf '%s\n' $found
    else
        __fish_complete_path "$last"
    end
end
complete -c provisioning -f -a '(__provisioning_complete)'
)";

Completes value_of_flag(std::string_view name) {
  if (name == "workspace") return Completes::workspace;
  if (name == "infra") return Completes::infra;
  if (name == "server") return Completes::server;
  if (name == "workflow") return Completes::workflow;
  if (name == "provider") return Completes::provider_module;
  return Completes::nothing;
}

class Completer {
 public:
  Completer(const std::vector<std::string>& all, const LookUp& look_up)
      : last_(all.empty() ? "" : all.back()), look_up_(look_up) {
    for (std::size_t i = 0; i + 1 < all.size(); ++i) read(all[i]);
    if (waiting_ != nullptr && last_ == "=") last_.clear();
  }

  std::vector<Candidate> run() {
    if (dashes_) return {};
    if (waiting_ != nullptr) {
      offer_value(*waiting_, "");
    } else if (const std::size_t equals = last_.find('='); last_.rfind("--", 0) == 0 && equals != std::string::npos) {
      const Flag* flag = find_flag(std::string_view(last_).substr(2, equals - 2));
      if (flag != nullptr) offer_value(*flag, last_.substr(0, equals + 1));
    } else if (!last_.empty() && last_[0] == '-') {
      offer_flags();
    } else {
      offer_words();
    }
    return std::move(out_);
  }

 private:
  void read(const std::string& word) {
    if (dashes_ || word == "--") {
      dashes_ = true;
    } else if (waiting_ != nullptr) {
      if (word != "=") waiting_ = nullptr;  // bash takes --flag=value apart
    } else if (word.rfind("--", 0) == 0 && word.find('=') == std::string::npos) {
      const Flag* flag = find_flag(std::string_view(word).substr(2));
      if (flag != nullptr && !flag->value.empty()) waiting_ = flag;
    } else if (word.size() == 2 && word[0] == '-') {
      const Flag* flag = find_flag(word[1]);
      if (flag != nullptr && !flag->value.empty()) waiting_ = flag;
    } else if (word[0] != '-') {
      before_.push_back(word);
    }
  }

  void offer(const std::string& word, std::string_view help) {
    if (word.rfind(last_, 0) == 0) out_.push_back({word, std::string(help)});
  }

  void offer_value(const Flag& flag, const std::string& prefix) {
    for (const auto choice : words(flag.choices)) offer(prefix + std::string(choice), "");
    const Command* known = flag.name == "out" ? command() : nullptr;
    if (known != nullptr && !known->out_also.is_place()) {
      for (const auto word : words(known->out_also.word)) offer(prefix + std::string(word), known->out_also.help);
    }
    const Completes what = value_of_flag(flag.name);
    if (what == Completes::nothing) return;
    for (const auto& name : look_up_(what)) offer(prefix + name, "");
  }

  const Command* command() const {
    const Noun* noun = before_.empty() ? nullptr : find_noun(before_[0]);
    if (noun == nullptr) return nullptr;
    if (const Command* alone = find_command(*noun, "")) return alone;
    return before_.size() < 2 ? nullptr : find_command(*noun, before_[1]);
  }

  void offer_flags() {
    const Command* known = command();
    for (const auto& flag : flags()) {
      if (known == nullptr ? flag.everywhere : takes(*known, flag)) offer("--" + std::string(flag.name), flag.help);
    }
  }

  void offer_words() {
    if (before_.empty()) {
      for (const auto& noun : nouns()) offer(std::string(noun.name), noun.help);
      return;
    }
    const Noun* noun = find_noun(before_[0]);
    if (noun == nullptr) return;
    if (const Command* known = command()) {
      offer_arguments(*known);
    } else if (before_.size() == 1) {
      for (const auto& one : commands()) {
        if (one.noun == noun->name) offer(std::string(one.verb), one.help);
      }
      offer("help", "show help");
    }
  }

  void offer_arguments(const Command& known) {
    const std::size_t words_of_command = known.verb.empty() ? 1 : 2;
    const auto given = static_cast<int>(before_.size() - words_of_command);
    if (known.noun == "help") {
      offer_topics(given);
    } else if (known.max_args == kAnyNumber || given < known.max_args) {
      if (known.completes == Completes::service) offer("orchestrator", "the coordinator");
      if (known.completes == Completes::shell) {
        for (const char* shell : {"bash", "zsh", "fish"}) offer(shell, "");
      }
      if (known.completes == Completes::guide) {
        for (const auto& guide : guides()) offer(guide.name, guide.headline);
      }
      if (known.completes == Completes::kind_first) offer_by_kind(given);
      for (const auto& name : look_up_(known.completes)) offer(name, "");
    }
  }

  // KIND WORKSPACE NAME...
  void offer_by_kind(int given) {
    if (given == 0) {
      for (const char* kind : {"taskservs", "providers", "clusters"}) offer(kind, "");
    } else if (given == 1) {
      for (const auto& name : look_up_(Completes::workspace)) offer(name, "");
    } else {
      const std::string& kind = before_[2];
      const Completes what = kind[0] == 'p'   ? Completes::provider_module
                             : kind[0] == 'c' ? Completes::cluster_module
                                              : Completes::taskserv_module;
      for (const auto& name : look_up_(what)) offer(name, "");
    }
  }

  void offer_topics(int given) {
    if (given == 0) {
      for (const auto& topic : help_topics()) offer(topic, "");
    } else if (const Noun* noun = find_noun(before_[1]); given == 1 && noun != nullptr) {
      for (const auto& verb : verbs_of(*noun)) offer(verb, "");
    }
  }

  std::string last_;
  const LookUp& look_up_;
  std::vector<std::string> before_;  // words that are neither flags nor their values
  const Flag* waiting_ = nullptr;    // a flag whose value comes next
  bool dashes_ = false;
  std::vector<Candidate> out_;
};

}  // namespace

std::vector<Candidate> complete(const std::vector<std::string>& words, const LookUp& look_up) {
  return Completer(words, look_up).run();
}

std::string completion_lines(const std::vector<Candidate>& candidates) {
  std::string out;
  for (const auto& [word, help] : candidates) out += help.empty() ? word + "\n" : word + "\t" + help + "\n";
  return out;
}

Result<std::string> completion_script(const std::string& shell) {
  if (shell == "bash") return kBash;
  if (shell == "zsh") return kZsh;
  if (shell == "fish") return kFish;
  return fail(Code::invalid, "there is no completion for \"" + shell + "\"",
              did_you_mean(shell, {"bash", "zsh", "fish"}));
}

}  // namespace prov::cli
