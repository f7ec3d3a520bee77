#include "coordinator/cli/views/live_view.h"

namespace prov::cli {

void LiveView::line(const std::string& text) {
  const std::vector<std::string> area = drawn_;
  clear();
  console_.say(text);
  draw(area);
}

void LiveView::draw(const std::vector<std::string>& lines) {
  if (!console_.settings().movement || lines == drawn_) return;
  std::string bytes;
  if (!drawn_.empty()) bytes = "\r\033[" + std::to_string(drawn_.size()) + "A";
  for (const auto& text : lines) bytes += "\r\033[K" + text + "\n";
  if (drawn_.size() > lines.size()) bytes += "\033[J";
  console_.talk_raw(bytes);
  drawn_ = lines;
}

void LiveView::clear() {
  if (drawn_.empty()) return;
  console_.talk_raw("\r\033[" + std::to_string(drawn_.size()) + "A\033[J");
  drawn_.clear();
}

}  // namespace prov::cli
