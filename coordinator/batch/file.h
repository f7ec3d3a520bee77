#pragma once
// One batch file without a look at its operations: what stands beside them.
#include <memory>
#include <string>
#include <vector>

#include "coordinator/batch/batch.h"
#include "coordinator/batch/operation.h"
#include "coordinator/batch/scope.h"

namespace prov::batch {

Result<Node> parse_batch_tree(const BatchText& source);  // YAML or TOML, within the limits of batch.h

struct BatchHead {
  std::string name, version, infra;
  std::uint32_t parallel_limit = 0;
  bool preserve_successful = false;
  ParamValues params;
  FileSettings settings;
  std::vector<std::string> notes;
  const Node* operations = nullptr;  // within the tree; without a place when there are none
};

// Everything but the operations, which stand in the tree. `around` holds where the file says nothing itself.
BatchHead read_batch_head(Reading& reading, const Node& tree, const OperationDefaults& around);

// A mapping of names to texts, numbers, true, false, or lists of these.
ParamValues read_param_values(Reading& reading, const Node* node);

std::string param_text(const Node& value);  // a list is joined by spaces

}  // namespace prov::batch
