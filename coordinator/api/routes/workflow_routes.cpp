// Commands that make workflows, and workflows themselves.
#include "coordinator/projection/workflows.h"

#include <nlohmann/json.hpp>

#include "coordinator/api/routes/command_bodies.h"
#include "coordinator/api/routes/handlers.h"
#include "coordinator/projection/plan.h"

namespace prov::api {

using nlohmann::json;

namespace {

constexpr std::size_t kDefaultTasks = 1000;
constexpr std::size_t kMaxTasks = 10'000;

Error no_workflow(const std::string& id) {
  return {Code::not_found, "there is no workflow " + id.substr(0, 64) + " in the working set",
          "see: provisioning workflow list; older ones: provisioning audit log"};
}

// Noop and exec have one task per host at most worth telling, all for the same reason; the others are told by what the
// state holds now, which is gone when they are decided. So that preview is made before.
bool needs_preview(const domain::CommandBody& body) {
  return !std::holds_alternative<domain::RunNoop>(body) && !std::holds_alternative<domain::RunExec>(body);
}

projection::Plan plan_of_answer(const Backend& backend, const domain::Answer& answer,
                                const std::optional<projection::Plan>& preview) {
  if (preview && !answer.repeated) return *preview;
  const auto* workflow = answer.made.is_zero() ? nullptr : domain::find_workflow(backend.state(), answer.made);
  if (workflow == nullptr) return {};
  return projection::plan_of(*workflow, answer.repeated ? "as it was answered before" : "asked for");
}

void check(const CallPtr& call, const domain::Command& command) {
  const Backend& backend = call->services.backend;
  auto events = backend.check(command, call->asked.who);
  if (!events) return answer_durably(call, refusal(events.error()));
  answer_durably(call, ok(projection::plan_json(projection::plan_of(backend.state(), command, *events), Id{})));
}

void submit(const CallPtr& call, const domain::Command& command) {
  Backend& backend = call->services.backend;
  std::optional<projection::Plan> preview;
  if (needs_preview(command.body)) {
    auto events = backend.check(command, call->asked.who);  // its error, if any, comes from submit as well
    if (events) preview = projection::plan_of(backend.state(), command, *events);
  }
  backend.submit(command, call->asked.who,
                 [call, preview](Result<domain::Answer> answer) {
                   if (!answer) return call->refuse(answer.error());
                   const auto plan = plan_of_answer(call->services.backend, *answer, preview);
                   call->answer(ok(projection::plan_json(plan, answer->made)));
                 },
                 {});
}

void submit_workflow(const CallPtr& call, ReadBody read) {
  std::string workspace;
  if (!required_workspace(call, workspace)) return;
  QueryFields query(call->asked.target);
  const bool check_only = query.flag("check");
  if (query.error()) return call->refuse(*query.error());
  auto parsed = parse_body(call->body, read);
  call->body = {};
  if (!parsed) return call->refuse(parsed.error());
  auto body = std::make_shared<ParsedBody>(std::move(*parsed));
  on_owner(call, [call, workspace, body, check_only] {
    const domain::Command command = command_of(*call, workspace, std::move(body->command));
    check_only || body->check ? check(call, command) : submit(call, command);
  });
}

// The workflow that the path names, if the query's workspace is not another; answers where there is none.
const domain::Workflow* asked_workflow(const CallPtr& call, const std::string& workspace) {
  const auto id = parse_id(call->asked.params.at(0));
  const auto* found = id ? domain::find_workflow(call->services.backend.state(), *id) : nullptr;
  if (found != nullptr && (workspace.empty() || workspace == found->workspace)) return found;
  answer_durably(call, refusal(no_workflow(call->asked.params.at(0))));
  return nullptr;
}

}  // namespace

void post_create_servers(const CallPtr& call) { submit_workflow(call, read_create_servers); }
void post_delete_servers(const CallPtr& call) { submit_workflow(call, read_delete_servers); }
void post_create_taskservs(const CallPtr& call) { submit_workflow(call, read_create_taskservs); }
void post_delete_taskservs(const CallPtr& call) { submit_workflow(call, read_delete_taskservs); }
void post_check_taskservs(const CallPtr& call) { submit_workflow(call, read_check_taskservs); }
void post_exec(const CallPtr& call) { submit_workflow(call, read_exec); }
void post_noop(const CallPtr& call) { submit_workflow(call, read_noop); }

void get_workflows(const CallPtr& call) {
  QueryFields query(call->asked.target);
  projection::WorkflowFilter filter;
  filter.workspace = query.name("workspace");
  const std::string status = query.text("status");
  if (!status.empty() && status != "running" && status != "ended") query.refuse("status", "is running or ended");
  if (!status.empty()) filter.ended = status == "ended";
  const projection::Page page = page_of(query);
  if (query.error()) return call->refuse(*query.error());
  on_owner(call, [=] { answer_durably(call, ok(projection::workflows(view_of(*call), filter, page))); });
}

void get_workflow(const CallPtr& call) {
  QueryFields query(call->asked.target);
  const std::string workspace = query.name("workspace");
  const projection::Page page = page_of(query, kDefaultTasks, kMaxTasks);
  if (query.error()) return call->refuse(*query.error());
  on_owner(call, [=] {
    const auto* found = asked_workflow(call, workspace);
    if (found != nullptr) answer_durably(call, ok(projection::workflow_with_tasks(*found, page)));
  });
}

void post_cancel(const CallPtr& call) {
  QueryFields query(call->asked.target);
  const std::string workspace = query.name("workspace");
  if (query.error()) return call->refuse(*query.error());
  auto value = parse_json(call->body);
  if (!value || !value->is_object() || !value->empty()) {
    return call->refuse(Error{Code::invalid, "this takes no body", {}});
  }
  on_owner(call, [=] {
    const auto* found = asked_workflow(call, workspace);
    if (found == nullptr) return;
    const auto command = command_of(*call, found->workspace, domain::CancelWorkflow{found->id});
    call->services.backend.submit(command, call->asked.who,
                                  [call](Result<domain::Answer> answer) {
                                    if (!answer) return call->refuse(answer.error());
                                    call->answer(ok({{"changed", answer->sequence != 0}}));
                                  },
                                  {});
  });
}

}  // namespace prov::api
