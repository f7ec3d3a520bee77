#pragma once
// Lines on standard error: those that stay, and below them, on a terminal only, an area that is drawn anew in place.
#include <string>
#include <vector>

#include "coordinator/cli/views/console.h"

namespace prov::cli {

class LiveView {
 public:
  explicit LiveView(Console& console) : console_(console) {}
  ~LiveView() { clear(); }
  LiveView(const LiveView&) = delete;
  LiveView& operator=(const LiveView&) = delete;

  void line(const std::string& text);                // stays
  void draw(const std::vector<std::string>& lines);  // replaces the area; nothing where there is no movement
  void clear();

 private:
  Console& console_;
  std::vector<std::string> drawn_;
};

}  // namespace prov::cli
