#include "tests/unit/engine/world.h"

#include <algorithm>

#include "coordinator/event_log/event_codec.h"
#include "coordinator/event_log/state_codec.h"
#include "tests/unit/engine/derived.h"

namespace prov::domain::model {
namespace {

Limits any_limits(Dice& dice) {
  Limits limits;
  limits.agent_orders = dice.percent(50) ? 1 + dice.below(3) : 100;
  limits.provider_parallel = 1 + dice.below(3);
  if (dice.percent(30)) limits.settled_tasks = dice.below(6);
  return limits;
}

std::string version_at(const std::map<std::string, std::string>& ledger, const std::string& place) {
  const auto at = ledger.find(place);
  return at == ledger.end() ? "" : at->second;
}

Facts facts_of(const std::string& host, bool debian) {
  return Facts{.hostname = host, .os = debian ? "debian" : "alpine", .boot_id = "1"};
}

}  // namespace

World::World(std::uint64_t seed, bool thorough)
    : dice_(seed), thorough_(thorough), shape_(any_shape(dice_)), model_(any_limits(dice_)) {
  Dice same(seed);
  any_shape(same);
  p_.state.agenda.limits = any_limits(same);
  p_.on_event = [this](const Event& event) { note(event); };
  for (const std::string& workspace : kWorkspaces) {
    for (const std::string& host : kHosts) p_.add_host(host, ++keys_, workspace);
  }
}

// ---- what is looked at, at each event

void World::note(const Event& event) {
  if (const auto* e = std::get_if<TaskDispatched>(&event.body)) check_ledger_order(e->task);
  if (const auto* e = std::get_if<TaskInDoubt>(&event.body)) {  // nobody knows, but the hosts do
    const MTask& task = model_.task(e->task);
    if (dice_.percent(50)) {
      take_effect(model_.workflows().at(workflow_id(e->task)), task);
      in_effect_.insert(e->task);
    }
  }
  model_.see(event);
  model_.compare(p_.state);
  if (const auto* e = std::get_if<WorkflowSubmitted>(&event.body)) before_[e->id] = ledger_;
  if (const auto* e = std::get_if<WorkflowEnded>(&event.body)) {
    const MWorkflow& w = model_.workflows().at(e->id);
    if (!w.rolls_back.is_zero()) check_rolled_back(w);
  }
  if (!thorough_) return;
  hashes_.push_back(event_log::state_hash(p_.state));
  for (const std::string& difference : differences_from_derived(p_.state)) complain(difference);
}

std::string World::place_in_ledger(const MWorkflow& w, const Action& action, const std::string& host) const {
  if (const auto* taskserv = std::get_if<TaskservAction>(&action)) {
    return w.workspace + "/" + host + "|" + taskserv->spec.name;
  }
  const auto& argv = std::get<ExecAction>(action).argv;
  return w.workspace + "/" + host + "|" + argv.at(1);
}

void World::take_effect(const MWorkflow& w, const MTask& task) {
  const Action& action = *task.plan.action;
  if (task.plan.mode != OrderMode::apply) return;
  if (const auto* remove = std::get_if<ServerDeleteAction>(&action)) {
    const std::string prefix = w.workspace + "/" + remove->hostname + "|";
    std::erase_if(ledger_, [&](const auto& entry) { return entry.first.starts_with(prefix); });
  } else if (const auto* create = std::get_if<ServerCreateAction>(&action)) {
    ledger_[w.workspace + "/" + create->hostname + "|"] = "made";
  } else if (const auto* taskserv = std::get_if<TaskservAction>(&action)) {
    const std::string place = place_in_ledger(w, action, task.plan.server);
    if (taskserv->verb == TaskservVerb::uninstall) ledger_.erase(place);
    if (taskserv->verb == TaskservVerb::install) ledger_[place] = taskserv->spec.version;
  } else if (const auto* exec = std::get_if<ExecAction>(&action)) {
    const std::string place = place_in_ledger(w, action, task.plan.server);
    if (exec->argv.at(0) == "undo")
      ledger_.erase(place);
    else
      ledger_[place] = "done";
  }
}

// By what was really done: everything that is needed is there before, and is still there while what needed it is
// undone.
void World::check_ledger_order(const Id& id) {
  const MWorkflow& w = model_.workflows().at(workflow_id(id));
  const MTask& task = model_.task(id);
  for (const std::uint32_t before : task.plan.depends_on) {
    const MTask& needed = w.tasks[before];
    if (needed.outcome == Outcome::unchanged || !std::holds_alternative<ExecAction>(*needed.plan.action)) continue;
    if (needed.plan.mode != OrderMode::apply || needed.plan.server.starts_with("w")) continue;
    const bool done = ledger_.contains(place_in_ledger(w, *needed.plan.action, needed.plan.server));
    const bool undoes = std::get<ExecAction>(*needed.plan.action).argv.at(0) == "undo";
    if (done == undoes) complain("\"" + task.plan.name + "\" went before \"" + needed.plan.name + "\" was done");
  }
  const auto undone = model_.workflows().find(w.rolls_back);
  if (undone == model_.workflows().end()) return;
  const MWorkflow& original = undone->second;
  for (const MTask& t : original.tasks) {  // the one that is taken back
    if ("undo " + t.plan.name != task.plan.name) continue;
    for (const MTask& later : original.tasks) {
      bool needed =
          std::count(later.plan.depends_on.begin(), later.plan.depends_on.end(), &t - original.tasks.data()) > 0;
      bool behind = needed;
      for (const Dependency& d : original.operations[later.operation].plan.depends_on) {
        if (d.before != t.operation) continue;
        behind = true;
        needed = needed || d.kind == DependencyKind::hard;
      }
      if (!behind) continue;
      for (const MTask& u : w.tasks) {
        if (u.plan.name == "undo " + later.plan.name && !(u.ended && (!needed || succeeded(u.outcome)))) {
          complain("\"" + t.plan.name + "\" is undone before \"" + later.plan.name + "\", which came after it");
        }
      }
    }
  }
}

// The hosts are as they were, but for what is known not to be taken back.
void World::check_rolled_back(const MWorkflow& undoing_it) {
  if (undoing_it.outcome != Outcome::done) return;
  const auto undone = model_.workflows().find(undoing_it.rolls_back);
  if (undone == model_.workflows().end()) return;
  const MWorkflow& w = undone->second;
  std::set<std::string> taken_back, gone;
  for (const MTask& u : undoing_it.tasks) {
    taken_back.insert(u.plan.name);
    if (const auto* remove = std::get_if<ServerDeleteAction>(&*u.plan.action)) gone.insert(remove->hostname);
  }
  for (const MTask& t : w.tasks) {
    const bool on_host =
        std::holds_alternative<ExecAction>(*t.plan.action) || std::holds_alternative<TaskservAction>(*t.plan.action);
    if (!on_host) continue;
    const bool back = taken_back.contains("undo " + t.plan.name) || gone.contains(t.plan.server);
    const Ledger& as = before_.at(back ? w.id : undoing_it.id);
    const std::string place = place_in_ledger(w, *t.plan.action, t.plan.server);
    const bool host_went = gone.contains(t.plan.server);  // and all that had ever been on it
    if (version_at(ledger_, place) == (host_went ? version_at({}, place) : version_at(as, place))) continue;
    complain("after the rollback, \"" + place + "\" is not as it was before " + (back ? "its workflow" : "it"));
  }
}

// ---- what happens

void World::give(CommandBody body, const std::string& workspace) {
  const Command command{{}, workspace, body};
  std::vector<std::string> planned;
  const bool compare = dice_.percent(5) || thorough_;
  if (compare) {  // a plan is what is then done
    const State copy = p_.state;
    std::uint32_t ids = p_.ids;
    const auto events = decide(copy, command, {p_.now_ms, [&] {
                                                 Id id;
                                                 ++ids;
                                                 std::memcpy(id.bytes.data(), &ids, 4);
                                                 return id;
                                               }});
    if (events) {
      for (const EventBody& event : *events) planned.push_back(event_log::encode_event({{}, event}));
    }
  }
  const std::size_t first = p_.log.size();
  (void)p_.give(std::move(body), workspace);
  for (std::size_t i = 0; compare && i < planned.size(); ++i) {
    if (first + i >= p_.log.size() || event_log::encode_event({{}, p_.log[first + i].body}) != planned[i]) {
      complain("what was done is not what was planned");
    }
  }
  model_.settled(p_.now_ms);
}

void World::submit() {
  const std::string& workspace = dice_.one_of(kWorkspaces);
  const std::uint32_t number = ++submitted_;
  if (dice_.percent(25)) return give(any_batch(dice_, shape_, number), workspace);
  std::vector<EventBody> declared;
  WorkflowSubmitted e = any_workflow(dice_, shape_, number, declared);
  e.id.bytes[0] = 0xEE;
  e.id.bytes[1] = static_cast<std::uint8_t>(number);
  for (EventBody& event : declared) {
    if (const auto* installed = std::get_if<TaskservInstalled>(&event)) {
      ledger_[workspace + "/" + installed->server + "|" + installed->name] = installed->version;
    }
    p_.fold(std::move(event), workspace, kOperator, {});
  }
  p_.fold(std::move(e), workspace, kOperator, {});
  p_.follow();
  model_.settled(p_.now_ms);
}

const MWorkflow* World::any_workflow_of_state(bool ended) {
  std::vector<const MWorkflow*> found;
  for (const auto& [id, w] : model_.workflows()) {
    if (w.ended == ended) found.push_back(&w);
  }
  return found.empty() ? nullptr : dice_.one_of(found);
}

void World::operate() {
  const bool of_ended = dice_.percent(40);
  const MWorkflow* w = any_workflow_of_state(of_ended);
  if (w == nullptr) return;
  const std::string workspace = w->workspace;
  if (of_ended) {
    if (dice_.percent(50)) return;
    return retry(*w);
  }
  switch (dice_.below(8)) {
    case 0: return give(CancelWorkflow{w->id}, workspace);
    case 1:
    case 2: return give(PauseWorkflow{w->id, "a while"}, workspace);
    case 3:
    case 4: return give(ApproveTask{w->id, dice_.percent(80), ""}, workspace);
    default: return give(ResumeWorkflow{w->id}, workspace);
  }
}

void World::retry(const MWorkflow& w) {
  RetryWorkflow asked{w.id, {}, dice_.percent(50)};
  for (std::uint32_t n = dice_.percent(50) ? 0 : 1 + dice_.below(3); n > 0; --n) {
    asked.operations.push_back(dice_.one_of(w.operations).plan.id);
  }
  const bool may = w.rollbacks == 0;
  const auto expected = again(w, asked);
  const std::string workspace = w.workspace;
  const std::size_t before = p_.log.size();
  const bool busy = std::any_of(w.tasks.begin(), w.tasks.end(), [&](const MTask& t) {
    const auto* create = std::get_if<ServerCreateAction>(&*t.plan.action);
    return create != nullptr && p_.state.server_work.contains({workspace, create->hostname});
  });
  give(asked, workspace);
  const auto* e = p_.log.size() == before ? nullptr : std::get_if<WorkflowRetried>(&p_.log[before].body);
  const bool should = may && expected && !expected->empty();
  if (should && e == nullptr && !busy) return complain("a retry does nothing");
  if (e == nullptr) return;
  if (!should || std::set(e->operations.begin(), e->operations.end()) != *expected) {
    complain("a retry begins other operations than it should");
  }
}

void World::report() {
  std::vector<Id> reportable;
  for (const Id& id : model_.out()) {
    if (!only_waits(model_.task(id))) reportable.push_back(id);
  }
  if (reportable.empty()) return;
  const Id id = dice_.one_of(reportable);
  const MTask& task = model_.task(id);
  if (dice_.percent(30)) return give(ReportStarted{task.agent, id, task.attempt, 0}, "");
  report_end(id);
}

TaskEnded World::any_end(const MTask& task) {
  static const std::vector<Outcome> kEnds{Outcome::done,   Outcome::done,        Outcome::done,      Outcome::done,
                                          Outcome::done,   Outcome::done,        Outcome::unchanged, Outcome::failed,
                                          Outcome::failed, Outcome::interrupted, Outcome::timed_out, Outcome::refused};
  TaskEnded e;
  e.attempt = task.attempt;
  e.outcome = dice_.one_of(kEnds);
  if (e.outcome == Outcome::failed)
    e.exit_code = dice_.percent(30) ? kExitTryLater : dice_.percent(10) ? kExitCannot : 1;
  if (dice_.percent(40)) e.outputs = {{"o", dice_.percent(70) ? std::to_string(dice_.below(10)) : "word"}};
  return e;
}

void World::report_end(const Id& id) {
  const MWorkflow& w = model_.workflows().at(workflow_id(id));
  const MTask task = model_.task(id);
  TaskEnded e = any_end(task);
  e.task = id;
  if (e.outcome == Outcome::unchanged && !w.rolls_back.is_zero()) e.outcome = Outcome::done;  // there is something
  const bool effect = e.outcome == Outcome::done ||
                      (e.outcome != Outcome::unchanged && e.outcome != Outcome::refused && dice_.percent(50));
  if (effect) take_effect(w, task);
  std::optional<ServerCreated> created;
  if (const auto* create = std::get_if<ServerCreateAction>(&*task.plan.action)) {
    created = ServerCreated{create->hostname, "id", "10.0.0.1", "", ""};
  }
  give(ReportEnded{task.agent, e, 0, created}, "");
}

// What nobody hoped for any more, once more what was said, and what is not true any more.
void World::report_late() {
  std::vector<Id> ended;
  for (const auto& [id, w] : model_.workflows()) {
    for (std::uint32_t i = 0; i < w.tasks.size(); ++i) {
      if (w.tasks[i].ended && w.tasks[i].attempt > 0 && !only_waits(w.tasks[i])) ended.push_back(task_id(id, i));
    }
  }
  if (ended.empty()) return;
  const Id id = dice_.one_of(ended);
  const MTask task = model_.task(id);
  TaskEnded e;
  e.task = id;
  e.attempt = task.attempt;
  e.outcome = task.outcome == Outcome::in_doubt && in_effect_.contains(id) ? Outcome::done : Outcome::failed;
  if (dice_.percent(20)) ++e.attempt;
  give(ReportEnded{task.agent, e, 0, {}}, "");
}

void World::change_hosts() {
  std::vector<Place> places;
  for (const auto& [place, host] : model_.hosts()) places.push_back(place);
  const Place place = dice_.one_of(places);
  const MHost host = model_.hosts().at(place);
  if (host.agent.is_zero() || (shape_.servers && dice_.percent(30))) {  // a new one joins
    std::string name = place.second;
    std::string workspace = place.first;
    for (const auto& [key, server] : p_.state.servers) {
      if (dice_.percent(50)) workspace = key.first, name = key.second;
    }
    if (agent_of(p_.state, workspace, name) == nullptr && keys_ < 90) p_.add_host(name, ++keys_, workspace);
    return model_.settled(p_.now_ms);
  }
  switch (dice_.below(10)) {
    case 0: return give(DrainAgent{host.agent, !host.draining}, place.first);
    case 1:
      if (dice_.percent(20)) give(RemoveAgent{host.agent, ""}, place.first);
      return;
    case 2:
    case 3:
    case 4:
    case 5: return give(LoseAgent{host.agent, 0, ""}, "");
    default: return give(ConnectAgent{host.agent, facts_of(place.second, dice_.percent(70))}, "");
  }
}

void World::restart() {
  const Limits limits = p_.state.agenda.limits;
  if (thorough_) {  // from a snapshot
    auto loaded = event_log::decode_state(event_log::encode_state(p_.state));
    if (!loaded) return complain("a snapshot cannot be read: " + loaded.error().message);
    p_.state = std::move(*loaded);
    p_.state.agenda.limits = limits;
  }
  p_.fold(CoordinatorStarted{p_.state.epoch + 1, "test", "here", 0}, "", kInside, {});
  rebuild_agenda(p_.state);
  model_.restarted(p_.state.log_time_ms);
  const std::size_t before = p_.log.size();
  p_.follow();
  if (p_.log.size() > before) {  // only a condition may have come true between two looks at it
    const auto* e = std::get_if<TaskEnded>(&p_.log[before].body);
    const bool waited = e != nullptr && std::holds_alternative<WaitAction>(*model_.task(e->task).plan.action);
    if (!waited) complain(std::string("a restart made something happen: ") + name_of(p_.log[before].body));
  }
  model_.settled(p_.now_ms);
  for (const auto& [place, host] : std::map<Place, MHost>(model_.hosts())) {
    if (!host.agent.is_zero() && dice_.percent(70)) give(ConnectAgent{host.agent, facts_of(place.second, true)}, "");
  }
}

void World::step() {
  switch (dice_.below(20)) {
    case 0:
      if (submitted_ < 3) submit();
      break;
    case 1:
    case 2: operate(); break;
    case 3:
    case 4: change_hosts(); break;
    case 5:
    case 6:
      p_.advance(dice_.below(3000));
      model_.settled(p_.now_ms);
      break;
    case 7:
      p_.advance(dice_.percent(20) ? 1'000'000 : dice_.below(100'000));
      model_.settled(p_.now_ms);
      break;
    case 8:
      if (dice_.percent(30)) restart();
      break;
    case 9: report_late(); break;
    default: report(); break;
  }
}

void World::run() {
  submit();
  const std::uint32_t steps = 20 + 3 * shape_.operations;
  for (std::uint32_t i = 0; i < steps && complaints().empty(); ++i) step();
  finish();
  undo_some();
  finish();
  if (thorough_ && complaints().empty()) check_replay();
}

void World::bring_back_all() {
  for (const auto& [place, host] : std::map<Place, MHost>(model_.hosts())) {
    if (host.agent.is_zero()) {
      p_.add_host(place.second, ++keys_, place.first);
    } else {
      if (!host.reachable) give(ConnectAgent{host.agent, facts_of(place.second, true)}, "");
      if (host.draining) give(DrainAgent{host.agent, false}, place.first);
    }
  }
  for (const auto& [id, w] : std::map<Id, MWorkflow>(model_.workflows())) {
    if (w.paused) give(ResumeWorkflow{id}, w.workspace);
  }
}

// Everything ends, when time passes and agents report.
void World::finish() {
  if (!complaints().empty()) return;
  bring_back_all();
  for (int i = 0; i < 4000 && model_.unfinished() && complaints().empty(); ++i) {
    const auto out = model_.out();
    const bool any = std::any_of(out.begin(), out.end(), [&](const Id& id) { return !only_waits(model_.task(id)); });
    if (any) {
      report();
      continue;
    }
    const auto next = next_deadline(p_.state);
    if (!next) return complain("a workflow never ends: nothing is out, and nothing is due");
    p_.now_ms = std::max(p_.now_ms, *next);
    p_.follow();
    model_.settled(p_.now_ms);
  }
  if (model_.unfinished()) complain("a workflow has not ended");
}

void World::undo_some() {
  for (const auto& [id, w] : std::map<Id, MWorkflow>(model_.workflows())) {
    if (!complaints().empty() || dice_.percent(40)) continue;
    RollbackWorkflow undo{id, ""};
    if (!w.checkpoints.empty() && dice_.percent(50)) undo.checkpoint = w.checkpoints.begin()->first;
    give(undo, w.workspace);
  }
}

// Every prefix, as it is read from a log, folds to the state that was live then.
void World::check_replay() {
  State again;
  for (std::size_t i = 0; i < p_.log.size(); ++i) {
    auto read = event_log::decode_event(event_log::encode_event(p_.log[i]));
    if (!read) return complain("event " + std::to_string(i) + " cannot be read again: " + read.error().message);
    evolve(again, *read);
    const std::size_t unhashed = p_.log.size() - hashes_.size();  // from before anybody listened
    if (i >= unhashed && event_log::state_hash(again) != hashes_[i - unhashed]) {
      return complain("a replay up to event " + std::to_string(i) + " is another state");
    }
  }
}

}  // namespace prov::domain::model
