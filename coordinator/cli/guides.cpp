#include "coordinator/cli/guides.h"

#include <algorithm>

namespace prov::cli {
namespace {

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

class Reader {
 public:
  explicit Reader(Guide& guide) : guide_(guide) {}

  void take(std::string_view line) {
    if (line.substr(0, 2) == "# " && guide_.sections.empty()) {
      guide_.sections.push_back({std::string(line.substr(2)), "", {}});
    } else if (!in_commands_ && line.substr(0, 3) == "## ") {
      guide_.sections.push_back({std::string(line.substr(3)), "", {}});
    } else if (line == "```") {
      in_commands_ = !in_commands_;
    } else if (in_commands_) {
      section().commands.emplace_back(line);
      section().text += "    " + std::string(line) + "\n";
    } else if (!line.empty() || !section().text.empty()) {
      section().text += std::string(line) + "\n";
    }
  }

 private:
  GuideSection& section() { return guide_.sections.back(); }
  Guide& guide_;
  bool in_commands_ = false;
};

Guide read_guide(const EmbeddedFile& file) {
  Guide guide{std::string(file.name.substr(0, file.name.rfind('.'))), "", {}};
  Reader reader(guide);
  for (const auto line : lines_of(file.text)) reader.take(line);
  for (auto& section : guide.sections) {
    while (!section.text.empty() && section.text.back() == '\n') section.text.pop_back();
    section.text += "\n";
  }
  const std::string& first = guide.sections.front().text;
  guide.headline = first.substr(0, first.find_first_of(".:\n"));
  return guide;
}

}  // namespace

std::vector<Guide> guides() {
  std::vector<Guide> out;
  for (const auto& file : kEmbedded) out.push_back(read_guide(file));
  return out;
}

}  // namespace prov::cli
