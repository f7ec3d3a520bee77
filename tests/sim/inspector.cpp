#include "tests/sim/inspector.h"

#include <algorithm>
#include <utility>

#include "agent/outbox/outbox.h"
#include "common/hash.h"
#include "coordinator/event_log/blobs.h"
#include "coordinator/event_log/keys.h"
#include "coordinator/event_log/state_codec.h"
#include "coordinator/event_log/workflow_history.h"
#include "coordinator/event_log/workflow_index.h"
#include "tests/sim/same_state.h"

namespace prov::sim {
namespace {

constexpr std::uint32_t kHostParallel = 4;  // as Machine gives it to its agent

std::string name(const agent::StepId& step) { return short_name(step.task, step.attempt); }

// As the contract of extensions says it, on purpose not with the code under test.
Outcome truth(const Effect& effect) {
  switch (effect.fate) {
    case Fate::timed_out: return Outcome::timed_out;
    case Fate::cancelled: return Outcome::cancelled;
    case Fate::died:
    case Fate::running: return Outcome::interrupted;
    case Fate::exited: break;
  }
  if (effect.exit_code == 0) return Outcome::done;
  if (effect.exit_code == 10 && effect.script && !effect.check) return Outcome::unchanged;
  return Outcome::failed;
}

}  // namespace

// ---- what is said

void Inspector::sent(const Key& agent, const std::string& frame, const Result<wire::FromAgent>& message) {
  if (!checks_) return;
  if (frame.size() > kMostFrameBytes) kernel_.violate("I11", "a frame of " + std::to_string(frame.size()) + " bytes");
  if (!message) return kernel_.violate("I8", "an agent's frame does not decode: " + message.error().message);
  const auto* reports = std::get_if<wire::Reports>(&*message);
  if (reports == nullptr) return;
  auto& ends = ends_in_frame_[{agent, reports->frame_id}];
  for (const wire::Report& report : reports->reports) {
    if (std::holds_alternative<wire::Ended>(report.what)) ends.push_back({report.task, report.attempt});
  }
  for (const wire::PlainEnd& end : reports->plain_ends) ends.push_back({end.task, end.attempt});
}

void Inspector::sent(const Key& agent, const std::string& frame, const Result<wire::ToAgent>& message) {
  if (!checks_) return;
  if (frame.size() > kMostFrameBytes) kernel_.violate("I11", "a frame of " + std::to_string(frame.size()) + " bytes");
  if (!message) return kernel_.violate("I8", "the coordinator's frame does not decode: " + message.error().message);
  if (message->log_sequence > auditor_.position().sequence) {
    kernel_.violate("I1", "a frame tells of sequence " + std::to_string(message->log_sequence) + ", durable is " +
                              std::to_string(auditor_.position().sequence));
  }
  if (const auto* orders = std::get_if<wire::Orders>(&message->body)) check_orders(agent, orders->orders);
  if (const auto* cancel = std::get_if<wire::Cancel>(&message->body)) {
    const domain::Workflow* workflow = domain::find_workflow(auditor_.state(), cancel->attempt.task);
    if (workflow == nullptr || !workflow->cancelling) {
      kernel_.violate("I4", "a cancel was sent and is not in the durable log");
    }
  }
  if (const auto* ack = std::get_if<wire::ReportsAck>(&message->body)) check_ack(agent, ack->frame_id);
}

void Inspector::check_orders(const Key& agent, const std::vector<wire::Order>& orders) {
  for (const wire::Order& order : orders) {
    const agent::StepId step{order.task, order.attempt};
    const AttemptLog* logged = auditor_.attempt(step);
    if (logged == nullptr || logged->agent != agent || logged->sequence != order.sequence) {
      kernel_.violate("I4", "order " + name(step) + " was sent and is not in the durable log so");
    }
  }
}

void Inspector::check_ack(const Key& agent, std::uint64_t frame) {
  const auto ends = ends_in_frame_.find({agent, frame});
  if (ends == ends_in_frame_.end()) return;
  for (const agent::StepId& step : ends->second) {
    const AttemptLog* logged = auditor_.attempt(step);
    const bool settled = logged != nullptr && (logged->ended || logged->given_up);
    if (!settled && !auditor_.touched().contains(step)) {
      kernel_.violate("I1", "the end of " + name(step) + " was acknowledged and is not in the log");
    }
  }
}

void Inspector::answered(const Id& command, const Result<domain::Answer>& answer) {
  auditor_.catch_up();
  kernel_.bytes(command.view());
  kernel_.bytes(answer ? answer->made.view() : std::string_view(answer.error().message));
  kernel_.bytes(std::to_string(answer ? answer->sequence : static_cast<std::uint64_t>(answer.error().code)));
  if (!checks_) return;
  if (!answer) {
    const Code code = answer.error().code;
    if (code != Code::unavailable && code != Code::exhausted) refused_.insert(command);
    return;
  }
  if (answer->sequence == 0) return;  // nothing had to change
  if (auditor_.last_event_of(command) != answer->sequence) {
    kernel_.violate("I1", "command " + to_text(command) + " was answered with sequence " +
                              std::to_string(answer->sequence) + ", the durable log has it at " +
                              std::to_string(auditor_.last_event_of(command)));
  }
  const auto [known, fresh] = answers_.emplace(command, *answer);
  if (!fresh && (known->second.made != answer->made || known->second.sequence != answer->sequence)) {
    kernel_.violate("I1", "command " + to_text(command) + " was answered twice, and not the same");
  }
}

void Inspector::check_commands() {
  for (const auto& [command, answer] : answers_) {
    if (auditor_.last_event_of(command) != answer.sequence) {
      kernel_.violate("I1", "command " + to_text(command) + " was acknowledged and is not in the log");
    }
    if (auditor_.workflows_of(command) > 1) {
      kernel_.violate("I1", "command " + to_text(command) + " made more than one workflow");
    }
  }
  for (const Id& command : refused_) {
    if (!answers_.contains(command) && auditor_.last_event_of(command) != 0) {
      kernel_.violate("I1", "command " + to_text(command) + " was refused and is in the log");
    }
  }
}

// ---- what happens

void Inspector::started(const Effect& effect, const Key& agent) {
  auditor_.catch_up();
  if (!checks_) return;
  if (effect.starts > 1 && !auditor_.touched().contains(effect.step))
    kernel_.violate("I4", name(effect.step) + " was started twice on " + effect.host);
  const AttemptLog* logged = auditor_.attempt(effect.step);
  if (logged == nullptr || logged->agent != agent) {
    if (auditor_.touched().contains(effect.step)) return;  // its order left before the log lost it
    return kernel_.violate("I4", name(effect.step) + " was started on " + effect.host + ", the log does not say so");
  }
  const domain::Workflow* workflow = domain::find_workflow(auditor_.state(), effect.step.task);
  if (workflow == nullptr) return;
  check_dependencies(effect, *workflow);
  check_operations(effect, *workflow);
  check_limits(effect, *workflow);
  check_group(effect, *workflow);
}

bool Inspector::runs(const Id& task, const Effect& but) const {
  for (auto at = ledger_.effects().lower_bound({{task, 0}, ""}); at != ledger_.effects().end(); ++at) {
    const Effect& other = at->second;
    if (other.step.task != task) return false;
    if (other.fate != Fate::running || other.step == but.step || forgotten(other)) continue;
    const AttemptLog* logged = auditor_.attempt(other.step);
    if (logged == nullptr || !logged->in_doubt) return true;
  }
  return false;
}

// What this one's operation comes after has nothing running any more, and neither has a wave before its own.
void Inspector::check_operations(const Effect& effect, const domain::Workflow& workflow) {
  const std::uint32_t index = *task_index(effect.step.task);
  const domain::OperationPlan& plan = *workflow.operations[workflow.tasks[index].operation].plan;
  const auto nothing_runs = [&](std::uint32_t from, std::uint32_t to, const std::string& what) {
    for (std::uint32_t i = from; i < to; ++i) {
      if (!runs(task_id(workflow.id, i), effect)) continue;
      return kernel_.violate("I5", name(effect.step) + " was started while \"" + workflow.tasks[i].plan->name +
                                       "\" of " + what + " still runs");
    }
  };
  for (const domain::Dependency& d : plan.depends_on) {
    const domain::Operation& needed = workflow.operations[d.before];
    nothing_runs(needed.plan->first_task, needed.plan->first_task + needed.plan->task_count, needed.plan->id);
    const bool fine = needed.status == domain::OperationStatus::ended &&
                      (d.kind == domain::DependencyKind::soft || needed.unneeded || needed.outcome == Outcome::done);
    if (!fine) kernel_.violate("I5", name(effect.step) + " was started in spite of " + needed.plan->id);
  }
  std::uint32_t wave_begin = 0;
  for (const std::uint32_t end : plan.waves) {
    if (plan.first_task + end <= index) wave_begin = end;
  }
  nothing_runs(plan.first_task, plan.first_task + wave_begin, "an earlier wave");
}

void Inspector::check_group(const Effect& effect, const domain::Workflow& workflow) {
  const auto group_of = [&](const domain::Workflow& of, const Effect& each) -> const domain::OperationPlan& {
    return *of.operations[of.tasks[*task_index(each.step.task)].operation].plan;
  };
  const domain::OperationPlan& plan = group_of(workflow, effect);
  if (plan.concurrency_group.empty()) return;
  std::uint32_t running = 0;
  for (const auto& [key, other] : ledger_.effects()) {
    if (other.fate != Fate::running || forgotten(other)) continue;
    const AttemptLog* logged = auditor_.attempt(other.step);
    const domain::Workflow* of = domain::find_workflow(auditor_.state(), other.step.task);
    if (of == nullptr || (logged != nullptr && logged->in_doubt)) continue;
    if (group_of(*of, other).concurrency_group == plan.concurrency_group) ++running;
  }
  if (running > kGroupLimit) {
    kernel_.violate("I6", std::to_string(running) + " steps of group " + plan.concurrency_group + " run at once");
  }
}

// ---- plans and rollbacks

void Inspector::planned(const Id& command, std::vector<domain::EventBody> events) {
  if (checks_) planned_[command] = std::move(events);
}

void Inspector::logged(const domain::Event& event) {
  if (checks_ && planned_.contains(event.meta.command_id)) done_[event.meta.command_id].push_back(event.body);
}

void Inspector::check_plans() {
  const auto essence = [](const std::vector<domain::EventBody>& events) {
    std::vector<const domain::WorkflowSubmitted*> out;
    for (const domain::EventBody& body : events) {
      if (const auto* submitted = std::get_if<domain::WorkflowSubmitted>(&body)) out.push_back(submitted);
    }
    return out;
  };
  const auto same = [](const domain::WorkflowSubmitted* a, const domain::WorkflowSubmitted* b) {
    return a->tasks == b->tasks && a->operations == b->operations && a->parallel_limit == b->parallel_limit &&
           a->notes == b->notes;
  };
  for (const auto& [command, did] : done_) {
    const auto shown = essence(planned_.at(command)), happened = essence(did);
    if (!std::equal(shown.begin(), shown.end(), happened.begin(), happened.end(), same)) {
      kernel_.violate("I12", "command " + to_text(command) + " did not do what was planned");
    }
  }
}

void Inspector::check_rollbacks() {
  for (const auto& [id, undoing] : auditor_.state().workflows) {
    const domain::Workflow* undone = domain::find_workflow(auditor_.state(), undoing.rolls_back);
    const bool well = undoing.ended && undoing.outcome == Outcome::done;
    if (undone != nullptr && well && undone->rollbacks == 1) check_rollback(undoing, *undone);
  }
}

void Inspector::check_rollback(const domain::Workflow& undoing, const domain::Workflow& undone) {
  std::set<std::pair<std::string, std::string>> undone_names;
  for (const domain::Task& task : undoing.tasks) undone_names.emplace(task.plan->server, task.plan->name);
  for (std::uint32_t i = 0; i < undone.tasks.size(); ++i) {
    const domain::Task& task = undone.tasks[i];
    const Id id = task_id(undone.id, i);
    for (std::uint32_t attempt = 1; attempt <= task.attempt; ++attempt) {
      const Effect* effect = ledger_.find({id, attempt});
      const AttemptLog* logged = auditor_.attempt({id, attempt});
      // One in doubt may go on after its undoing, which nobody can help; so may one that was forgotten.
      if (effect == nullptr || effect->mark.empty() || logged == nullptr || logged->in_doubt || forgotten(*effect))
        continue;
      const bool there = ledger_.marks(effect->host).contains(effect->mark);
      const bool to_undo = undone_names.contains({task.plan->server, "undo " + task.plan->name});
      if (to_undo && there) {
        kernel_.violate("I9", name(effect->step) + " was rolled back, and its mark is still on " + effect->host);
      }
      if (!to_undo && !there && succeeded(task.outcome) && !undone_by_a_lost_one(*effect)) {
        kernel_.violate("I9", name(effect->step) + " stood before the checkpoint, and its mark is gone");
      }
    }
  }
}

// A rollback that was lost with the log's end, and accepted so, has undone what it has undone.
bool Inspector::undone_by_a_lost_one(const Effect& effect) const {
  if (!auditor_.has_lost()) return false;
  const auto& effects = ledger_.effects();
  return std::any_of(effects.begin(), effects.end(), [&](const auto& at) {
    const Effect& other = at.second;
    return other.host == effect.host && other.unmark == effect.mark && auditor_.attempt(other.step) == nullptr;
  });
}

void Inspector::check_dependencies(const Effect& effect, const domain::Workflow& workflow) {
  const domain::Task& task = workflow.tasks[*task_index(effect.step.task)];
  for (const std::uint32_t before : task.plan->depends_on) {
    const domain::Task& needed = workflow.tasks[before];
    const bool logged = needed.status == domain::TaskStatus::ended && succeeded(needed.outcome);
    const Effect* happened = ledger_.find({task_id(workflow.id, before), needed.attempt});
    const bool noop = std::holds_alternative<domain::NoopAction>(*needed.plan->action);
    const bool real = noop || (happened != nullptr && succeeded(truth(*happened)));
    if (!logged || !real) {
      kernel_.violate("I5", name(effect.step) + " was started before \"" + needed.plan->name + "\" had succeeded");
    }
  }
}

bool Inspector::forgotten(const Effect& effect) const {
  if (auditor_.touched().contains(effect.step)) return true;
  const AttemptLog* logged = auditor_.attempt(effect.step);
  if (logged == nullptr) return false;
  const auto harmed = ledger_.distrusted.find(logged->agent);
  return harmed != ledger_.distrusted.end() && effect.started_us <= harmed->second;
}

bool Inspector::exclusive(const Effect& effect) const {
  const domain::Task* task = domain::find_task(auditor_.state(), effect.step.task);
  return task != nullptr && task->plan->exclusive;
}

void Inspector::check_limits(const Effect& effect, const domain::Workflow& workflow) {
  std::uint32_t of_workflow = 0, of_host = 0;
  for (const auto& [key, other] : ledger_.effects()) {
    if (other.fate != Fate::running) continue;
    const AttemptLog* logged = auditor_.attempt(other.step);
    const bool given_up = logged != nullptr && logged->in_doubt;
    if (forgotten(other)) continue;
    if (workflow_id(other.step.task) == workflow.id && !given_up) ++of_workflow;
    if (other.host == effect.host) ++of_host;
    if (other.host == effect.host && other.step != effect.step && exclusive(other) && exclusive(effect)) {
      kernel_.violate("I6", name(effect.step) + " and " + name(other.step) + " run on " + effect.host +
                                ", and both want it for themselves");
    }
  }
  if (of_host > kHostParallel) {
    kernel_.violate("I6", std::to_string(of_host) + " steps run on " + effect.host + " at once");
  }
  if (workflow.parallel_limit != 0 && of_workflow > workflow.parallel_limit) {
    kernel_.violate("I6", std::to_string(of_workflow) + " steps of a workflow run at once");
  }
}

void Inspector::dispatched(const domain::TaskDispatched& dispatch) {
  if (!checks_) return;
  const domain::Workflow* of = domain::find_workflow(auditor_.state(), dispatch.task);
  if (of != nullptr && of->paused) kernel_.violate("I6", "a step of a paused workflow was given out");
  if (dispatch.agent.is_zero()) return;
  std::uint32_t out = 0;
  for (const auto& [id, workflow] : auditor_.state().workflows) {
    for (const domain::Task& task : workflow.tasks) {
      const bool is_out = task.status == domain::TaskStatus::dispatched || task.status == domain::TaskStatus::running;
      if (is_out && task.agent == dispatch.agent) ++out;
    }
  }
  if (out > coordinator_.limits().agent_orders) {
    kernel_.violate("I6", std::to_string(out) + " orders are out at one agent");
  }
}

void Inspector::lost_end() {
  std::erase_if(answers_,
                [this](const auto& each) { return auditor_.last_event_of(each.first) != each.second.sequence; });
  refused_.clear();
  done_.clear();
}

void Inspector::check_bounds(std::size_t frames_under_way) {
  const std::size_t waiting_bytes = coordinator_.waiting_bytes();
  most_.waiting_bytes = std::max(most_.waiting_bytes, waiting_bytes);
  most_.frames = std::max(most_.frames, frames_under_way);
  if (waiting_bytes > kMostWaitingBytes) {
    kernel_.violate("I11", std::to_string(waiting_bytes) + " bytes wait for the coordinator's disk");
  }
  if (frames_under_way > kMostFrames) {
    kernel_.violate("I11", std::to_string(frames_under_way) + " frames are on their way");
  }
}

void Inspector::check_journal(const std::string& host, std::size_t bytes) {
  most_.journal_bytes = std::max(most_.journal_bytes, bytes);
  if (bytes > kMostJournalBytes) {
    kernel_.violate("I11", host + "'s journal has " + std::to_string(bytes) + " bytes");
  }
}

void Inspector::check_secrets(const std::string& where, const std::string& bytes,
                              const std::set<std::string>& canaries) {
  for (const std::string& canary : canaries) {
    if (bytes.find(canary) != std::string::npos) kernel_.violate("I10", "a secret is in " + where);
  }
}

void Inspector::check_secrets(const std::set<std::string>& canaries, const std::map<std::string, std::string>& files) {
  const auto look = [&](const std::string& where, const std::string& bytes) { check_secrets(where, bytes, canaries); };
  for (const auto& [number, bytes] : coordinator_.disk()->commits) look("commit " + std::to_string(number), bytes);
  for (const auto& [key, bytes] : coordinator_.disk()->sides) look("a record beside the log", bytes);
  for (const auto& [name, bytes] : files) look(name, bytes);
}

bool Inspector::all_is_durable() const {
  return coordinator_.up() && coordinator_.core().state().sequence == auditor_.state().sequence;
}

void Inspector::check_fold() {
  auditor_.catch_up();
  if (!checks_ || !all_is_durable()) return;
  const std::pair here(coordinator_.lives(), auditor_.state().sequence);
  if (std::exchange(folded_, here) == here) return;  // a state changes by events alone
  if (!same_state(coordinator_.core().state(), auditor_.state())) {
    kernel_.violate("I3", "at sequence " + std::to_string(auditor_.state().sequence) +
                              " the live state is not what the log folds to");
  }
  // That comparing fields is as good as comparing the bytes that are hashed is looked at itself, at some of the
  // prefixes.
  if (here.second * 0x9E3779B97F4A7C15ULL >> 56 == 0) check_state_hash();
}

void Inspector::check_state_hash() {
  if (!checks_ || !all_is_durable()) return;
  if (event_log::state_hash(coordinator_.core().state()) != event_log::state_hash(auditor_.state())) {
    kernel_.violate("I3", "at sequence " + std::to_string(auditor_.state().sequence) +
                              " the live state has another hash than what the log folds to");
  }
}

void Inspector::check_history() {
  test::MemoryRecordLog log(coordinator_.disk());
  check_index(log);
  const auto page = event_log::read_history(log, {.limit = SIZE_MAX});
  if (!page) return kernel_.violate("I13", page.error().message);
  std::set<Id> listed;
  for (const event_log::HistoryEntry& entry : page->items) {
    const domain::Workflow* whole = domain::find_workflow(auditor_.state(), entry.id);
    const auto alone = event_log::fold_workflow(log, entry.id);
    const bool same = whole != nullptr && alone && *alone && same_workflow((*alone)->workflows.at(entry.id), *whole) &&
                      entry.end.has_value() == whole->ended;
    if (!same || !listed.insert(entry.id).second) {
      return kernel_.violate("I13", "workflow " + to_text(entry.id) + " is another one in the history" +
                                        (alone ? "" : ": " + alone.error().message));
    }
  }
  if (listed.size() != auditor_.state().workflows.size()) kernel_.violate("I13", "the history leaves workflows out");
}

void Inspector::check_index(RecordLog& log) {
  std::map<std::string, std::string> there, made;
  for (const std::string_view space : {event_log::kWorkflowSpace, event_log::kHistorySpace}) {
    (void)log.scan(space, [&](std::string_view key, std::string_view value) {
      there.emplace(key, value);
      return true;
    });
  }
  const std::uint64_t last = log.last_commit();
  for (std::uint64_t next = 1; next <= last;) {
    auto step = event_log::index_commits(log, next, last);
    if (!step) return kernel_.violate("I13", step.error().message);
    for (SideRecord& record : step->records) made[record.key] = std::move(record.value);
    next = step->next;
  }
  if (there != made) kernel_.violate("I13", "the index of workflows is not what the log makes of it");
}

// ---- the end

void Inspector::check_end(const std::set<std::string>& canaries, const Hosts& hosts,
                          const std::map<std::string, std::string>& files) {
  check_fold();
  for (const auto& [name, bytes] : files) kernel_.bytes(bytes);
  for (const auto& [key, bytes] : coordinator_.disk()->sides) {
    kernel_.bytes(key);
    kernel_.bytes(bytes);
  }
  if (!checks_) return;
  check_secrets(canaries, files);
  check_state_hash();
  check_commands();
  check_rollbacks();
  check_plans();
  check_history();
  check_ends(hosts);
}

void Inspector::check_ends(const Hosts& hosts) {
  for (const auto& [id, workflow] : auditor_.state().workflows) {
    for (std::uint32_t i = 0; i < workflow.tasks.size(); ++i) {
      const domain::Task& task = workflow.tasks[i];
      if (task.status == domain::TaskStatus::ended) continue;
      kernel_.violate("I8", "\"" + task.plan->name + "\", " + name({task_id(id, i), task.attempt}) + " of \"" +
                                workflow.name + "\" has no outcome, it is " + domain::name_of(task.status) +
                                (workflow.cancelling ? ", cancelled" : ""));
    }
    if (!workflow.ended) kernel_.violate("I8", "workflow \"" + workflow.name + "\" has not ended");
  }
  for (const auto& [step, attempt] : auditor_.attempts()) {
    if (!attempt.agent.is_zero()) check_attempt(step, attempt, hosts);
  }
}

void Inspector::check_attempt(const agent::StepId& step, const AttemptLog& attempt, const Hosts& hosts) {
  const Effect* effect = ledger_.find(step);
  const bool touched = auditor_.touched().contains(step);
  if (touched && attempt.ended) return;
  const domain::Task* task = domain::find_task(auditor_.state(), step.task);
  const bool distrusted = ledger_.distrusted.contains(attempt.agent);
  const bool noop = task != nullptr && std::holds_alternative<domain::NoopAction>(*task->plan->action);
  if (effect != nullptr && effect->fate == Fate::running && hosts.contains(effect->host)) {
    return kernel_.violate("I8", name(step) + " still runs on " + effect->host);
  }
  if (attempt.given_up && !attempt.ended) return;
  if (!attempt.ended) {
    if (!attempt.in_doubt) return kernel_.violate("I8", name(step) + " has no end in the log");
    const auto host = effect == nullptr ? hosts.end() : hosts.find(effect->host);
    // An agent that was removed is heard no more. Its host may be there all the same: enrolled anew while its server
    // was being deleted, which then removed that agent, too.
    const bool removed = !auditor_.state().agents.contains(attempt.agent);
    if (host == hosts.end() || distrusted || removed) return;
    if (!auditor_.has_lost() || host->second(step))
      kernel_.violate("I8", name(step) + " ended on " + effect->host + ", and the log is still in doubt");
    return;
  }
  if (distrusted && attempt.ended->outcome == Outcome::in_doubt) return;
  if (noop) {
    if (effect != nullptr) kernel_.violate("I8", name(step) + " does nothing, and was started");
    return;
  }
  if (effect != nullptr) return check_verdict(*effect, *attempt.ended);
  const Outcome said = attempt.ended->outcome;
  const bool distrusted_end = said == Outcome::in_doubt && auditor_.has_lost();
  if (said != Outcome::interrupted && said != Outcome::cancelled && !distrusted_end) {
    kernel_.violate("I8", name(step) + " never started, the log says " + name_of(said));
  }
}

void Inspector::check_verdict(const Effect& effect, const domain::TaskEnded& ended) {
  const Outcome expected = effect.verdict_lost ? Outcome::interrupted : truth(effect);
  // A verdict may have been reported before the crash that lost it.
  const bool right = ended.outcome == expected || ended.outcome == truth(effect);
  const bool same_code = ended.outcome == Outcome::interrupted || ended.exit_code == effect.exit_code;
  if (!right || !same_code) {
    kernel_.violate("I8", name(effect.step) + " " + name_of(expected) + " with " + std::to_string(effect.exit_code) +
                              ", the log says " + name_of(ended.outcome) + " with " + std::to_string(ended.exit_code));
  }
  check_output(effect, ended);
}

void Inspector::check_output(const Effect& effect, const domain::TaskEnded& ended) {
  test::MemoryRecordLog log(coordinator_.disk());
  auto stored = event_log::read_output(log, effect.step.task, effect.step.attempt, 0, 1 << 20);
  if (!stored) return kernel_.violate("I8", "output of " + name(effect.step) + ": " + stored.error().message);
  const bool gone = auditor_.has_lost() && ended.message.ends_with(agent::kOutputGone);  // acknowledged, and lost there
  const bool whole = ended.outcome != Outcome::interrupted && !effect.verdict_lost && !gone;
  const std::string& printed = effect.printed;
  const bool fits = whole ? *stored == printed : printed.starts_with(*stored) && stored->size() >= ended.output_bytes;
  if (!fits || (whole && ended.output_bytes != printed.size())) {
    return kernel_.violate("I8", name(effect.step) + " printed " + std::to_string(printed.size()) + " bytes, " +
                                     std::to_string(stored->size()) + " are stored, and they differ");
  }
  if (digest_of(printed.substr(0, ended.output_bytes)) != ended.output_digest) {
    kernel_.violate("I8", "the output's digest of " + name(effect.step) + " in the log is not that of what it printed");
  }
}

}  // namespace prov::sim
