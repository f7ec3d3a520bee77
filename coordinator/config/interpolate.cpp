#include "coordinator/config/interpolate.h"

#include <algorithm>
#include <set>

#include "common/nearest.h"
#include "coordinator/workspace/placeholder.h"

namespace prov::config {
namespace {

using workspace::Problems;

constexpr std::pair<std::string_view, std::string_view> kFacts[] = {
    {"paths.base", "the home of the platform: PROVISIONING_HOME, else ~/.provisioning"},
    {"paths.workspace", "the folder of the workspace in use"},
    {"paths.infra", "the folder of the infra that is meant"},
    {"infra.name", "the name of that infra"},
    {"env.NAME", "the variable NAME of the environment; one that is not set is an error"},
    {"now.date", "today in UTC: 2026-01-31"},
    {"now.iso", "the present second in UTC: 2026-01-31T23:59:59Z"},
    {"git.branch", "the branch of the repository around the workspace; HEAD where none is checked out"},
};

class Interpolator {
 public:
  Interpolator(const Tree& tree, const Facts& facts, Problems& problems)
      : tree_(tree), facts_(facts), problems_(problems) {}

  Settings run() {
    for (const auto& [name, claims] : tree_) static_cast<void>(resolve(name));
    return std::move(done_);
  }

  // REQUIRES: the tree has it. nullptr: it does not hold, and why is among the problems.
  const Setting* resolve(const std::string& name) {
    if (const auto found = done_.find(name); found != done_.end()) return &found->second;
    if (failed_.count(name) > 0) return nullptr;
    const Claims& claims = tree_.at(name);
    open_.push_back(name);
    auto value = put_in(*find_key(name), claims.back());
    open_.pop_back();
    if (value) return &done_.emplace(name, Setting{std::move(*value), claims}).first->second;
    if (!value.error().message.empty()) problems_.add(value.error());
    failed_.insert(name);
    return nullptr;
  }

 private:
  Result<Value> put_in(const Key& key, const Claim& claim) {
    Value value = claim.value;
    if (layer_is_a_file(claim.origin.layer) && has_placeholder(value)) {
      for (std::string* text : texts_of(value)) {
        auto whole = put_in(*text, claim);
        if (!whole) return tl::unexpected(whole.error());
        *text = std::move(*whole);
      }
    }
    auto fine = check(key, value);
    if (fine && key.type == Type::path && layer_is_a_file(claim.origin.layer) && value.text.front() != '/') {
      fine = fail(Code::invalid, "\"" + open_.back() + "\" must be an absolute path, it is \"" + value.text + "\"",
                  "begin it with {{paths.base}}/, {{paths.workspace}}/ or /");
    }
    if (!fine) return refused(claim, by_name(fine.error(), key, open_.back()).message, fine.error().hint);
    return value;
  }

  static std::vector<std::string*> texts_of(Value& value) {
    std::vector<std::string*> out{&value.text};
    for (std::string& item : value.items) out.push_back(&item);
    return out;
  }

  Result<std::string> put_in(const std::string& text, const Claim& claim) {
    std::string out;
    std::size_t from = 0;
    while (const auto found = workspace::next_placeholder(text, from)) {
      if (found->end == std::string::npos) return refused(claim, "\"{{\" is not closed", "write {{name}}");
      if (found->parts.empty()) {
        return refused(claim, "\"" + text.substr(found->begin, found->end - found->begin) + "\" is no name",
                       "names are like link.port or env.HOME");
      }
      auto value = look_up(workspace::dotted(found->parts), claim);
      if (!value) return value;
      out += text.substr(from, found->begin - from) + *value;
      if (out.size() > kMaxValue) return too_long(claim);
      from = found->end;
    }
    out += text.substr(from);
    if (out.size() > kMaxValue) return too_long(claim);
    return out;
  }

  Result<std::string> look_up(const std::string& name, const Claim& claim) {
    if (name.rfind("env.", 0) == 0) return look_up_variable(name.substr(4), claim);
    if (name == "git.branch") {
      auto branch = facts_.git_branch();
      if (!branch) return refused(claim, "{{git.branch}}: " + branch.error().message, branch.error().hint);
      return branch;
    }
    if (const auto fact = facts_.known.find(name); fact != facts_.known.end()) return fact->second;
    if (const auto fact = facts_.missing.find(name); fact != facts_.missing.end()) {
      return refused(claim, "{{" + name + "}}: " + fact->second);
    }
    if (tree_.count(name) > 0) return look_up_setting(name, claim);
    if (find_key(name) != nullptr) {
      return refused(claim, "{{" + name + "}}: that setting has no value",
                     "provisioning config set " + name + " VALUE");
    }
    return refused(claim, "{{" + name + "}}: there is no setting and no fact of that name", near(name));
  }

  Result<std::string> look_up_variable(const std::string& name, const Claim& claim) {
    std::string value = facts_.variable(name);
    if (!value.empty()) return value;
    return refused(claim, "{{env." + name + "}}: " + name + " is not set in the environment",
                   "export " + name + "=...");
  }

  Result<std::string> look_up_setting(const std::string& name, const Claim& claim) {
    const auto begin = std::find(open_.begin(), open_.end(), name);
    if (begin != open_.end()) {
      std::string circle;
      for (auto one = begin; one != open_.end(); ++one) circle += *one + " -> ";
      return refused(claim, "a circle: " + circle + name, "give one of them a value without {{...}}");
    }
    if (open_.size() >= kMaxSteps) {
      return refused(claim, "more than " + std::to_string(kMaxSteps) + " settings are put into one another here");
    }
    const Setting* setting = resolve(name);
    if (setting == nullptr) return tl::unexpected(Error{});  // told already, where it is wrong
    return shown(*find_key(name), setting->value);
  }

  std::string near(const std::string& name) const {
    std::vector<std::string> names = key_names();
    for (const auto& [fact, meaning] : kFacts) names.emplace_back(fact);
    for (const auto& [key, claims] : tree_) {
      if (key.rfind("vars.", 0) == 0) names.push_back(key);
    }
    const std::string found = nearest(name, names);
    return found.empty() ? "provisioning config show lists the settings; facts are in provisioning config explain facts"
                         : "did you mean {{" + found + "}}?";
  }

  static tl::unexpected<Error> refused(const Claim& claim, std::string message, std::string hint = {}) {
    const auto place = claim.value_place.line > 0 ? claim.value_place : claim.origin.place;
    return tl::unexpected(workspace::at(claim.origin.source, place, std::move(message), std::move(hint)));
  }
  tl::unexpected<Error> too_long(const Claim& claim) const {
    return refused(claim, "\"" + open_.back() + "\" becomes longer than the " + std::to_string(kMaxValue) +
                              " bytes that are allowed");
  }

  const Tree& tree_;
  const Facts& facts_;
  Problems& problems_;
  Settings done_;
  std::set<std::string> failed_;
  std::vector<std::string> open_;  // those that are being put together, outermost first
};

}  // namespace

Settings interpolate(const Tree& tree, const Facts& facts, Problems& problems) {
  return Interpolator(tree, facts, problems).run();
}

std::optional<Setting> interpolate_one(const Tree& tree, const Facts& facts, const std::string& key,
                                       Problems& problems) {
  if (tree.count(key) == 0) return std::nullopt;
  Interpolator interpolator(tree, facts, problems);
  const Setting* found = interpolator.resolve(key);
  return found == nullptr ? std::nullopt : std::optional<Setting>(*found);
}

std::span<const std::pair<std::string_view, std::string_view>> fact_names() { return kFacts; }

}  // namespace prov::config
