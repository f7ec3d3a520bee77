#pragma once
// A value that nobody else may come to know, while it is in memory. It is no text: no event, blob, message or log line
// can be made of it by accident; only expose() shows it. Its memory is wiped when it goes.
#include <string.h>

#include <string>
#include <string_view>
#include <utility>

namespace prov {

class Secret {
 public:
  explicit Secret(std::string&& value) : value_(value) { wipe(value); }  // leaves nothing behind
  Secret(Secret&& other) noexcept { value_.swap(other.value_); }
  Secret& operator=(Secret&& other) noexcept {
    value_.swap(other.value_);
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { wipe(value_); }

  std::string_view expose() const { return value_; }  // a copy of it is the caller's to wipe

 private:
  static void wipe(std::string& text) {
    ::explicit_bzero(text.data(), text.size());
    text.clear();
  }
  std::string value_;
};

}  // namespace prov
