#include "coordinator/expression/order.h"

#include <algorithm>
#include <charconv>

#include "coordinator/expression/source.h"

namespace prov::expression {
namespace {

enum class PieceKind { word, end, number };  // an end counts as the number 0

struct Piece {
  PieceKind kind = PieceKind::end;
  std::string_view text;  // of a number: without leading zeros
};

bool is_word(char c) { return is_letter(c) || static_cast<unsigned char>(c) >= 0x80; }

// Skips what separates pieces, and takes one off `text`.
Piece take_piece(std::string_view& text) {
  while (!text.empty() && !is_digit(text.front()) && !is_word(text.front())) text.remove_prefix(1);
  if (text.empty()) return {};
  const bool number = is_digit(text.front());
  const auto* const end =
      std::find_if(text.begin(), text.end(), [&](char c) { return number ? !is_digit(c) : !is_word(c); });
  std::string_view piece = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(piece.size());
  if (!number) return {PieceKind::word, piece};
  piece.remove_prefix(std::min(piece.find_first_not_of('0'), piece.size()));
  return {PieceKind::number, piece};
}

std::weak_ordering order_of(const Piece& a, const Piece& b) {
  const bool word_a = a.kind == PieceKind::word, word_b = b.kind == PieceKind::word;
  if (word_a != word_b) return word_a ? std::weak_ordering::less : std::weak_ordering::greater;
  if (!word_a && a.text.size() != b.text.size()) return a.text.size() <=> b.text.size();
  return a.text <=> b.text;
}

std::weak_ordering order_by_pieces(std::string_view a, std::string_view b) {
  for (;;) {
    const Piece piece_a = take_piece(a), piece_b = take_piece(b);
    if (piece_a.kind == PieceKind::end && piece_b.kind == PieceKind::end) return std::weak_ordering::equivalent;
    if (const auto result = order_of(piece_a, piece_b); result != 0) return result;
  }
}

}  // namespace

std::weak_ordering order(std::string_view a, std::string_view b) {
  const bool by_pieces = !a.empty() && !b.empty() && is_digit(a.front()) && is_digit(b.front());
  return by_pieces ? order_by_pieces(a, b) : std::weak_ordering(a <=> b);
}

std::optional<double> read_number(std::string_view text) {
  const std::size_t sign = text.starts_with('-') ? 1 : 0;
  if (text.size() == sign || !is_digit(text[sign]) || !is_digit(text.back())) return std::nullopt;  // no ".5", "5."
  if (text.find(".e") != std::string_view::npos || text.find(".E") != std::string_view::npos) return std::nullopt;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace prov::expression
