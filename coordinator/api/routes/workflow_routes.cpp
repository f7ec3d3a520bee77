// Commands that make workflows, and workflows themselves.
#include <algorithm>

#include "common/json/json.h"
#include "coordinator/api/routes/batch_body.h"
#include "coordinator/api/routes/command_bodies.h"
#include "coordinator/api/routes/handlers.h"
#include "coordinator/api/routes/past.h"
#include "coordinator/api/routes/workflow_calls.h"
#include "coordinator/projection/operations.h"
#include "coordinator/projection/plan.h"
#include "coordinator/projection/workflows.h"

namespace prov::api {

using nlohmann::json;

namespace {

constexpr std::size_t kDefaultTasks = 1000;
constexpr std::size_t kMaxTasks = 10'000;
constexpr std::size_t kMaxPreviewed = 1000;  // operations of a batch

Error no_workflow(const std::string& id) {
  return {Code::not_found, "there is no workflow " + id.substr(0, 64),
          "see: provisioning workflow list; those of all time: provisioning workflow history"};
}

// Noop and exec have one task per host at most worth telling, all for the same reason; the others are told by what the
// state holds now, which is gone when they are decided. So that preview is made before, where it costs little.
bool needs_preview(const domain::CommandBody& body) {
  if (const auto* batch = std::get_if<domain::SubmitBatch>(&body)) return batch->operations.size() <= kMaxPreviewed;
  return !std::holds_alternative<domain::RunNoop>(body) && !std::holds_alternative<domain::RunExec>(body);
}

// The workflow that a command does again; zero: it makes one of its own.
Id done_again(const domain::CommandBody& body) {
  const auto* retry = std::get_if<domain::RetryWorkflow>(&body);
  return retry == nullptr ? Id{} : retry->workflow;
}

projection::Plan plan_of_answer(const Backend& backend, const domain::Answer& answer,
                                const std::optional<projection::Plan>& preview) {
  if (preview && !answer.repeated) return *preview;
  const auto* workflow = answer.made.is_zero() ? nullptr : domain::find_workflow(backend.state(), answer.made);
  if (workflow == nullptr) return {};
  return projection::plan_of(*workflow, answer.repeated ? "as it was answered before" : "asked for");
}

void tell_plan(const CallPtr& call, const domain::Command& command) {
  const Backend& backend = call->services.backend;
  auto planned = backend.check(command, call->asked.who);
  if (!planned) return answer_durably(call, refusal(planned.error()));
  json answer = projection::plan_json(projection::plan_of(backend.state(), command, planned->events), Id{});
  answer.update(binding(*planned));
  answer_durably(call, ok(std::move(answer)));
}

// Owner's thread. With a wish to wait, the answer (an object's text) comes when the workflow has ended, or when the
// time has passed, and says so behind all else.
void answer_submitted(const CallPtr& call, std::string answer, const Id& workflow, const Wish& wish) {
  if (wish.wait_s == 0 || workflow.is_zero()) return call->answer(ok_text(std::move(answer)));
  answer.pop_back();
  call->services.backend.when_ended(
      workflow, wish.wait_s * 1000, [call, answer = std::move(answer)](std::optional<Outcome> outcome) {
        const std::string how =
            outcome ? "true,\"outcome\":\"" + std::string(name_of(*outcome)) + "\"}" : "false,\"outcome\":null}";
        call->answer(ok_text(answer + ",\"ended\":" + how));
      });
}

void submit(const CallPtr& call, const domain::Command& command, const Wish& wish) {
  Backend& backend = call->services.backend;
  std::optional<projection::Plan> preview;
  if (needs_preview(command.body)) {
    auto planned = backend.check(command, call->asked.who);  // its error, if any, comes from submit as well
    if (planned) preview = projection::plan_of(backend.state(), command, planned->events);
  }
  backend.submit(command, call->asked.who,
                 [call, preview, wish, again = done_again(command.body)](Result<domain::Answer> answer) {
                   if (!answer) return call->refuse(answer.error());
                   const auto plan = plan_of_answer(call->services.backend, *answer, preview);
                   const Id workflow = answer->sequence != 0 && !again.is_zero() ? again : answer->made;
                   answer_submitted(call, projection::plan_text(plan, workflow), workflow, wish);
                 },
                 {});
}

void submit_workflow(const CallPtr& call, ReadBody read) {
  Wish wish;
  if (!required_workspace(call, wish.workspace) || !read_wish(call, wish)) return;
  auto parsed = parse_body(call->body, read);
  call->body = {};
  if (!parsed) return call->refuse(parsed.error());
  auto body = std::make_shared<ParsedBody>(std::move(*parsed));
  wish.check = wish.check || body->check;
  on_owner(call, [call, wish, body] {
    plan_or_submit(call, command_of(*call, wish.workspace, std::move(body->command)), wish);
  });
}

// Reader's thread: the line of each failure's output that says most.
void add_lines(Archive& archive, json& failures) {
  for (auto& failure : failures["items"]) {
    const auto task = parse_id(failure["task"].get_ref<const std::string&>());
    const auto attempt = failure["attempt"].get<std::uint32_t>();
    auto text = !task || attempt == 0 ? Result<std::string>(std::string()) : output_tail(archive, *task, attempt);
    failure["line"] = projection::failing_line(text ? std::string_view(*text) : std::string_view());
  }
}

enum class When { lately, long_ago };  // long ago: only the log has it, and nothing of it can change

std::shared_ptr<json> whole_workflow(const domain::State& state, const domain::Workflow& workflow,
                                     const projection::Page& page, When when) {
  auto out = std::make_shared<json>(projection::workflow_with_tasks(workflow, page));
  (*out)["past"] = when == When::long_ago;
  (*out)["rolled_back_by"] = projection::rolled_back_by(state, workflow);
  return out;
}

void answer_with_lines(const CallPtr& call, const std::shared_ptr<json>& workflow) {  // reader's thread
  add_lines(call->services.archive, (*workflow)["failures"]);
  call->answer(ok(std::move(*workflow)));
}

void list_workflows(const CallPtr& call, projection::WorkflowFilter filter) {
  QueryFields query(call->asked.target);
  filter.workspace = query.name("workspace");
  const std::string status = query.text("status");
  if (!status.empty() && status != "running" && status != "ended") query.refuse("status", "is running or ended");
  if (!status.empty()) filter.ended = status == "ended";
  const projection::Page page = page_of(query);
  if (query.error()) return call->refuse(*query.error());
  on_owner(call, [=] { answer_durably(call, ok(projection::workflows(view_of(*call), filter, page))); });
}

}  // namespace

void with_workflow(const CallPtr& call, const std::string& workspace, const Present& present, const Past& past) {
  const std::string& asked = call->asked.params.at(0);
  const auto id = parse_id(asked);
  const auto* found = id ? domain::find_workflow(call->services.backend.state(), *id) : nullptr;
  if (found != nullptr && (workspace.empty() || workspace == found->workspace)) return present(*found);
  if (!id || found != nullptr) return answer_durably(call, refusal(no_workflow(asked)));
  with_past(call, *id, workspace, no_workflow(asked),
            [past, id = workflow_id(*id)](const domain::State& state) { past(state, state.workflows.at(id)); });
}

void plan_or_submit(const CallPtr& call, domain::Command command, const Wish& wish) {
  command.plan = wish.plan;
  wish.check ? tell_plan(call, command) : submit(call, command, wish);
}

void post_create_servers(const CallPtr& call) { submit_workflow(call, read_create_servers); }
void post_delete_servers(const CallPtr& call) { submit_workflow(call, read_delete_servers); }
void post_create_taskservs(const CallPtr& call) { submit_workflow(call, read_create_taskservs); }
void post_delete_taskservs(const CallPtr& call) { submit_workflow(call, read_delete_taskservs); }
void post_check_taskservs(const CallPtr& call) { submit_workflow(call, read_check_taskservs); }
void post_exec(const CallPtr& call) { submit_workflow(call, read_exec); }
void post_noop(const CallPtr& call) { submit_workflow(call, read_noop); }

void post_batch(const CallPtr& call) { submit_workflow(call, read_submit_batch); }

void get_workflows(const CallPtr& call) { list_workflows(call, {}); }
void get_batches(const CallPtr& call) {
  projection::WorkflowFilter filter;
  filter.kind = "batch";
  list_workflows(call, filter);
}

void get_workflow(const CallPtr& call) {
  QueryFields query(call->asked.target);
  const std::string workspace = query.name("workspace");
  const projection::Page page = page_of(query, kDefaultTasks, kMaxTasks);
  if (query.error()) return call->refuse(*query.error());
  const auto present = [=](const domain::Workflow& found) {
    const auto answer = whole_workflow(call->services.backend.state(), found, page, When::lately);
    if ((*answer)["failures"]["items"].empty()) return answer_durably(call, ok(std::move(*answer)));
    when_durable(call, [=] { on_reader(call, [=] { answer_with_lines(call, answer); }); });
  };
  const auto past = [=](const domain::State& state, const domain::Workflow& found) {
    answer_with_lines(call, whole_workflow(state, found, page, When::long_ago));
  };
  on_owner(call, [=] { with_workflow(call, workspace, present, past); });
}

}  // namespace prov::api
