#pragma once
// Following a workflow live until it ends: from the feed, which is resumed by its sequence when the connection breaks.
#include <string>

#include "coordinator/cli/context.h"

namespace prov::cli {

// Shows what happens, then prints the summary (or the workflow, with --out) and returns its outcome as an exit.
// --timeout SECONDS and Ctrl-C leave the workflow running, and say how to come back.
Result<Exit> follow_workflow(Context& context, const std::string& workflow);

// `asked`, or the id of the newest workflow of the workspace when it is empty. Short forms of an id are found.
Result<std::string> workflow_in_question(Context& context, const std::string& asked);

}  // namespace prov::cli
