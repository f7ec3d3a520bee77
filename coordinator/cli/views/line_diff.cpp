#include "coordinator/cli/views/line_diff.h"

#include <algorithm>
#include <vector>

namespace prov::cli {
namespace {

constexpr std::size_t kMaxLines = 1000;
constexpr std::size_t kAround = 2;

struct Line {
  char sign;
  std::string text;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    out.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

// Lengths of the longest common subsequences of what is left from (i, j) on.
std::vector<std::vector<unsigned>> common_lengths(const std::vector<std::string>& a,
                                                  const std::vector<std::string>& b) {
  std::vector<std::vector<unsigned>> length(a.size() + 1, std::vector<unsigned>(b.size() + 1));
  for (std::size_t i = a.size(); i-- > 0;) {
    for (std::size_t j = b.size(); j-- > 0;) {
      length[i][j] = a[i] == b[j] ? length[i + 1][j + 1] + 1 : std::max(length[i + 1][j], length[i][j + 1]);
    }
  }
  return length;
}

std::vector<Line> compared(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  std::vector<Line> out;
  if (a.size() > kMaxLines || b.size() > kMaxLines) {
    for (const auto& line : a) out.push_back({'-', line});
    for (const auto& line : b) out.push_back({'+', line});
    return out;
  }
  const auto length = common_lengths(a, b);
  std::size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    const bool same = i < a.size() && j < b.size() && a[i] == b[j];
    if (same) {
      out.push_back({' ', a[i++]});
      ++j;
    } else if (j == b.size() || (i < a.size() && length[i + 1][j] >= length[i][j + 1])) {
      out.push_back({'-', a[i++]});
    } else {
      out.push_back({'+', b[j++]});
    }
  }
  return out;
}

}  // namespace

std::string line_diff(const std::string& before, const std::string& after) {
  if (before == after) return {};
  const auto lines = compared(lines_of(before), lines_of(after));
  std::string out;
  std::size_t shown_to = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::size_t from = i < kAround ? 0 : i - kAround, to = std::min(i + kAround + 1, lines.size());
    const bool near =
        std::any_of(lines.begin() + static_cast<std::ptrdiff_t>(from), lines.begin() + static_cast<std::ptrdiff_t>(to),
                    [](const Line& line) { return line.sign != ' '; });
    if (!near) continue;
    if (i > shown_to) out += "  ...\n";
    out += std::string(1, lines[i].sign) + " " + lines[i].text + "\n";
    shown_to = i + 1;
  }
  return out;
}

}  // namespace prov::cli
