#pragma once
// The text of an expression: what may stand in it at all, reading it from left to right, and errors that point at the
// place. Both languages (targets.h, condition.h) stand on it; docs/formats/expressions.md describes them.
#include <cstddef>
#include <string>
#include <string_view>

#include "common/result.h"

namespace prov::expression {

inline constexpr std::size_t kMaxSourceBytes = 4096;
inline constexpr std::size_t kMaxNesting = 64;  // parentheses, brackets, calls and "not" within each other

struct Complaint {
  std::string what;  // goes before " at column N"
  std::string more;  // goes behind it
  std::string hint;
};

// Code::invalid: "WHAT at column N; MORE", then the source with a mark below that place. `offset` is in bytes; columns
// count characters from 1. A long source is cut to what stands around the place.
[[nodiscard]] tl::unexpected<Error> fail_at(std::string_view source, std::size_t offset, Complaint complaint);
Error error_at_column(std::string_view source, std::size_t column, Complaint complaint);

std::size_t column_of(std::string_view source, std::size_t offset);

// A source is UTF-8 without control characters (but tab and line ends, which are spaces), not blank, and at most
// kMaxSourceBytes long. `example` is the hint for a blank one.
Result<void> check_source(std::string_view source, const std::string& example);

// What an expression is written out as must be readable again, so it keeps the same limit.
Result<void> check_written(const std::string& text);

// "text" with \" \\ \n \t: what take_quoted reads back.
std::string in_quotes(std::string_view text);

// For messages: quoted, made safe for a terminal, and at most about 60 characters.
std::string shown_text(std::string_view text);

// Of ASCII alone, so that they are the same under every locale.
bool is_digit(char c);
bool is_letter(char c);
std::string lower(std::string text);

// Reads a source that check_source accepted.
class Cursor {
 public:
  explicit Cursor(std::string_view source) : source_(source) {}

  std::size_t at() const { return at_; }
  bool ended() const { return at_ == source_.size(); }
  char peek(std::size_t ahead = 0) const;  // NUL: the end
  bool next_is_quote() const { return peek() == '"' || peek() == '\''; }
  std::string_view next_character() const;  // of UTF-8; for messages

  void skip_space();
  void skip(std::size_t bytes) { at_ += bytes; }
  bool take(std::string_view text);  // only if it stands here

  // The text in single or double quotes that stands here. REQUIRES: next_is_quote().
  Result<std::string> take_quoted();

  [[nodiscard]] tl::unexpected<Error> fail(Complaint complaint) const { return fail_at(source_, at_, complaint); }
  [[nodiscard]] tl::unexpected<Error> fail(std::size_t offset, Complaint complaint) const {
    return fail_at(source_, offset, complaint);
  }
  std::string_view text(std::size_t from) const { return source_.substr(from, at_ - from); }  // to here

 private:
  std::string_view source_;
  std::size_t at_ = 0;
};

}  // namespace prov::expression
