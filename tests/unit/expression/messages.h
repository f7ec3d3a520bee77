#pragma once
// What an expression is refused with, in one text.
#include <string>

#include "common/result.h"

namespace prov::expression {

template <class T>
std::string refusal(const Result<T>& result) {
  return result ? "it was accepted" : result.error().message + "\n  hint: " + result.error().hint;
}

// The message up to the picture, which says what, at which column, and what is right.
template <class T>
std::string refusal_line(const Result<T>& result) {
  return result ? "it was accepted" : result.error().message.substr(0, result.error().message.find('\n'));
}

}  // namespace prov::expression
