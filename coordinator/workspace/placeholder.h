#pragma once
// `{{NAME}}` in a text. NAME is parts joined by dots, a part is letters, digits, "_" and "-", or ["any text"]; spaces
// around it do not count.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace prov::workspace {

struct Placeholder {
  std::size_t begin = 0, end = 0;  // with the braces; end npos: they are not closed
  std::vector<std::string> parts;  // {"outputs", "build", "version"}; empty: what stands between them is no name
};

// The first "{{" at or behind `from`, and what belongs to it.
std::optional<Placeholder> next_placeholder(std::string_view text, std::size_t from);

std::string placeholder_text(const std::vector<std::string>& parts);  // {{outputs["a/b"].version}}
std::string dotted(const std::vector<std::string>& parts);            // outputs["a/b"].version

}  // namespace prov::workspace
