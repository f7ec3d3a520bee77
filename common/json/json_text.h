#pragma once
// JSON written straight into a string, for what is answered thousands of times a second: a value of the library's would
// be made, written out and taken apart for it.
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace prov {

// In quotes; bytes that are no UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

// An object, from its construction to its destruction; between, nobody else writes to `out` but what a member holds.
// Names are written as they are.
class ObjectText {
 public:
  explicit ObjectText(std::string& out) : out_(out) { out_ += '{'; }
  ~ObjectText() { out_ += '}'; }
  ObjectText(const ObjectText&) = delete;
  ObjectText& operator=(const ObjectText&) = delete;

  void text(std::string_view name, std::string_view value) {
    begin(name);
    append_json_string(out_, value);
  }
  void number(std::string_view name, std::uint64_t value) {
    char digits[20];
    begin(name);
    out_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  }
  void null(std::string_view name) {
    begin(name);
    out_ += "null";
  }
  // Each of `items` by `write(out, item)`.
  template <class Items, class Write>
  void list(std::string_view name, const Items& items, Write write) {
    begin(name);
    out_ += '[';
    bool first = true;
    for (const auto& item : items) {
      if (!first) out_ += ',';
      first = false;
      write(out_, item);
    }
    out_ += ']';
  }
  std::string& begin(std::string_view name) {  // whose value the caller writes
    if (!first_) out_ += ',';
    first_ = false;
    out_ += '"';
    out_ += name;
    out_ += "\":";
    return out_;
  }

 private:
  std::string& out_;
  bool first_ = true;
};

}  // namespace prov
