#pragma once
// What the routes of workflows share.
#include <functional>
#include <string>

#include "coordinator/api/routes/call.h"

namespace prov::api {

// Goes on with the workflow that the path names, if the query's workspace is not another: at once with one of the
// working set, on the reader's thread with a state that holds one that left it. Answers where there is none. Owner's
// thread.
using Present = std::function<void(const domain::Workflow& workflow)>;
using Past = std::function<void(const domain::State& state, const domain::Workflow& workflow)>;
void with_workflow(const CallPtr& call, const std::string& workspace, const Present& present, const Past& past);

// Owner's thread: the command is one that makes a workflow. Answers with its plan and, unless `wish` is only to be
// told, with the workflow.
void plan_or_submit(const CallPtr& call, domain::Command command, const Wish& wish);

}  // namespace prov::api
