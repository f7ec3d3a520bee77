// The course of a workflow that is there: stop it, let it go on, do it again, undo it. Of batches too: they are
// workflows; only which is the newest differs.

#include "common/ids.h"
#include "common/json/json.h"
#include "coordinator/cli/monitor.h"
#include "coordinator/cli/submit.h"
#include "coordinator/cli/verbs/verbs.h"
#include "coordinator/cli/views/plan_view.h"
#include "coordinator/cli/views/render.h"

namespace prov::cli {

using nlohmann::json;

namespace {

std::string course_path(const std::string& workflow, const char* verb) {
  return "/workflows/" + path_segment(workflow) + "/" + verb;
}

struct Told {
  std::string changed, unchanged, next;  // "WORKFLOW is paused"; what is said after the workflow's id
};

Result<Exit> change(Context& context, const std::string& workflow, const char* verb, const json& body,
                    const Told& told) {
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  auto done = (*client)->post(course_path(workflow, verb), {}, body);
  if (!done) return tl::unexpected(done.error());
  context.print(*done, [&] {
    return "workflow " + workflow + " " + (flag_in(*done, "changed") ? told.changed : told.unchanged) + "\n";
  });
  context.console.say(told.next + " " + workflow);
  return Exit::ok;
}

}  // namespace

Result<Exit> workflow_pause(Context& context) {
  auto id = asked_workflow(context);
  if (!id) return tl::unexpected(id.error());
  return change(context, *id, "pause", {{"reason", context.call.value("reason")}},
                {"is paused: what is out goes on, nothing new begins", "was paused already",
                 "let it go on: provisioning workflow resume"});
}

Result<Exit> workflow_resume(Context& context) {
  auto id = asked_workflow(context);
  if (!id) return tl::unexpected(id.error());
  return change(context, *id, "resume", nullptr,
                {"goes on", "was not paused", "follow it: provisioning workflow monitor"});
}

Result<Exit> workflow_approve(Context& context) {
  const std::string asked = context.call.args.empty() ? "" : context.call.args[0];
  const auto whole = parse_id(asked);
  const bool step = asked.find('/') != std::string::npos || (whole && task_index(*whole));
  auto id = step ? task_in_question(context, asked) : asked_workflow(context);
  if (!id) return tl::unexpected(id.error());
  const bool reject = context.call.has("reject");
  json body{{"reject", reject}, {"comment", context.call.value("comment")}};
  std::string workflow = *id;
  if (const auto task = parse_id(*id); step && task) {
    body["task"] = *id;
    workflow = to_text(workflow_id(*task));
  }
  return change(context, workflow, "approve", body,
                {reject ? "was told no" : "was told yes", "waited for nobody",
                 "see how it goes on: provisioning workflow monitor"});
}

Result<Exit> workflow_retry(Context& context) {
  if (auto fine = check_waiting(context); !fine) return tl::unexpected(fine.error());
  auto id = asked_workflow(context);
  if (!id) return tl::unexpected(id.error());
  Submission submission;
  submission.path = course_path(*id, "retry");
  submission.body = {{"in_doubt", context.call.has("in-doubt")}};
  if (const auto steps = context.call.values("step"); !steps.empty()) submission.body["operations"] = steps;
  return submit(context, submission);
}

Result<Exit> workflow_rollback(Context& context) {
  auto id = asked_workflow(context);
  if (!id) return tl::unexpected(id.error());
  Submission submission;
  submission.path = course_path(*id, "rollback");
  submission.body = {{"checkpoint", context.call.value("to")}};
  submission.question = "Undo this?";
  return submit_asking(context, std::move(submission));
}

}  // namespace prov::cli
