#pragma once
// What expressions may look at: hosts for target expressions, names for conditions and for `{{NAME}}` in arguments. All
// of it comes from the state, so that the answer is the same wherever it is asked.
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "coordinator/domain/state.h"
#include "coordinator/expression/condition.h"
#include "coordinator/expression/targets.h"

namespace prov::domain {

// Every host of the workspace, by name: its servers, and what has an agent without being a server of ours.
std::vector<expression::HostView> host_views(const State& state, const std::string& workspace);

// A server as it will be, whose agent has not been seen.
expression::HostView view_of(const ServerSpec& spec, const std::string& status);

// params, facts, outputs, result; null for what is not known. `host`: whose host.NAME is meant; may be empty.
expression::Value value_of(const State& state, const Workflow& workflow, const std::string& host,
                           const expression::Name& name);

Result<bool> evaluate(const State& state, const Workflow& workflow, const std::string& condition);

// The names in `{{NAME}}`; invalid when one does not parse or is not closed. A value is not looked at again.
Result<std::vector<expression::Name>> names_in(std::string_view text);
// The text with its `{{NAME}}` replaced, a list by its values with commas between them; invalid when one has no value,
// exhausted when no program would take an argument of that length.
Result<std::string> fill_in(const State& state, const Workflow& workflow, const std::string& host,
                            std::string_view text);

}  // namespace prov::domain
