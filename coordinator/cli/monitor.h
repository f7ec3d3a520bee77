#pragma once
// Following a workflow live until it ends: from the feed, which is resumed by its sequence when the connection breaks.
#include <functional>
#include <string>

#include "coordinator/cli/context.h"

namespace prov::cli {

// Shows what happens, then prints the summary (or the workflow, with --out) and returns its outcome as an exit.
// --timeout SECONDS and Ctrl-C leave the workflow running, and say how to come back.
//
// `ending` takes the place of summary and result: what it is given is how the workflow ended, as an exit.
using Ending = std::function<Result<Exit>(const std::string& workflow, Exit exit)>;
Result<Exit> follow_workflow(Context& context, const std::string& workflow, const Ending& ending = {});
// The same where --timeout means something else: it is followed to its end.
Result<Exit> follow_to_end(Context& context, const std::string& workflow, const Ending& ending = {});

// `asked`, or the id of the newest workflow of the workspace when it is empty. Short forms of an id are found. `path`:
// the list that is looked through, "/workflows" or "/workflows/batch".
Result<std::string> workflow_in_question(Context& context, const std::string& asked,
                                         const std::string& path = "/workflows");

// The workflow of `workflow VERB [ID]`, or of `batch VERB [ID]`.
Result<std::string> asked_workflow(Context& context);

// A task by its id; a number is that step of the newest workflow, and "ID/NUMBER" of that workflow.
Result<std::string> task_in_question(Context& context, const std::string& asked);

}  // namespace prov::cli
