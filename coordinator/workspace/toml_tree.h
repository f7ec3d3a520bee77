#pragma once
// A TOML file as the same tree of values as a YAML file (yaml_tree.h), so that nobody behind it needs to know which of
// the two an operator writes. A text is a quoted scalar; numbers, booleans and dates are plain ones, as they read in
// YAML. toml++ stays in its unit.
#include <string>

#include "coordinator/workspace/yaml_tree.h"

namespace prov::workspace {

// UTF-8 within the limits. Keys of a table come in the order of the file.
Result<Node> parse_toml(const std::string& text, const std::string& file, const TreeLimits& limits = {});

}  // namespace prov::workspace
