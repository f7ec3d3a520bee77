#include "coordinator/expression/glob.h"

#include <algorithm>

#include "common/utf8.h"

namespace prov::expression {

struct Glob::Reading {
  std::string_view rest;

  char peek() const { return rest.empty() ? '\0' : rest.front(); }
  char32_t take() {
    const Character character = first_character(rest);
    rest.remove_prefix(character.bytes);
    return character.code;
  }
};

bool Glob::Piece::accepts(char32_t character) const {
  const bool in = std::any_of(ranges.begin(), ranges.end(),
                              [&](const auto& range) { return range.first <= character && character <= range.second; });
  return in == (kind == one_of);
}

// Behind "[". As in a shell, a "]" that comes first stands for itself.
Result<Glob::Piece> Glob::read_set(Reading& reading) {
  Piece set;
  if (reading.peek() == '!' || reading.peek() == '^') {
    set.kind = Piece::none_of;
    reading.take();
  }
  while (!reading.rest.empty() && (reading.peek() != ']' || set.ranges.empty())) {
    const char32_t first = reading.take();
    char32_t last = first;
    if (reading.peek() == '-' && reading.rest.size() > 1 && reading.rest[1] != ']') {
      reading.take();
      last = reading.take();
    }
    if (last < first) return fail(Code::invalid, "a range that runs backwards in [...]");
    set.ranges.emplace_back(first, last);
  }
  if (reading.rest.empty())
    return fail(Code::invalid, "a \"[\" without its \"]\"", "[[] stands for the character itself");
  reading.take();
  return set;
}

Result<Glob> Glob::compile(std::string_view pattern) {
  if (pattern.size() > kMaxGlobBytes) {
    return fail(Code::invalid, "a pattern of " + std::to_string(pattern.size()) + " bytes; it can have " +
                                   std::to_string(kMaxGlobBytes));
  }
  Glob glob;
  glob.text_ = pattern;
  Reading reading{pattern};
  while (!reading.rest.empty()) {
    const char32_t c = reading.take();
    if (c == U'*') {
      if (glob.pieces_.empty() || glob.pieces_.back().kind != Piece::any_run)
        glob.pieces_.push_back({Piece::any_run, {}});
    } else if (c == U'?') {
      glob.pieces_.push_back({Piece::none_of, {}});
    } else if (c == U'[') {
      auto set = read_set(reading);
      if (!set) return tl::unexpected(set.error());
      glob.pieces_.push_back(std::move(*set));
    } else {
      glob.pieces_.push_back({Piece::one_of, {{c, c}}});
    }
  }
  glob.plain_ = pattern.find_first_of("*?[") == std::string_view::npos;
  return glob;
}

// Only the last star is ever stretched: what the ones before it took can stay as it is.
bool Glob::matches(std::string_view text) const {
  if (plain_) return text == text_;
  constexpr std::size_t kNone = std::string_view::npos;
  std::size_t piece = 0, at = 0, star = kNone, star_at = 0;
  while (at < text.size()) {
    if (piece < pieces_.size() && pieces_[piece].kind == Piece::any_run) {
      star = piece++;
      star_at = at;
      continue;
    }
    const Character character = first_character(text.substr(at));
    if (piece < pieces_.size() && pieces_[piece].accepts(character.code)) {
      ++piece;
      at += character.bytes;
      continue;
    }
    if (star == kNone) return false;
    star_at += first_character(text.substr(star_at)).bytes;
    at = star_at;
    piece = star + 1;
  }
  while (piece < pieces_.size() && pieces_[piece].kind == Piece::any_run) ++piece;
  return piece == pieces_.size();
}

}  // namespace prov::expression
