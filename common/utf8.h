#pragma once
// Text character by character, for what shows it to people or counts places in it.
#include <cstddef>
#include <string_view>

namespace prov {

inline constexpr char32_t kNoCharacter = 0xFFFFFFFF;

struct Character {
  char32_t code = kNoCharacter;  // kNoCharacter: the byte begins no UTF-8 (too long forms and surrogates are none)
  std::size_t bytes = 1;         // how many it takes
};

Character first_character(std::string_view text);  // REQUIRES: text is not empty

// A character that a terminal may be given: UTF-8 and no control character (C0, DEL, C1).
bool may_be_shown(const Character& character);

}  // namespace prov
