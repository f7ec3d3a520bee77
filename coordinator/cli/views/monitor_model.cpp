#include "coordinator/cli/views/monitor_model.h"

#include <algorithm>

#include "common/json/json.h"
#include "common/time.h"
#include "coordinator/cli/views/console.h"
#include "coordinator/cli/views/render.h"

namespace prov::cli {

using nlohmann::json;

namespace {

constexpr std::size_t kMaxLastLine = 400;

// How far a step has come; a report of less is old news. After a failed attempt that is to be repeated a step is
// "ready" again, which is further than having run.
std::uint64_t progress(const Step& step) {
  const std::uint64_t base = step.attempt * 10;
  switch (step.state) {
    case Step::State::waiting: return 0;
    case Step::State::ready: return step.attempt == 0 ? 1 : base + 5;
    case Step::State::sent: return base + 2;
    case Step::State::running: return base + 3;
    case Step::State::ended: return base + 8;
  }
  return 0;
}

Step::State state_of(const std::string& word) {
  if (word == "ready") return Step::State::ready;
  if (word == "dispatched") return Step::State::sent;
  if (word == "running") return Step::State::running;
  return word == "ended" ? Step::State::ended : Step::State::waiting;
}

std::string spaced(std::string outcome) {  // events say timed_out where REST says "timed out"
  std::replace(outcome.begin(), outcome.end(), '_', ' ');
  return outcome;
}

std::uint64_t time_in(const json& object, std::string_view field) {
  return parse_iso8601(text_in(object, field)).value_or(0);
}

std::int64_t exit_code_in(const json& object) {
  const json& value = child_in(object, "exit_code");
  return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}

Step step_of(const json& task) {
  Step step;
  step.id = text_in(task, "id");
  step.name = one_line(text_in(task, "name"));
  step.server = one_line(text_in(task, "server"));
  step.state = state_of(text_in(task, "state"));
  step.attempt = number_in(task, "attempt");
  step.outcome = spaced(text_in(task, "outcome"));
  step.exit_code = exit_code_in(task);
  step.message = one_line(text_in(task, "message"));
  step.started_ms = time_in(task, "started_at");
  step.ended_ms = time_in(task, "completed_at");
  if (text_in(task, "command") == "approval") step.prompt = one_line(text_in(task, "args"));
  return step;
}

bool ended_badly(const Step& step) {
  return step.state == Step::State::ended && step.outcome != "done" && step.outcome != "unchanged";
}

// A known step as an event changes it.
Step after(const Step& known, const std::string& type, const json& body, std::uint64_t time_ms) {
  Step step = known;
  if (const std::uint64_t attempt = number_in(body, "attempt"); attempt > 0) step.attempt = attempt;
  if (type == "TaskDispatched") step.state = Step::State::sent;
  if (type == "TaskStarted") {
    step.state = Step::State::running;
    step.started_ms = time_ms;
  }
  if (type == "TaskInDoubt") {
    step.state = Step::State::ended;
    step.outcome = "in doubt";
    step.message = one_line(text_in(body, "reason"));
    step.ended_ms = time_ms;
  }
  if (type == "TaskEnded") {
    const bool again = number_in(body, "retry_at_ms") != 0;
    step.state = again ? Step::State::ready : Step::State::ended;
    step.outcome = spaced(text_in(body, "outcome"));
    step.exit_code = exit_code_in(body);
    step.message = one_line(text_in(body, "message"));
    step.ended_ms = time_ms;
    if (flag_in(body, "started")) step.started_ms = time_ms - std::min(number_in(body, "took_ms"), time_ms);
  }
  return step;
}

}  // namespace

std::vector<StepChange> MonitorModel::load(const json& workflow) {
  std::vector<StepChange> changes;
  for (const auto& task : child_in(workflow, "tasks")) {
    Step seen = step_of(task);
    const auto known = by_id_.find(seen.id);
    if (known != by_id_.end()) {
      seen.last_line = steps_[known->second].last_line;
      seen.operation = steps_[known->second].operation;
      observe(known->second, seen, changes);
      continue;
    }
    by_id_.emplace(seen.id, steps_.size());
    if (seen.state == Step::State::running) changes.push_back({steps_.size(), StepChange::What::started});
    steps_.push_back(std::move(seen));
  }
  load_operations(workflow);
  load_failures(workflow);
  paused_ = flag_in(workflow, "paused");
  past_ = flag_in(workflow, "past");
  rolls_back_ = text_in(workflow, "rolls_back");
  undoing_.clear();
  for (const auto& id : child_in(workflow, "rolled_back_by")) {
    if (id.is_string()) undoing_.push_back(id.get<std::string>());
  }
  ended_ = ended_ || text_in(workflow, "status") == "ended";
  if (ended_ && outcome_.empty()) outcome_ = spaced(text_in(workflow, "outcome"));
  return changes;
}

void MonitorModel::load_operations(const json& workflow) {
  for (const auto& one : child_in(workflow, "operations")) {
    OperationView seen;
    seen.id = one_line(text_in(one, "id"));
    seen.kind = text_in(one, "kind");
    seen.message = one_line(text_in(one, "message"));
    const std::string status = text_in(one, "status");
    seen.waiting = status == "waiting" || status == "due";
    seen.ended = status == "ended";
    seen.unneeded = flag_in(one, "unneeded");
    seen.outcome = spaced(text_in(one, "outcome"));
    seen.first = number_in(one, "first_task");
    seen.count = number_in(one, "task_count");
    seen.waves = number_in(child_in(one, "waves"), "total");
    const std::size_t index = number_in(one, "index");
    if (index > operations_.size()) continue;  // a page is missing before it
    if (index == operations_.size()) operations_.emplace_back();
    operations_[index] = std::move(seen);
  }
  for (std::size_t i = 0; i < operations_.size(); ++i) {
    const std::size_t end = std::min(operations_[i].first + operations_[i].count, steps_.size());
    for (std::size_t step = operations_[i].first; step < end; ++step) steps_[step].operation = i;
  }
}

void MonitorModel::load_failures(const json& workflow) {
  for (const auto& failure : child_in(child_in(workflow, "failures"), "items")) {
    const auto known = by_id_.find(text_in(failure, "task"));
    const std::string line = text_in(failure, "line");
    if (known != by_id_.end() && !line.empty()) steps_[known->second].last_line = one_line(line);
  }
}

std::vector<StepChange> MonitorModel::apply(const json& event) {
  std::vector<StepChange> changes;
  const std::string type = text_in(event, "type");
  const json& body = child_in(event, "body");
  if (type == "WorkflowEnded") {
    ended_ = true;
    outcome_ = spaced(text_in(body, "outcome"));
    return changes;
  }
  if (apply_to_course(type, body)) return changes;
  const auto known = by_id_.find(text_in(body, "task"));
  if (known == by_id_.end()) return changes;
  const Step& step = steps_[known->second];
  if (type == "TaskDispatched" && !step.prompt.empty() && step.state < Step::State::sent) {
    notes_.push_back("waits for a yes: " + step.prompt);
  }
  observe(known->second, after(steps_[known->second], type, body, number_in(event, "log_time_ms")), changes);
  return changes;
}

// Events that are about the workflow, or one of its operations.
bool MonitorModel::apply_to_course(const std::string& type, const json& body) {
  if (type == "WorkflowPaused" || type == "WorkflowResumed") {
    paused_ = type == "WorkflowPaused";
    const std::string reason = one_line(text_in(body, "reason"));
    notes_.push_back((paused_ ? "paused" : "resumed") + (reason.empty() ? "" : ": " + reason));
    return true;
  }
  if (type == "WorkflowRetried") {
    forget_failures(body);
    notes_.emplace_back("what did not succeed is done again");
    return true;
  }
  const bool opened = type == "OperationOpened", skipped = type == "OperationSkipped";
  if (!opened && !skipped) return type == "ApprovalGiven";
  const std::size_t index = number_in(body, "operation");
  if (index >= operations_.size()) return true;
  OperationView& operation = operations_[index];
  operation.waiting = false;
  if (opened) {
    const std::uint64_t wave = number_in(body, "wave") + 1;
    if (operation.waves > 1) {
      notes_.push_back(operation.id + ": wave " + std::to_string(wave) + " of " + std::to_string(operation.waves));
    }
    return true;
  }
  operation.ended = true;
  operation.unneeded = flag_in(body, "unneeded");
  operation.outcome = spaced(text_in(body, "outcome"));
  operation.message = one_line(text_in(body, "reason"));
  notes_.push_back(operation.id + ": " + (operation.unneeded ? "not needed" : operation.outcome) +
                   (operation.message.empty() ? "" : ", " + operation.message));
  return true;
}

// They are to run again, so that what comes of them now is news.
void MonitorModel::forget_failures(const json& retried) {
  std::vector<bool> meant(operations_.size(), true);
  if (const json& wanted = child_in(retried, "operations"); wanted.is_array() && !wanted.empty()) {
    meant.assign(operations_.size(), false);
    for (const json& one : wanted) {
      const std::size_t index = one.is_number_unsigned() ? one.get<std::size_t>() : meant.size();
      if (index < meant.size()) meant[index] = true;
    }
  }
  const bool doubt = flag_in(retried, "in_doubt");
  ended_ = false;
  outcome_.clear();
  for (Step& step : steps_) {
    const bool again = step.operation >= meant.size() || meant[step.operation];
    if (again && ended_badly(step) && (doubt || step.outcome != "in doubt")) step.state = Step::State::waiting;
  }
  for (std::size_t i = 0; i < operations_.size(); ++i) {
    OperationView& operation = operations_[i];
    operation.ended = operation.ended && (!meant[i] || operation.unneeded);
  }
}

void MonitorModel::observe(std::size_t index, const Step& seen, std::vector<StepChange>& changes) {
  Step& known = steps_[index];
  const bool further = progress(seen) > progress(known);
  const bool late_verdict =
      known.state == Step::State::ended && seen.state == Step::State::ended && seen.outcome != known.outcome;
  if (!further && !(late_verdict && known.outcome == "in doubt")) return;
  known = seen;
  if (seen.state == Step::State::running) changes.push_back({index, StepChange::What::started});
  if (seen.state == Step::State::ready && seen.attempt > 0) changes.push_back({index, StepChange::What::again});
  if (seen.state == Step::State::ended) changes.push_back({index, StepChange::What::ended});
}

void MonitorModel::add_output(const std::string& task, std::uint64_t attempt, const std::string& data) {
  const auto known = by_id_.find(task);
  if (known == by_id_.end() || steps_[known->second].attempt > attempt) return;
  std::size_t end = data.find_last_not_of(" \t\r\n");
  if (end == std::string::npos) return;
  const std::size_t begin = data.find_last_of("\r\n", end) + 1;  // npos + 1 is 0
  steps_[known->second].last_line =
      one_line(std::string_view(data).substr(begin, std::min(end + 1 - begin, kMaxLastLine)));
}

StepCounts MonitorModel::counts_of(std::size_t first, std::size_t count) const {
  StepCounts counts;
  const std::size_t end = std::min(first + count, steps_.size());
  counts.total = end - std::min(first, end);
  for (std::size_t i = first; i < end; ++i) {
    const Step& step = steps_[i];
    if (step.state == Step::State::sent || step.state == Step::State::running) ++counts.running;
    if (step.state == Step::State::waiting || step.state == Step::State::ready) ++counts.waiting;
    if (step.state != Step::State::ended) continue;
    if (step.outcome == "done" || step.outcome == "unchanged") {
      ++counts.done;
    } else if (step.outcome == "skipped" || step.outcome == "cancelled") {
      ++counts.skipped;
    } else if (step.outcome == "in doubt") {
      ++counts.in_doubt;
    } else if (step.outcome == "not delivered") {
      ++counts.not_delivered;
    } else {
      ++counts.failed;
    }
  }
  return counts;
}

}  // namespace prov::cli
