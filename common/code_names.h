#pragma once
// Codes as they cross a boundary: by name in an API's error, by status where HTTP is all that was understood.
#include <optional>
#include <string_view>

#include "common/result.h"

namespace prov {

std::string_view name_of(Code code);                    // "not_found"
std::optional<Code> code_named(std::string_view name);  // nullopt: a word of a later release, or nonsense
int http_status(Code code);                             // 404
Code code_of_http_status(int status);                   // internal, where a status stands for none

}  // namespace prov
