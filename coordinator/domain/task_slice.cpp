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

// A failure shows on what the task was about.
void mark_failed(State& state, const Workflow& workflow, const Task& task) {
  if (task.plan->mode != OrderMode::apply) return;
  if (const auto* create = std::get_if<ServerCreateAction>(&*task.plan->action)) {
    const auto found = state.servers.find({workflow.workspace, create->hostname});
    if (found != state.servers.end() && found->second.status == ServerStatus::declared) {
      found->second.status = ServerStatus::failed;
    }
  }
  if (const auto* action = std::get_if<TaskservAction>(&*task.plan->action);
      action && action->verb == TaskservVerb::install) {
    const auto found = state.taskservs.find({workflow.workspace, action->spec.server, action->spec.name});
    if (found == state.taskservs.end()) return;
    found->second.status = TaskservStatus::failed;
    found->second.message = std::string(name_of(task.outcome)) + (task.message.empty() ? "" : ": " + task.message);
  }
}

// What steps of this kind take, the newer ones weighing more.
void keep_duration(State& state, const Workflow& workflow, const Task& task, TimeMs now_ms) {
  if (!succeeded(task.outcome) || task.started_ms == 0 || now_ms < task.started_ms) return;
  const std::string key = duration_key(state, workflow.workspace, *task.plan);
  if (key.empty() || (state.durations.size() >= kKeepDurations && !state.durations.contains(key))) return;
  Duration& duration = state.durations[key];
  const std::uint64_t took_ms = now_ms - task.started_ms;
  const std::uint64_t weight = std::min<std::uint64_t>(duration.count, 7);
  duration.mean_ms = (duration.mean_ms * weight + took_ms) / (weight + 1);
  ++duration.count;
}

void end_task(State& state, const At& at, const Envelope& meta, bool settled) {
  Task& task = at.task();
  const bool was_out = out_now(task);
  task.status = TaskStatus::ended;
  task.ended_ms = meta.log_time_ms;
  task.ended_sequence = meta.sequence;
  task.retry_at_ms = 0;
  if (was_out) agenda_task_back(state, *at.workflow, at.index, settled);
  --at.workflow->unended;
  server_work_done(state, *at.workflow, task);
  if (!succeeded(task.outcome)) mark_failed(state, *at.workflow, task);
  keep_duration(state, *at.workflow, task, meta.log_time_ms);
  task_ended(state, *at.workflow, at.index, {meta.log_time_ms, meta.sequence});
}

// A late verdict. What followed from the doubt stays: the end of its operation, and what was skipped.
void settle_doubt(State& state, const At& at) {
  agenda_settle(state, *at.workflow, at.task());
  if (is_failure(at.task())) return;
  Operation& operation = at.workflow->operations[at.task().operation];
  --operation.failed;
  operation.stopping = operation.failed > operation.plan->max_failures;
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
  if (!only_waits(*task.plan->action)) ++at->workflow->gate.out;
  agenda_task_out(state, *at->workflow, at->index);
}

void apply(State& state, const Envelope& meta, const TaskStarted& e) {
  const auto at = locate(state, e.task);
  if (!at || at->task().attempt != e.attempt || at->task().status != TaskStatus::dispatched) return;
  Task& task = at->task();
  task.status = TaskStatus::running;
  task.started_ms = meta.log_time_ms;
  task.deadline_ms = meta.log_time_ms + std::uint64_t{task.plan->timeout_s} * 1000 + kReportGraceMs;
  agenda_attempt_deadline(state, task, e.task);
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
  task.outputs = e.outputs;
  if (late) return settle_doubt(state, *at);
  if (e.started) {
    const TimeMs began_ms = meta.log_time_ms - std::min(e.took_ms, meta.log_time_ms);
    task.started_ms = std::max(began_ms, task.ready_ms);
  }
  if (e.retry_at_ms == 0) return end_task(state, *at, meta, true);
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
  end_task(state, *at, meta, false);
}

Decision decide_on(const State& state, const Command&, const ReportStarted& c, const Inputs&) {
  const Task* task = find_task(state, c.task);
  const bool expected =
      task != nullptr && task->status == TaskStatus::dispatched && task->attempt == c.attempt && task->agent == c.agent;
  if (!expected) return std::vector<EventBody>{};  // a repeat, or news of what was given up
  return std::vector<EventBody>{TaskStarted{c.task, c.attempt}};
}

namespace {

// Since a person last had it begun, or since it was submitted.
std::uint32_t attempts_of_round(const Task& task) {
  return task.attempt - std::min(task.attempt, task.attempts_before);
}

// What may be repeated at all is repeated more often after an interruption, which says nothing about the task, than
// after its own "try later". An ordinary failure is repeated where its operation says so.
bool may_retry(const Workflow& workflow, const Task& task, const TaskEnded& e) {
  if (workflow.cancelling || workflow.ended || workflow.stopped_by || task.plan->max_attempts <= 1) return false;
  if (workflow.operations[task.operation].stopping) return false;
  const RetryPolicy& policy = workflow.operations[task.operation].plan->retry;
  const std::uint32_t tried = attempts_of_round(task);
  if (e.outcome == Outcome::interrupted) return tried < std::max(task.plan->max_attempts, kInterruptedAttempts);
  if (tried >= task.plan->max_attempts) return false;
  const bool ordinary = e.outcome == Outcome::failed || e.outcome == Outcome::timed_out;
  return (policy.on_failure && ordinary && e.exit_code != kExitCannot) ||
         (e.outcome == Outcome::failed && e.exit_code == kExitTryLater);
}

// A number from 0 to 2 * jitter that is the same at every replay and differs between tasks, so that many hosts that
// failed together do not come back together.
std::uint32_t jitter_of(const Id& task, std::uint32_t attempt, std::uint32_t jitter) {
  const std::uint64_t mixed = (IdHash{}(task) + attempt) * 0x9E3779B97F4A7C15ULL;
  return static_cast<std::uint32_t>((mixed >> 32) % (2 * jitter + 1));
}

std::uint64_t retry_delay_ms(const State& state, const RetryPolicy& policy, const Id& id, const Task& task) {
  constexpr std::uint32_t kMostDoublings = 20;
  const std::uint32_t tried = std::max(attempts_of_round(task), 1U);
  const std::uint64_t first = policy.delay_ms == 0 ? state.agenda.limits.retry_base_ms : policy.delay_ms;
  const std::uint64_t raised = policy.exponential ? first << std::min(tried - 1, kMostDoublings) : first;
  const std::uint64_t delay = std::min<std::uint64_t>(raised, std::max<std::uint64_t>(policy.max_delay_ms, first));
  const std::uint32_t jitter = std::min(policy.jitter_percent, 100U);
  return delay * (100 - jitter + jitter_of(id, task.attempt, jitter)) / 100;
}

// What the success of a task says about its server or task service.
void add_consequence(const State& state, const Workflow& workflow, const Task& task, const ReportEnded& c,
                     std::vector<EventBody>& out) {
  if (!succeeded(c.ended.outcome) || task.plan->mode != OrderMode::apply) return;
  if (const auto* action = std::get_if<TaskservAction>(&*task.plan->action)) {
    const TaskservSpec& spec = action->spec;
    if (action->verb == TaskservVerb::install) {
      out.emplace_back(
          TaskservInstalled{spec.server, spec.name, spec.version, spec.bundle, c.ended.outcome == Outcome::done});
    } else if (action->verb == TaskservVerb::uninstall) {
      out.emplace_back(TaskservRemoved{spec.server, spec.name});
    }
  } else if (std::holds_alternative<ServerCreateAction>(*task.plan->action) && c.created) {
    out.emplace_back(*c.created);
  } else if (const auto* remove = std::get_if<ServerDeleteAction>(&*task.plan->action)) {
    out.emplace_back(ServerDeleted{remove->hostname});
    if (const Agent* agent = agent_of(state, workflow.workspace, remove->hostname)) {
      out.emplace_back(AgentRemoved{agent->key, "its host was deleted"});
    }
  }
}

}  // namespace

Decision decide_on(const State& state, const Command&, const ReportEnded& c, const Inputs& in) {
  const auto [workflow, task] = locate(state, c.ended.task);
  if (task == nullptr || task->attempt != c.ended.attempt) return std::vector<EventBody>{};
  if (!(task->agent == c.agent)) {
    return fail(Code::denied, "task " + to_text(c.ended.task) + " was given to another agent");
  }
  const bool awaited = out_now(*task) || (task->status == TaskStatus::ended && task->outcome == Outcome::in_doubt);
  if (!awaited) return std::vector<EventBody>{};
  TaskEnded e = c.ended;
  e.retry_at_ms = 0;
  e.started = e.started && task->status == TaskStatus::dispatched;
  if (!e.started) e.took_ms = 0;
  if (out_now(*task) && may_retry(*workflow, *task, e)) {
    const RetryPolicy& policy = workflow->operations[task->operation].plan->retry;
    e.retry_at_ms = in.now_ms + retry_delay_ms(state, policy, e.task, *task);
  }
  std::vector<EventBody> out;
  out.emplace_back(std::move(e));
  add_consequence(state, *workflow, *task, c, out);
  return out;
}

}  // namespace prov::domain
