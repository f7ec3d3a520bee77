#pragma once
// What a workflow is supposed to do, said in the plainest way: every event is looked at once, and every question is
// answered by loops over everything. No queue, no counter, no index, and no code of coordinator/domain but its values.
//
// `see` takes an event in, after it has asked whether that event may happen now. `owed` says what should have happened
// by now. What does not hold goes to `complaints`.
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "coordinator/domain/commands.h"
#include "coordinator/domain/events.h"
#include "coordinator/domain/state.h"

namespace prov::domain::model {

struct MTask {
  TaskPlan plan;
  std::uint32_t operation = 0;
  bool ready = false;  // it may go as far as its operation and what it needs are concerned
  bool out = false, started = false, ended = false;
  std::uint32_t attempt = 0;          // the last one that went out; attempts of all rounds
  std::uint32_t attempts_before = 0;  // of these, those of earlier rounds
  Key agent;
  Outcome outcome = Outcome::done;  // of the last attempt that ended
  std::string message;
  Pairs outputs;
  TimeMs ready_ms = 0, retry_at_ms = 0, deadline_ms = 0;
  TimeMs true_since_ms = 0;  // of a wait that is out: since when its condition holds
  bool held = false;         // by a limit or a pause, when last looked at
  TimeMs held_ms = 0;        // when that was seen to be over
  std::uint64_t ended_sequence = 0;
};

struct MOperation {
  OperationPlan plan;
  OperationStatus status = OperationStatus::waiting;
  Outcome outcome = Outcome::done;
  bool unneeded = false;
  bool set_aside = false;  // it failed, and a person went on beside it
  std::string message;
  std::uint32_t waves = 0;  // that were opened
  TimeMs wave_over_ms = 0;  // since when nothing of them is left to do; 0: something is
  std::uint64_t ended_order = 0;
};

struct MWorkflow {
  Id id;
  std::string workspace;
  std::uint32_t parallel_limit = 0;
  std::vector<MTask> tasks;
  std::vector<MOperation> operations;
  Pairs params;
  bool paused = false, cancelling = false, ended = false, preserve_successful = false;
  bool left = false;  // the working set
  Outcome outcome = Outcome::done;
  Id rolls_back;
  std::uint32_t rollbacks = 0, retries = 0;
  std::map<std::string, std::uint64_t> checkpoints;  // name -> sequence of the last time it was reached
  TimeMs resumed_ms = 0;                             // or begun anew by a restart
};

using Place = std::pair<std::string, std::string>;  // workspace, host

struct MHost {
  Key agent;
  bool reachable = false, draining = false;
  TimeMs away_ms = 0;  // since when it has not been reachable; 0: never was
  Facts facts;
};

class Model {
 public:
  explicit Model(const Limits& limits) : limits_(limits) {}

  void see(const Event& event);
  void restarted(TimeMs log_time_ms);  // pauses between waves, the time until a delivery is given up, turns begin anew
  void settled(TimeMs now_ms);         // there is nothing to follow: what is owed is complained about
  void compare(const State& state);    // what the real one says about each workflow

  const std::map<Id, MWorkflow>& workflows() const { return workflows_; }
  const MTask& task(const Id& id) const { return workflows_.at(workflow_id(id)).tasks.at(*task_index(id)); }
  const std::map<Place, MHost>& hosts() const { return hosts_; }
  bool unfinished() const;
  std::vector<Id> out() const;  // tasks, in order

  std::vector<std::string> complaints;

 private:
  struct Use {  // what is out now, counted anew each time
    std::map<Place, std::uint32_t> at_host, exclusive_at_host;
    std::map<std::string, std::uint32_t> at_provider;
    std::map<Place, std::uint32_t> in_group;  // workspace, group
    std::map<Id, std::uint32_t> of_workflow;
  };
  Use use() const;

  template <class T>
  void take(const Envelope&, const T&) {}
  void take(const Envelope& meta, const CoordinatorStarted& e);
  void take(const Envelope& meta, const ServerDeclared& e);
  void take(const Envelope& meta, const ServerDeleted& e);
  void take(const Envelope& meta, const AgentEnrolled& e);
  void take(const Envelope& meta, const AgentConnected& e);
  void take(const Envelope& meta, const AgentLost& e);
  void take(const Envelope& meta, const AgentDrainChanged& e);
  void take(const Envelope& meta, const AgentRemoved& e);
  void take(const Envelope& meta, const WorkflowSubmitted& e);
  void take(const Envelope& meta, const WorkflowCancelRequested& e);
  void take(const Envelope& meta, const WorkflowPaused& e);
  void take(const Envelope& meta, const WorkflowResumed& e);
  void take(const Envelope& meta, const WorkflowRetried& e);
  void take(const Envelope& meta, const WorkflowEnded& e);
  void take(const Envelope& meta, const OperationOpened& e);
  void take(const Envelope& meta, const OperationSkipped& e);
  void take(const Envelope& meta, const TaskDispatched& e);
  void take(const Envelope& meta, const TaskStarted& e);
  void take(const Envelope& meta, const TaskEnded& e);
  void take(const Envelope& meta, const TaskInDoubt& e);

  // model_course.cpp: what follows from what, within a workflow
  void settle(MWorkflow& w, TimeMs now_ms, std::uint64_t sequence);
  bool end_when_over(MWorkflow& w, MOperation& o, TimeMs now_ms, std::uint64_t sequence);
  bool settle_once(MWorkflow& w, TimeMs now_ms, std::uint64_t sequence);
  void check_end_of(const MWorkflow& w, const MTask& t, const Envelope& meta, const TaskEnded& e);
  void check_given_up(const MWorkflow& w, const MTask& t, const Envelope& meta, const TaskEnded& e);
  void check_wait_over(const MWorkflow& w, const MTask& t, const Envelope& meta, const TaskEnded& e);
  void check_retry(const MWorkflow& w, const MTask& t, const Envelope& meta, const TaskEnded& e);
  void check_order(const MWorkflow& w, const MTask& t, const Id& id, TimeMs now_ms);
  void check_turns(const MWorkflow& w, const MTask& t, TimeMs now_ms);
  void check_rollback(const MWorkflow& undone, const WorkflowSubmitted& e);
  void check_turned_round(const MWorkflow& undone, const WorkflowSubmitted& e);

  // model_questions.cpp
  bool may_go(const MWorkflow& w, const MTask& t, const Use& use, TimeMs now_ms) const;
  bool has_room(const MWorkflow& w, const MTask& t, const Use& use) const;  // within the limits of its workflow, group
  bool place_has_room(const MWorkflow& w, const MTask& t, const Use& use) const;
  std::uint32_t group_limit(const MWorkflow& w, const std::string& group) const;  // the smallest of those that are open
  std::string provider_of(const MWorkflow& w, const MTask& t) const;
  std::optional<bool> holds(const MWorkflow& w, const std::string& condition) const;  // nullopt: it is an error
  void owed_of(const MWorkflow& w, const Use& use, TimeMs now_ms);
  void owed_of_operation(const MWorkflow& w, const MOperation& o, TimeMs now_ms);
  void owed_of_task(const MWorkflow& w, const MTask& t, const Use& use, TimeMs now_ms);

  void complain(const MWorkflow& w, const std::string& what);
  void complain(const MWorkflow& w, const MTask& t, const std::string& what);
  MTask* find(const Id& id);

  Limits limits_;
  std::map<Id, MWorkflow> workflows_;
  std::map<Place, MHost> hosts_;
  std::map<Key, Place> place_of_;
  std::map<Place, std::string> provider_of_server_;
  struct Turn {
    std::string workspace;
    std::set<std::string> others;  // workspaces that could have gone then
  };
  std::map<std::string, Turn> last_turn_;  // by provider
  std::uint64_t order_ = 0;
};

// ---- questions about one workflow, by loops over it
bool only_waits(const MTask& t);
bool on_provider(const MTask& t);
bool failed(const MTask& t);  // it ended, and not well; nor was it skipped or cancelled
std::uint32_t failures(const MWorkflow& w, const MOperation& o);
bool stopping(const MWorkflow& w, const MOperation& o);  // too many of its tasks failed
const MOperation* stopped_by(const MWorkflow& w);        // whose failure lets nothing more begin; nullptr: none
bool befores_ended(const MWorkflow& w, const MOperation& o);
const MOperation* missed(const MWorkflow& w, const MOperation& o);  // what it needs and does not get
bool in_open_wave(const MWorkflow& w, const MTask& t);
bool waves_done(const MWorkflow& w, const MOperation& o);  // nothing of the waves that were opened is left to do
bool tasks_done(const MWorkflow& w, const MOperation& o);
Outcome outcome_of(const MWorkflow& w, const MOperation& o);
Outcome outcome_of(const MWorkflow& w);
bool doomed(const MWorkflow& w, const MTask& t);  // it will never go
std::string why(const MWorkflow& w, const MTask& t);
std::string why(const MWorkflow& w, const MOperation& o);
// Operations that a retry begins anew; nullopt: it is refused, since one that was named needs another first.
std::optional<std::set<std::uint32_t>> again(const MWorkflow& w, const RetryWorkflow& asked);
bool had_effect(const MTask& t);  // or may have had
bool wants_undoing(const MWorkflow& w);
// Tasks that a rollback to `sequence` takes back, and those that it should and cannot.
struct Undoing {
  std::vector<std::uint32_t> tasks, impossible;
};
Undoing undoing(const MWorkflow& w, std::uint64_t sequence);

}  // namespace prov::domain::model
