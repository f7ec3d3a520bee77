// Tasks: out at most once per attempt, and ended only by what an agent's journal (or a provider) reported, by a
// deadline (in doubt, not delivered), or by what they depend on.
#include <algorithm>

#include "coordinator/domain/slices.h"

namespace prov::domain {
namespace {

constexpr std::uint32_t kInterruptedAttempts = 10;

struct At {
  Workflow* workflow = nullptr;
  std::uint32_t index = 0;
  Task& task() const { return workflow->tasks[index]; }
};

std::optional<At> locate(State& state, const Id& id) {
  Workflow* workflow = find_workflow(state, id);
  const auto index = task_index(id);
  if (workflow == nullptr || !index || *index >= workflow->tasks.size()) return std::nullopt;
  return At{workflow, *index};
}

bool out_now(const Task& task) { return task.status == TaskStatus::dispatched || task.status == TaskStatus::running; }

// A failure shows on what the task was about.
void mark_failed(State& state, const Workflow& workflow, const Task& task) {
  if (const auto* create = std::get_if<ServerCreateAction>(&task.plan.action)) {
    const auto found = state.servers.find({workflow.workspace, create->hostname});
    if (found != state.servers.end() && found->second.status == ServerStatus::declared) {
      found->second.status = ServerStatus::failed;
    }
  }
  if (const auto* action = std::get_if<TaskservAction>(&task.plan.action);
      action && action->verb == TaskservVerb::install) {
    const auto found = state.taskservs.find({workflow.workspace, action->spec.server, action->spec.name});
    if (found == state.taskservs.end()) return;
    found->second.status = TaskservStatus::failed;
    found->second.message = std::string(name_of(task.outcome)) + (task.message.empty() ? "" : ": " + task.message);
  }
}

void release_dependents(State& state, Workflow& workflow, std::uint32_t index, TimeMs now_ms) {
  if (workflow.ended) return;
  const bool good = succeeded(workflow.tasks[index].outcome);
  for (const std::uint32_t next : workflow.dependents[index]) {
    Task& task = workflow.tasks[next];
    if (task.status != TaskStatus::pending) continue;
    if (!good) {
      agenda_doom(state, workflow, next);
    } else if (--workflow.missing[next] == 0) {
      task.status = TaskStatus::ready;
      task.ready_ms = now_ms;
      agenda_task_ready(state, workflow, next, now_ms);
    }
  }
}

void end_task(State& state, const At& at, TimeMs now_ms, bool settled) {
  const bool was_out = out_now(at.task());
  const bool was_ended = at.task().status == TaskStatus::ended;
  at.task().status = TaskStatus::ended;
  at.task().ended_ms = now_ms;
  if (was_out) agenda_task_back(state, *at.workflow, at.index, settled);
  if (was_ended) return;  // a late verdict on what was in doubt
  --at.workflow->unended;
  if (!succeeded(at.task().outcome)) mark_failed(state, *at.workflow, at.task());
  release_dependents(state, *at.workflow, at.index, now_ms);
  if (at.workflow->unended == 0) agenda_workflow_settled(state, *at.workflow);
}

}  // namespace

void apply(State& state, const Envelope& meta, const TaskDispatched& e) {
  const auto at = locate(state, e.task);
  if (!at || at->workflow->ended || at->task().status != TaskStatus::ready) return;
  Task& task = at->task();
  task.status = TaskStatus::dispatched;
  task.attempt = e.attempt;
  task.agent = e.agent;
  task.dispatch_sequence = meta.sequence;
  task.deadline_ms = e.deadline_ms;
  task.retry_at_ms = 0;
  task.started_ms = 0;
  ++at->workflow->out;
  agenda_task_out(state, *at->workflow, at->index);
}

void apply(State& state, const Envelope& meta, const TaskStarted& e) {
  const auto at = locate(state, e.task);
  if (!at || at->task().attempt != e.attempt || at->task().status != TaskStatus::dispatched) return;
  Task& task = at->task();
  task.status = TaskStatus::running;
  task.started_ms = meta.log_time_ms;
  const TimeMs old = task.deadline_ms;
  task.deadline_ms = meta.log_time_ms + std::uint64_t{task.plan.timeout_s} * 1000 + kReportGraceMs;
  agenda_attempt_deadline(state, task, e.task, old);
}

void apply(State& state, const Envelope& meta, const TaskEnded& e) {
  const auto at = locate(state, e.task);
  if (!at) return;
  Task& task = at->task();
  if (task.status == TaskStatus::ended && task.outcome != Outcome::in_doubt) return;
  if (e.attempt != 0 && e.attempt != task.attempt) return;
  const bool late = task.status == TaskStatus::ended;
  task.outcome = e.outcome;
  task.exit_code = e.exit_code;
  task.message = e.message;
  task.output_bytes = e.output_bytes;
  task.output_digest = e.output_digest;
  if (late) {
    agenda_settle(state, *at->workflow, task);
    end_task(state, *at, meta.log_time_ms, true);
    return;
  }
  if (e.retry_at_ms == 0) {
    end_task(state, *at, meta.log_time_ms, true);
    return;
  }
  const bool was_out = out_now(task);
  task.status = TaskStatus::ready;
  task.ready_ms = meta.log_time_ms;
  task.retry_at_ms = e.retry_at_ms;
  if (was_out) agenda_task_back(state, *at->workflow, at->index, true);
  agenda_task_ready(state, *at->workflow, at->index, meta.log_time_ms);
}

void apply(State& state, const Envelope& meta, const TaskInDoubt& e) {
  const auto at = locate(state, e.task);
  if (!at || !out_now(at->task()) || at->task().attempt != e.attempt) return;
  at->task().outcome = Outcome::in_doubt;
  at->task().message = e.reason;
  end_task(state, *at, meta.log_time_ms, false);
}

Decision decide_on(const State& state, const Command&, const ReportStarted& c, const Inputs&) {
  const Task* task = find_task(state, c.task);
  const bool expected =
      task != nullptr && task->status == TaskStatus::dispatched && task->attempt == c.attempt && task->agent == c.agent;
  if (!expected) return std::vector<EventBody>{};  // a repeat, or news of what was given up
  return std::vector<EventBody>{TaskStarted{c.task, c.attempt}};
}

namespace {

// What may be repeated at all is repeated more often after an interruption, which says nothing about the task, than
// after its own "try later".
bool may_retry(const Workflow& workflow, const Task& task, const TaskEnded& e) {
  if (workflow.cancelling || workflow.ended || task.plan.max_attempts <= 1) return false;
  if (e.outcome == Outcome::interrupted) return task.attempt < std::max(task.plan.max_attempts, kInterruptedAttempts);
  return task.attempt < task.plan.max_attempts && e.outcome == Outcome::failed && e.exit_code == kExitTryLater;
}

// What the success of a task says about its server or task service.
void add_consequence(const State& state, const Workflow& workflow, const Task& task, const ReportEnded& c,
                     std::vector<EventBody>& out) {
  if (!succeeded(c.ended.outcome)) return;
  if (const auto* action = std::get_if<TaskservAction>(&task.plan.action)) {
    const TaskservSpec& spec = action->spec;
    if (action->verb == TaskservVerb::install) {
      out.emplace_back(
          TaskservInstalled{spec.server, spec.name, spec.version, spec.bundle, c.ended.outcome == Outcome::done});
    } else if (action->verb == TaskservVerb::uninstall) {
      out.emplace_back(TaskservRemoved{spec.server, spec.name});
    }
  } else if (std::holds_alternative<ServerCreateAction>(task.plan.action) && c.created) {
    out.emplace_back(*c.created);
  } else if (const auto* remove = std::get_if<ServerDeleteAction>(&task.plan.action)) {
    out.emplace_back(ServerDeleted{remove->hostname});
    if (const Agent* agent = agent_of(state, workflow.workspace, remove->hostname)) {
      out.emplace_back(AgentRemoved{agent->key, "its host was deleted"});
    }
  }
}

}  // namespace

Decision decide_on(const State& state, const Command&, const ReportEnded& c, const Inputs& in) {
  const Workflow* workflow = find_workflow(state, c.ended.task);
  const Task* task = find_task(state, c.ended.task);
  if (task == nullptr || task->attempt != c.ended.attempt) return std::vector<EventBody>{};
  if (!(task->agent == c.agent)) {
    return fail(Code::denied, "task " + to_text(c.ended.task) + " was given to another agent");
  }
  const bool awaited = out_now(*task) || (task->status == TaskStatus::ended && task->outcome == Outcome::in_doubt);
  if (!awaited) return std::vector<EventBody>{};
  TaskEnded e = c.ended;
  e.retry_at_ms = 0;
  if (out_now(*task) && may_retry(*workflow, *task, e)) {
    const std::uint32_t doublings = std::min(task->attempt - 1, 10U);
    e.retry_at_ms = in.now_ms + (state.agenda.limits.retry_base_ms << doublings);
  }
  std::vector<EventBody> out{e};
  add_consequence(state, *workflow, *task, c, out);
  return out;
}

}  // namespace prov::domain
