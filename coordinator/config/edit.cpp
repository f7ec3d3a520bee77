#include "coordinator/config/edit.h"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "coordinator/workspace/toml_tree.h"

namespace prov::config {
namespace {

using workspace::Node;
using workspace::Place;

using Leaves = std::map<std::string, std::string>;  // of a tree: path -> value

void collect(const Node& node, const std::string& path, Leaves& out) {
  switch (node.kind) {
    case Node::Kind::null: return;
    case Node::Kind::scalar: out[path] = (node.quoted ? "q" : "p") + node.text; return;
    case Node::Kind::list:
      out[path] = "list of " + std::to_string(node.items.size());
      for (std::size_t i = 0; i < node.items.size(); ++i) collect(node.items[i], path + "\n" + std::to_string(i), out);
      return;
    case Node::Kind::map:
      for (std::size_t i = 0; i < node.keys.size(); ++i) collect(node.items[i], path + "\n" + node.keys[i].text, out);
      return;
  }
}

Result<Node> parse(const std::string& text, const std::string& file, Form form) {
  return form == Form::yaml ? workspace::parse_yaml(text, file) : workspace::parse_toml(text, file);
}

// The lines of a text, each with its end.
std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t newline = text.find('\n', from);
    const std::size_t to = newline == std::string::npos ? text.size() : newline + 1;
    out.push_back(text.substr(from, to - from));
    from = to;
  }
  return out;
}

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ' || text.back() == '\t')) {
    text.pop_back();
  }
  return text.substr(std::min(text.find_first_not_of(" \t"), text.size()));
}

// Where the value ends that begins at `at`; npos: it does not.
class ValueEnd {
 public:
  ValueEnd(const std::string& text, Form form, bool in_flow) : text_(text), form_(form), in_flow_(in_flow) {}

  std::size_t find(std::size_t at) const {
    const char c = text_[at];
    if (c == '"' || c == '\'') return after_quoted(at);
    if (c == '[' || c == '{') return after_bracket(at);
    return after_plain(at);
  }

 private:
  std::size_t after_quoted(std::size_t at) const {
    const char quote = text_[at];
    const std::string three(3, quote);
    if (form_ == Form::toml && text_.compare(at, 3, three) == 0) {
      const std::size_t close = text_.find(three, at + 3);
      return close == std::string::npos ? close : close + 3;
    }
    for (std::size_t i = at + 1; i < text_.size(); ++i) {
      if (text_[i] == '\\' && quote == '"') {
        ++i;
      } else if (text_[i] == quote) {
        if (form_ == Form::yaml && quote == '\'' && i + 1 < text_.size() && text_[i + 1] == quote) {
          ++i;  // '' is a quote inside
        } else {
          return i + 1;
        }
      }
    }
    return std::string::npos;
  }

  std::size_t after_bracket(std::size_t at) const {
    int open = 0;
    for (std::size_t i = at; i < text_.size(); ++i) {
      const char c = text_[i];
      if (c == '"' || (c == '\'' && form_ == Form::toml)) {
        i = after_quoted(i);
        if (i == std::string::npos) return i;
        --i;
      } else if (c == '#') {
        i = text_.find('\n', i);
        if (i == std::string::npos) return i;
      } else if (c == '[' || c == '{') {
        ++open;
      } else if ((c == ']' || c == '}') && --open == 0) {
        return i + 1;
      }
    }
    return std::string::npos;
  }

  std::size_t after_plain(std::size_t at) const {
    std::size_t end = at;
    for (; end < text_.size() && text_[end] != '\n' && text_[end] != '\r'; ++end) {
      const char c = text_[end];
      const bool comment = c == '#' && (form_ == Form::toml || text_[end - 1] == ' ' || text_[end - 1] == '\t');
      if (comment || (in_flow_ && (c == ',' || c == ']' || c == '}'))) break;
    }
    while (end > at && (text_[end - 1] == ' ' || text_[end - 1] == '\t')) --end;
    return end;
  }

  const std::string& text_;
  const Form form_;
  const bool in_flow_;
};

class Editor {
 public:
  Editor(const Edit& edit, Form form) : edit_(edit), form_(form), lines_(lines_of(edit.text)) {
    const std::size_t dot = edit.key.rfind('.');
    section_ = edit.key.substr(0, dot);
    name_ = edit.key.substr(dot + 1);
    eol_ = edit.text.find("\r\n") == std::string::npos ? "\n" : "\r\n";
    path_ = "\n" + section_ + "\n" + name_;
  }

  Result<std::string> set() {
    auto tree = parse(edit_.text, edit_.file, form_);
    if (!tree) return tl::unexpected(tree.error());
    Leaves wanted = leaves_without(*tree);
    auto alone = parse(own_file(), edit_.file, form_);
    PROV_ASSERT(alone.has_value());
    collect(*alone, "", wanted);
    find(*tree);
    std::vector<std::string> tries;
    if (value_ != nullptr) {
      replace_value(tries);
    } else if (form_ == Form::toml) {
      insert_in_toml(tries);
    } else {
      insert_in_yaml(tries);
    }
    return first_that_holds(tries, wanted, line_of_value());
  }

  Result<std::string> unset() {
    auto tree = parse(edit_.text, edit_.file, form_);
    if (!tree) return tl::unexpected(tree.error());
    find(*tree);
    if (value_ == nullptr) return fail(Code::not_found, edit_.file + " says nothing of \"" + edit_.key + "\"");
    std::vector<std::string> tries;
    remove_value(tries);
    return first_that_holds(tries, leaves_without(*tree), line_of_value());
  }

 private:
  std::string own_file() const {
    return form_ == Form::toml ? "[" + section_ + "]" + eol_ + entry() : section_ + ":" + eol_ + "  " + entry();
  }
  std::string entry() const { return name_ + (form_ == Form::toml ? " = " : ": ") + edit_.written + eol_; }
  std::string line_of_value() const { return "write it yourself: " + trimmed(entry()) + ", in section " + section_; }

  void find(const Node& tree) {
    section_key_ = key_ = section_value_ = value_ = nullptr;
    std::tie(section_key_, section_value_) = entry_of(tree, section_);
    if (section_value_ != nullptr) std::tie(key_, value_) = entry_of(*section_value_, name_);
  }
  static std::pair<const Node*, const Node*> entry_of(const Node& map, const std::string& name) {
    for (std::size_t i = 0; i < map.keys.size(); ++i) {
      if (map.keys[i].text == name) return {&map.keys[i], &map.items[i]};
    }
    return {nullptr, nullptr};
  }

  Leaves leaves_without(const Node& tree) const {
    Leaves all, out;
    collect(tree, "", all);
    for (const auto& [path, value] : all) {
      if (path != path_ && path.rfind(path_ + "\n", 0) != 0) out[path] = value;
    }
    return out;
  }

  Result<std::string> first_that_holds(const std::vector<std::string>& tries, const Leaves& wanted,
                                       const std::string& hint) const {
    for (const std::string& text : tries) {
      const auto tree = parse(text, edit_.file, form_);
      if (!tree) continue;
      Leaves got;
      collect(*tree, "", got);
      if (got == wanted) return text;
    }
    const Place place = value_ == nullptr ? Place{} : value_->place;
    return tl::unexpected(
        workspace::at(edit_.file, place, "\"" + edit_.key + "\" cannot be edited here by a program", hint));
  }

  std::size_t offset_of(Place place) const {  // columns count characters
    std::size_t offset = 0;
    for (int line = 1; line < place.line && static_cast<std::size_t>(line) <= lines_.size(); ++line) {
      offset += lines_[static_cast<std::size_t>(line) - 1].size();
    }
    for (int column = 1; column < place.column && offset < edit_.text.size(); ++column) {
      ++offset;
      while (offset < edit_.text.size() && (static_cast<unsigned char>(edit_.text[offset]) & 0xc0) == 0x80) ++offset;
    }
    return offset;
  }

  std::string spliced(std::size_t from, std::size_t to, const std::string& with) const {
    return edit_.text.substr(0, from) + with + edit_.text.substr(to);
  }
  // The lines [first, last] (from 0) in place of which `with` stands.
  std::string with_lines(std::size_t first, std::size_t last, const std::string& with) const {
    std::string out;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      if (i == first) out += with;
      if (i < first || i > last) out += lines_[i];
    }
    return out;
  }
  std::string with_line_after(std::size_t count, const std::string& line) const {  // behind the first `count` lines
    std::string out;
    for (std::size_t i = 0; i < std::min(count, lines_.size()); ++i) out += lines_[i];
    if (!out.empty() && out.back() != '\n') out += eol_;
    out += line;
    for (std::size_t i = count; i < lines_.size(); ++i) out += lines_[i];
    return out;
  }

  std::optional<std::pair<std::size_t, std::size_t>> span_of_value(bool in_flow) const {
    const std::size_t begin = offset_of(value_->place);
    if (begin >= edit_.text.size()) return std::nullopt;
    const std::size_t end = ValueEnd(edit_.text, form_, in_flow).find(begin);
    if (end == std::string::npos) return std::nullopt;
    return std::pair(begin, end);
  }

  int last_line_of(const Node& node) const {
    int line = node.place.line;
    for (const Node& item : node.items) line = std::max(line, last_line_of(item));
    for (const Node& key : node.keys) line = std::max(line, key.place.line);
    return line;
  }

  void replace_value(std::vector<std::string>& tries) const {
    if (value_->kind == Node::Kind::null) {  // "key:" in YAML
      const std::size_t colon = edit_.text.find(':', offset_of(key_->place));
      if (colon != std::string::npos) tries.push_back(spliced(colon + 1, colon + 1, " " + edit_.written));
      return;
    }
    for (const bool in_flow : {false, true}) {
      if (const auto span = span_of_value(in_flow)) tries.push_back(spliced(span->first, span->second, edit_.written));
    }
    if (form_ == Form::yaml && value_->kind == Node::Kind::list) {  // one item a line
      const auto first = static_cast<std::size_t>(key_->place.line) - 1;
      const auto last = static_cast<std::size_t>(last_line_of(*value_)) - 1;
      tries.push_back(with_lines(first, last, indent_of(*key_) + entry()));
    }
  }

  static std::string indent_of(const Node& key) {
    return std::string(static_cast<std::size_t>(std::max(key.place.column - 1, 0)), ' ');
  }

  void insert_in_toml(std::vector<std::string>& tries) const {
    std::size_t end = 0;
    bool inside = false;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      const std::string line = trimmed(lines_[i]);
      if (!line.empty() && line[0] == '[') {
        const std::string head = "[" + section_ + "]";
        inside = line.rfind(head, 0) == 0;
        if (inside) end = i + 1;
      } else if (inside && !line.empty() && line[0] != '#') {
        end = i + 1;
      }
    }
    if (end > 0) tries.push_back(with_line_after(end, entry()));
    const std::string gap = edit_.text.empty() ? "" : eol_;
    tries.push_back(with_line_after(lines_.size(), gap + own_file()));
    tries.push_back(section_ + "." + entry() + edit_.text);
  }

  void insert_in_yaml(std::vector<std::string>& tries) const {
    if (section_value_ == nullptr) {
      tries.push_back(with_line_after(lines_.size(), own_file()));
      return;
    }
    const auto head_line = static_cast<std::size_t>(section_key_->place.line);
    if (section_value_->keys.empty()) {
      const std::size_t brace = edit_.text.find('{', offset_of(section_key_->place));
      tries.push_back(with_line_after(head_line, "  " + entry()));
      if (brace != std::string::npos) tries.push_back(spliced(brace + 1, brace + 1, trimmed(entry())));
      return;
    }
    const Node& first = section_value_->keys.front();
    const auto last_line = static_cast<std::size_t>(last_line_of(*section_value_));
    const std::size_t at = offset_of(first.place);
    tries.push_back(with_line_after(last_line, indent_of(first) + entry()));
    tries.push_back(spliced(at, at, trimmed(entry()) + ", "));
  }

  // Between braces: with the comma behind it, or (of the last one) the comma before it.
  std::string without_entry(std::size_t begin, std::size_t end) const {
    const auto skip_spaces = [&](std::size_t at) {
      return std::min(edit_.text.find_first_not_of(' ', at), edit_.text.size());
    };
    const std::size_t next = skip_spaces(end);
    if (next < edit_.text.size() && edit_.text[next] == ',') return spliced(begin, skip_spaces(next + 1), "");
    const std::size_t before = begin == 0 ? std::string::npos : edit_.text.find_last_not_of(' ', begin - 1);
    const bool comma = before != std::string::npos && edit_.text[before] == ',';
    return spliced(comma ? before : begin, end, "");
  }

  void remove_value(std::vector<std::string>& tries) const {
    const auto first = static_cast<std::size_t>(key_->place.line) - 1;
    const std::size_t begin = offset_of(key_->place);
    for (const bool in_flow : {false, true}) {
      const auto span = value_->kind == Node::Kind::null ? std::nullopt : span_of_value(in_flow);
      if (!span) continue;
      const auto newlines =
          std::count(edit_.text.begin(), edit_.text.begin() + static_cast<std::ptrdiff_t>(span->second), '\n');
      tries.push_back(with_lines(first, static_cast<std::size_t>(newlines), ""));
      tries.push_back(without_entry(begin, span->second));
    }
    tries.push_back(with_lines(first, static_cast<std::size_t>(last_line_of(*value_)) - 1, ""));
  }

  const Edit& edit_;
  const Form form_;
  const std::vector<std::string> lines_;
  std::string section_, name_, eol_, path_;
  const Node *section_key_ = nullptr, *section_value_ = nullptr, *key_ = nullptr, *value_ = nullptr;
};

}  // namespace

Form form_of(const std::string& file) { return file.ends_with(".yaml") ? Form::yaml : Form::toml; }

Result<std::string> set_in(const Edit& edit, Form form) { return Editor(edit, form).set(); }

Result<std::string> unset_in(const Edit& edit, Form form) { return Editor(edit, form).unset(); }

}  // namespace prov::config
