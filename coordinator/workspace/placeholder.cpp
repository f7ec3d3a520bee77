#include "coordinator/workspace/placeholder.h"

#include <algorithm>

namespace prov::workspace {
namespace {

bool is_part_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool take_word(std::string_view& name, std::vector<std::string>& parts) {
  const auto end = std::find_if_not(name.begin(), name.end(), is_part_character);
  const auto length = static_cast<std::size_t>(end - name.begin());
  if (length == 0) return false;
  parts.emplace_back(name.substr(0, length));
  name.remove_prefix(length);
  return true;
}

bool take_bracket(std::string_view& name, std::vector<std::string>& parts) {
  if (name.substr(0, 2) != "[\"") return false;
  std::string part;
  std::size_t i = 2;
  for (; i < name.size() && name[i] != '"'; ++i) {
    if (name[i] == '\\' && ++i == name.size()) return false;
    part += name[i];
  }
  if (name.substr(i, 2) != "\"]" || part.empty()) return false;
  parts.push_back(std::move(part));
  name.remove_prefix(i + 2);
  return true;
}

bool read_name(std::string_view name, std::vector<std::string>& parts) {
  if (!take_word(name, parts)) return false;
  while (!name.empty()) {
    if (name.front() == '.') {
      name.remove_prefix(1);
      if (!take_word(name, parts)) return false;
    } else if (!take_bracket(name, parts)) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::optional<Placeholder> next_placeholder(std::string_view text, std::size_t from) {
  const std::size_t begin = text.find("{{", from);
  if (begin == std::string_view::npos) return std::nullopt;
  Placeholder found{begin, text.find("}}", begin + 2), {}};
  if (found.end == std::string_view::npos) return found;
  if (!read_name(trimmed(text.substr(begin + 2, found.end - begin - 2)), found.parts)) found.parts.clear();
  found.end += 2;
  return found;
}

std::string dotted(const std::vector<std::string>& parts) {
  std::string out;
  for (const auto& part : parts) {
    if (std::all_of(part.begin(), part.end(), is_part_character)) {
      out += (out.empty() ? "" : ".") + part;
      continue;
    }
    out += "[\"";
    for (const char c : part) out += (c == '"' || c == '\\' ? std::string("\\") : std::string()) + c;
    out += "\"]";
  }
  return out;
}

std::string placeholder_text(const std::vector<std::string>& parts) { return "{{" + dotted(parts) + "}}"; }

}  // namespace prov::workspace
