#pragma once
// May this principal give this command? Asked before decide and again when an effect of it is dispatched. Deny by
// default. Solo mode: the owner may do everything an operator can; agents may only speak of themselves; what comes
// from inside is the system's.
#include <set>
#include <string>

#include "common/result.h"
#include "coordinator/domain/commands.h"
#include "coordinator/domain/state.h"

namespace prov::domain {

struct Policy {
  std::set<std::string> owners;  // subjects, e.g. "uid:0"
};

Result<void> authorize(const Policy& policy, const Principal& who, const Command& command);

// Reading: lists, audit, feeds, output.
Result<void> authorize_read(const Policy& policy, const Principal& who);

// Again at dispatch: may the one who started this workflow still have this task done?
Result<void> authorize_task(const Policy& policy, const Workflow& workflow, const Task& task);

}  // namespace prov::domain
