#pragma once
// Patterns of names and values: `*` any characters, `?` one, `[abc]` and `[a-z]` one of these, `[!abc]` one of the
// others; everything else is itself, and `[*]` is a star. Not a regular expression: a match takes at most
// kMaxGlobBytes steps for each character of the text, whatever the pattern.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"

namespace prov::expression {

inline constexpr std::size_t kMaxGlobBytes = 256;

class Glob {
 public:
  Glob() = default;  // matches the empty text alone
  static Result<Glob> compile(std::string_view pattern);

  bool matches(std::string_view text) const;  // the whole of it; case matters
  bool is_plain() const { return plain_; }    // matches one text alone
  const std::string& text() const { return text_; }

 private:
  struct Piece {
    enum Kind { one_of, none_of, any_run } kind = one_of;
    std::vector<std::pair<char32_t, char32_t>> ranges;  // first and last
    bool accepts(char32_t character) const;
  };
  struct Reading;
  static Result<Piece> read_set(Reading& reading);

  std::string text_;
  std::vector<Piece> pieces_;
  bool plain_ = true;
};

}  // namespace prov::expression
