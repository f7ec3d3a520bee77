#pragma once
// What the routes of workflows share.
#include "coordinator/api/routes/call.h"

namespace prov::api {

// The workflow that the path names, if the query's workspace is not another; answers where there is none. Owner's
// thread.
const domain::Workflow* asked_workflow(const CallPtr& call, const std::string& workspace);

// Owner's thread: the command is one that makes a workflow. Answers with its plan and, unless `wish` is only to be
// told, with the workflow.
void plan_or_submit(const CallPtr& call, domain::Command command, const Wish& wish);

}  // namespace prov::api
