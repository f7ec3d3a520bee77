#include "coordinator/expression/source.h"

#include <algorithm>
#include <vector>

#include "common/utf8.h"

namespace prov::expression {
namespace {

constexpr std::size_t kShownBefore = 48, kShownBehind = 28;  // characters around the place of a mistake
constexpr std::size_t kShownValue = 60;

bool is_space(char32_t c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Every character of `text`, or what is shown for it: one character each.
std::vector<std::string_view> printable(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const Character character = first_character(text);
    out.push_back(may_be_shown(character) ? text.substr(0, character.bytes) : is_space(character.code) ? " " : "?");
    text.remove_prefix(character.bytes);
  }
  return out;
}

std::string joined(const std::vector<std::string_view>& characters, std::size_t from, std::size_t to) {
  std::string out;
  for (std::size_t i = from; i < to; ++i) out += characters[i];
  return out;
}

// The source, or what stands around `column`, and the mark below it.
std::string picture(std::string_view source, std::size_t column) {
  const auto line = printable(source);
  const std::size_t mark = column - 1;
  const std::size_t from = mark > kShownBefore ? mark - kShownBefore : 0;
  const std::size_t to = std::min(line.size(), mark + kShownBehind);
  const std::string before = from > 0 ? "..." : "", behind = to < line.size() ? "..." : "";
  return "\n  " + before + joined(line, from, to) + behind + "\n  " + std::string(before.size() + mark - from, ' ') +
         "^";
}

}  // namespace

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

std::size_t column_of(std::string_view source, std::size_t offset) {
  std::size_t column = 1;
  for (std::size_t at = 0; at < offset; ++column) at += first_character(source.substr(at)).bytes;
  return column;
}

Error error_at_column(std::string_view source, std::size_t column, Complaint complaint) {
  std::string message = std::move(complaint.what) + " at column " + std::to_string(column);
  if (!complaint.more.empty()) message += "; " + complaint.more;
  return {Code::invalid, message + picture(source, column), std::move(complaint.hint)};
}

tl::unexpected<Error> fail_at(std::string_view source, std::size_t offset, Complaint complaint) {
  return tl::unexpected(error_at_column(source, column_of(source, offset), std::move(complaint)));
}

Result<void> check_source(std::string_view source, const std::string& example) {
  if (source.size() > kMaxSourceBytes) {
    return fail(Code::invalid, "the expression has " + std::to_string(source.size()) + " bytes; it can have " +
                                   std::to_string(kMaxSourceBytes));
  }
  bool blank = true;
  for (std::size_t at = 0; at < source.size();) {
    const Character character = first_character(source.substr(at));
    if (!may_be_shown(character) && !is_space(character.code)) {
      return fail_at(source, at, {"a byte that is no text", "an expression is UTF-8 without control characters", ""});
    }
    if (!is_space(character.code)) blank = false;
    at += character.bytes;
  }
  if (blank) return fail(Code::invalid, "the expression is empty", example);
  return {};
}

Result<void> check_written(const std::string& text) {
  if (text.size() <= kMaxSourceBytes) return {};
  return fail(Code::invalid, "the expression, written out, has " + std::to_string(text.size()) +
                                 " bytes; it can have " + std::to_string(kMaxSourceBytes));
}

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string shown_text(std::string_view text) {
  const auto line = printable(text.substr(0, 4 * (kShownValue + 1)));  // a character has four bytes at most
  if (line.size() <= kShownValue) return "\"" + joined(line, 0, line.size()) + "\"";
  return "\"" + joined(line, 0, kShownValue - 3) + "...\"";
}

char Cursor::peek(std::size_t ahead) const { return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0'; }

std::string_view Cursor::next_character() const {
  return ended() ? std::string_view() : source_.substr(at_, first_character(source_.substr(at_)).bytes);
}

void Cursor::skip_space() {
  while (!ended() && is_space(static_cast<unsigned char>(source_[at_]))) ++at_;
}

bool Cursor::take(std::string_view text) {
  if (source_.substr(at_, text.size()) != text) return false;
  at_ += text.size();
  return true;
}

Result<std::string> Cursor::take_quoted() {
  const std::size_t begin = at_;
  const char quote = source_[at_++];
  std::string out;
  while (!ended() && peek() != quote) {
    const char c = source_[at_];
    if (c == '\n' || c == '\r' || c == '\t') {
      return fail({"a line end or tab in a text", "it is written \\n or \\t", ""});
    }
    if (c != '\\') {
      out += c;
      ++at_;
      continue;
    }
    const char escaped = peek(1);
    if (std::string_view("\\\"'nt").find(escaped) == std::string_view::npos || escaped == '\0') {
      return fail({"a \\ that means nothing", "in a text there are \\\\ \\\" \\' \\n and \\t", ""});
    }
    out += escaped == 'n' ? '\n' : escaped == 't' ? '\t' : escaped;
    at_ += 2;
  }
  if (ended()) return fail(begin, {"a text that is not closed", "", std::string("close it with ") + quote});
  ++at_;
  return out;
}

}  // namespace prov::expression
