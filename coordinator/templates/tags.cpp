// The tags of a template, looked at one by one: rendering stops at the first wrong name and never sees a branch that is
// not taken.
#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

#include "common/nearest.h"
#include "coordinator/templates/template.h"

namespace prov::templates {
namespace {

struct Tag {
  char kind = 0;  // # ^ / > ! = &, or 0 for a plain one
  std::string name;
  std::size_t at = 0, end = 0;  // of the braces; behind them
};

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

// The first tag at or behind `from`; one that is not closed ends at npos.
std::optional<Tag> next_tag(std::string_view text, std::size_t from) {
  const std::size_t at = text.find("{{", from);
  if (at == std::string_view::npos) return std::nullopt;
  const bool triple = text.substr(at, 3) == "{{{";
  const std::string_view close = triple ? "}}}" : "}}";
  const std::size_t begin = at + close.size(), end = text.find(close, begin);
  if (end == std::string_view::npos) return Tag{0, "", at, end};
  std::string_view inside = trimmed(text.substr(begin, end - begin));
  Tag tag{0, "", at, end + close.size()};
  if (!triple && !inside.empty() && std::string_view("#^/>!=&").find(inside.front()) != std::string_view::npos) {
    tag.kind = inside.front();
    inside = trimmed(inside.substr(1));
  }
  tag.name = std::string(inside);
  return tag;
}

class Checker {
 public:
  Checker(const std::string& text, const TemplateScope& scope) : text_(text) {
    names_ = {"workspace", "infra", "host", "host.hostname", "host.address", "params", "secret", "hosts"};
    for (const auto& [name, value] : scope.params) names_.push_back("params." + name);
    for (const auto& name : scope.secrets) names_.push_back("secret." + name);
  }

  std::vector<TagProblem> run() {
    std::size_t at = 0;
    while (const auto tag = next_tag(text_, at)) {
      if (tag->end == std::string::npos) {
        refuse(tag->at, "this {{ is not closed", "write }} behind the name");
        return std::move(problems_);
      }
      look_at(*tag);
      at = tag->end;
    }
    for (const Tag& section : open_) {
      refuse(section.at, "the section \"" + section.name + "\" does not end", "write {{/" + section.name + "}}");
    }
    std::stable_sort(problems_.begin(), problems_.end(), [](const TagProblem& a, const TagProblem& b) {
      return std::pair(a.line, a.column) < std::pair(b.line, b.column);
    });
    return std::move(problems_);
  }

 private:
  void refuse(std::size_t at, std::string message, std::string hint) {
    const std::string_view before = std::string_view(text_).substr(0, at);
    const auto line = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
    const std::size_t start = before.rfind('\n');
    const std::size_t column = at - (start == std::string_view::npos ? 0 : start + 1) + 1;
    problems_.push_back({line, column, std::move(message), std::move(hint)});
  }

  void look_at(const Tag& tag) {
    if (tag.kind == '!') return;
    if (tag.kind == '=' || tag.kind == '>') {
      refuse(tag.at, tag.kind == '=' ? "other delimiters cannot be set here" : "a template cannot include another",
             "write it out: a template is one file");
    } else if (tag.kind == '/') {
      close(tag);
    } else {
      if (!is_known(tag.name)) {
        const std::string near = nearest(tag.name, names_);
        refuse(tag.at, "there is no \"" + tag.name + "\"",
               near.empty() ? "names are params.*, secret.*, host.*, hosts.TASKSERV, workspace and infra"
                            : "did you mean \"" + near + "\"?");
      }
      if (tag.kind == '#' || tag.kind == '^') open_.push_back(tag);
    }
  }

  void close(const Tag& tag) {
    if (!open_.empty() && open_.back().name == tag.name) {
      open_.pop_back();
      return;
    }
    refuse(tag.at, "the section \"" + tag.name + "\" ends here but is not the one that is open",
           open_.empty() ? "take it out, or begin it: {{#" + tag.name + "}}"
                         : "close this one first: {{/" + open_.back().name + "}}");
  }

  // What a section is of gives its own fields their short names.
  bool is_known(const std::string& name) const {
    if (name == "." || name.rfind("hosts.", 0) == 0) return true;
    if (std::find(names_.begin(), names_.end(), name) != names_.end()) return true;
    return std::any_of(open_.begin(), open_.end(), [&](const Tag& section) {
      if (section.kind != '#') return false;
      const bool of_hosts = section.name == "host" || section.name.rfind("hosts.", 0) == 0;
      if (of_hosts) return name == "hostname" || name == "address";
      return std::find(names_.begin(), names_.end(), section.name + "." + name) != names_.end();
    });
  }

  const std::string& text_;
  std::vector<std::string> names_;
  std::vector<Tag> open_;
  std::vector<TagProblem> problems_;
};

}  // namespace

std::vector<TagProblem> check_tags(const std::string& text, const TemplateScope& scope) {
  return Checker(text, scope).run();
}

std::vector<std::string> hosts_in(const std::string& text) {
  std::set<std::string> names;
  std::size_t at = 0;
  while (const auto tag = next_tag(text, at)) {
    if (tag->end == std::string::npos) break;
    if (tag->name.rfind("hosts.", 0) == 0) names.insert(tag->name.substr(6));
    at = tag->end;
  }
  return {names.begin(), names.end()};
}

}  // namespace prov::templates
