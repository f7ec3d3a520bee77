// The course of a workflow that is there: stop it, let it go on, do it again, undo it.

#include "common/json/json.h"
#include "coordinator/api/routes/batch_body.h"
#include "coordinator/api/routes/handlers.h"
#include "coordinator/api/routes/json_fields.h"
#include "coordinator/api/routes/workflow_calls.h"
#include "coordinator/domain/decide.h"
#include "coordinator/projection/plan.h"

namespace prov::api {

using nlohmann::json;

namespace {

constexpr std::size_t kMaxOperationIdBytes = 1024;

// A body as make(fields, id of the workflow) reads it: a command for the workflow that the path names.
using Make = domain::CommandBody (*)(Fields& in, const Id& workflow);

struct Asked {
  Wish wish;
  domain::CommandBody command;  // its workflow's id is that of the path, whether there is one or not
};

std::optional<Asked> read_asked(const CallPtr& call, Make make) {
  Asked out;
  if (!read_wish(call, out.wish)) return std::nullopt;
  auto value = parse_json(call->body);
  if (!value) {
    call->refuse(value.error());
    return std::nullopt;
  }
  std::optional<Error> error;
  Fields in(*value, "", error);
  out.command = make(in, parse_id(call->asked.params.at(0)).value_or(Id{}));
  in.finish();
  if (!error) return out;
  call->refuse(*error);
  return std::nullopt;
}

// How a change of a workflow's course is made, and what is answered when there is nothing to change.
struct Course {
  void (*go_on)(const CallPtr&, domain::Command, const Wish&);
  json (*nothing)();
};

// What left the working set ended long ago.
void refuse_past(const CallPtr& call, const Id& workflow) {
  const std::string id = to_text(workflow);
  call->refuse(Error{Code::conflict,
                     "workflow " + id + " ended long ago and is only in the log: nothing of it can change",
                     "look at it: provisioning workflow status " + id + "; to have it again, submit it again"});
}

// The same answer as while it was in the working set: what was answered under this id before, or that there is nothing
// to change. Reader's thread; `state` holds the workflow alone.
void answer_for_past(const CallPtr& call, const domain::State& state, const domain::Workflow& past,
                     const domain::CommandBody& body, const Wish& wish, const Course& course) {
  domain::Command command{{}, past.workspace, body};
  const auto events = domain::decide(state, command, {state.log_time_ms, [] { return Id{}; }});
  const bool nothing = events && events->empty();
  on_owner(call, [call, command, wish, course, nothing, id = past.id] {
    const domain::CommandKey key{call->asked.who.subject, command.workspace, call->asked.command_id};
    if (!wish.check && call->services.backend.state().remembered.contains(key)) {
      return course.go_on(call, command_of(*call, command.workspace, command.body), wish);
    }
    nothing ? call->answer(ok(course.nothing())) : refuse_past(call, id);
  });
}

// Goes on with the command for the workflow that the path names.
void for_course(const CallPtr& call, Make make, const Course& course) {
  const auto asked = read_asked(call, make);
  if (!asked) return;
  on_owner(call, [call, asked = *asked, course] {
    const auto present = [&](const domain::Workflow& found) {
      course.go_on(call, command_of(*call, found.workspace, asked.command), asked.wish);
    };
    with_workflow(call, asked.wish.workspace, present,
                  [call, asked, course](const domain::State& state, const domain::Workflow& past) {
                    answer_for_past(call, state, past, asked.command, asked.wish, course);
                  });
  });
}

void change_course(const CallPtr& call, Make make) {
  for_course(call, make,
             {[](const CallPtr& asked, domain::Command command, const Wish& wish) {
                change(asked, std::move(command), wish, changed);
              },
              [] { return changed(domain::Answer{}); }});
}

void plan_course(const CallPtr& call, Make make) {
  for_course(call, make, {plan_or_submit, [] { return projection::plan_json(projection::Plan{}, Id{}); }});
}

domain::CommandBody read_retry(Fields& in, const Id& workflow) {
  domain::RetryWorkflow out;
  out.workflow = workflow;
  out.operations = in.texts("operations", kMaxOperations, kMaxOperationIdBytes, Need::optional);
  out.in_doubt = in.flag("in_doubt");
  return out;
}

domain::CommandBody read_approval(Fields& in, const Id& workflow) {
  domain::ApproveTask out;
  out.task = workflow;
  const std::string task = in.text("task", 64, Need::optional);
  if (const auto id = parse_id(task); id && workflow_id(*id) == workflow) {
    out.task = *id;
  } else if (!task.empty()) {
    in.refuse("task", "is no task of this workflow");
  }
  out.approved = !in.flag("reject");
  out.comment = in.text("comment", kMaxReasonBytes, Need::optional);
  return out;
}

}  // namespace

void post_cancel(const CallPtr& call) {
  change_course(call, [](Fields&, const Id& id) -> domain::CommandBody { return domain::CancelWorkflow{id}; });
}

void post_pause(const CallPtr& call) {
  change_course(call, [](Fields& in, const Id& id) -> domain::CommandBody {
    return domain::PauseWorkflow{id, in.text("reason", kMaxReasonBytes, Need::optional)};
  });
}

void post_resume(const CallPtr& call) {
  change_course(call, [](Fields&, const Id& id) -> domain::CommandBody { return domain::ResumeWorkflow{id}; });
}

void post_approve(const CallPtr& call) { change_course(call, read_approval); }
void post_retry(const CallPtr& call) { plan_course(call, read_retry); }

void post_rollback(const CallPtr& call) {
  plan_course(call, [](Fields& in, const Id& id) -> domain::CommandBody {
    return domain::RollbackWorkflow{id, in.text("checkpoint", kMaxReasonBytes, Need::optional)};
  });
}

}  // namespace prov::api
