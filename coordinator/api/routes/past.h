#pragma once
// What handlers share for workflows that left the working set: the log still has them.
#include <functional>
#include <string>

#include "coordinator/api/routes/call.h"

namespace prov::api {

// Owner's thread: goes on, on the reader's thread, with a state that holds the workflow of `any` (its id, or that of
// one of its tasks) and nothing else. Answers with `none` where the log has no such workflow, or has it in another
// workspace than the one that was asked for (empty: any).
void with_past(const CallPtr& call, const Id& any, const std::string& workspace, const Error& none,
               std::function<void(const domain::State&)> work);

}  // namespace prov::api
