#pragma once
// A condition with its names looked up: what a name means where it was written is settled once, by whoever knows.
#include <functional>
#include <string>
#include <string_view>
#include <variant>

#include "common/result.h"
#include "coordinator/expression/condition.h"

namespace prov::expression {

using Replacement = std::variant<Name, Value>;  // another name, or a value that stands there as a literal from now on
using Replace = std::function<Result<Replacement>(const Name&)>;

// Reads the condition, replaces its names and writes it out; what comes out can be read again. A value is data: it
// becomes a literal, whatever is in it. Code::invalid as from Condition::parse, or what `replace` says of a name, with
// its place.
Result<std::string> rewrite_condition(std::string_view source, const Replace& replace);

}  // namespace prov::expression
