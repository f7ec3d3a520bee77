#include "coordinator/dispatcher/agent_sessions.h"

#include <algorithm>

#include "common/failpoint/failpoint.h"

namespace prov::dispatcher {
namespace {

constexpr std::size_t kFrameBudget = 512 << 10;    // orders are packed up to about this size
constexpr std::size_t kMaxOrderBytes = 900 << 10;  // what fits a frame alone
constexpr std::size_t kRecentBundles = 64;
constexpr TimeMs kLookAgainMs = 1000;

std::size_t weight(const wire::Order& order) {
  std::size_t bytes = 256;
  if (const auto* script = std::get_if<wire::Script>(&order.action)) {
    for (const auto& file : script->files) bytes += file.data.size() + file.path.size() + 32;
    for (const auto& variable : script->environment) bytes += variable.name.size() + variable.value.size() + 32;
    for (const auto& sealed : script->secrets) bytes += sealed.box.size() + 64;
  } else if (const auto* exec = std::get_if<wire::Exec>(&order.action)) {
    for (const auto& word : exec->argv) bytes += word.size() + 16;
    bytes += exec->stdin_data.size();
  }
  return bytes;
}

domain::TaskEnded ended_as(const Id& task, std::uint32_t attempt, Outcome outcome, std::string message) {
  domain::TaskEnded e;
  e.task = task;
  e.attempt = attempt;
  e.outcome = outcome;
  e.message = std::move(message);
  return e;
}

void remember(std::deque<Digest>& bundles, const Digest& bundle) {
  if (std::find(bundles.begin(), bundles.end(), bundle) != bundles.end()) return;
  bundles.push_back(bundle);
  if (bundles.size() > kRecentBundles) bundles.pop_front();
}

}  // namespace

AgentSessions::~AgentSessions() {
  desk_.timers.cancel(watch_timer_);
  desk_.timers.cancel(resend_timer_);
  for (auto& [key, session] : sessions_) desk_.timers.cancel(session.flush);
}

void AgentSessions::start() {
  watch_timer_ = desk_.timers.after(desk_.config.heartbeat_ms, [this] { watch(); });
  resend_timer_ = desk_.timers.after(desk_.config.resend_ms, [this] { resend(); });
}

void AgentSessions::send(const Key& agent, decltype(wire::ToAgent::body) body) {
  wire::ToAgent frame;
  frame.epoch = desk_.core.state().epoch;
  frame.agent = agent;
  frame.settled_through = settled_through(agent);
  frame.log_sequence = desk_.writer.durable().sequence;
  frame.body = std::move(body);
  desk_.link.send(agent, wire::encode(frame));
}

// An agent forgets what it is told is settled, its verdict too: so this must not run ahead of the disk. What the state
// says is told once the disk has caught up with that state.
std::uint64_t AgentSessions::settled_through(const Key& agent) {
  const auto found = sessions_.find(agent);
  if (found == sessions_.end()) return 0;
  Session& session = found->second;
  const std::uint64_t durable = desk_.writer.durable().sequence;
  if (session.settling_at == 0) {
    session.settling = settled_in_state(agent);
    session.settling_at = desk_.core.state().sequence;
  }
  if (session.settling_at <= durable) {
    session.settled = std::max(session.settled, session.settling);
    session.settling_at = 0;
  }
  return session.settled;
}

std::uint64_t AgentSessions::settled_in_state(const Key& agent) const {
  const domain::State& state = desk_.core.state();
  const auto known = state.agents.find(agent);
  if (known == state.agents.end()) return 0;
  const domain::Host* host = state.agenda.hosts.find({known->second.workspace, known->second.server});
  if (host == nullptr || host->unsettled.empty()) return state.sequence;
  return host->unsettled.begin()->first - 1;
}

bool AgentSessions::is_a_copy(const Key& agent, const std::string& boot_id) {
  constexpr std::size_t kRemembered = 8;
  std::deque<std::string>& boots = sessions_[agent].boots;
  if (boot_id.empty() || (!boots.empty() && boots.back() == boot_id)) return false;
  if (std::find(boots.begin(), boots.end(), boot_id) != boots.end()) return true;
  boots.push_back(boot_id);
  if (boots.size() > kRemembered) boots.pop_front();
  return false;
}

void AgentSessions::connected(const Key& agent, const wire::Hello& hello) {
  Session& session = sessions_[agent];
  session.connected = true;
  session.capacity = std::max<std::size_t>(hello.capacity, 1);
  session.knows_modes = hello.knows_modes;
  session.heard_ms = desk_.clock.monotonic_ms();
  session.heard_wall_ms = desk_.clock.wall_ms();
  wire::Welcome welcome;
  welcome.log_id = desk_.writer.durable().log_id;
  welcome.heartbeat_ms = desk_.config.heartbeat_ms;
  welcome.dead_ms = desk_.config.dead_ms;
  welcome.endpoints = desk_.config.advertise;
  welcome.takes_plain_ends = true;
  send(agent, welcome);
  session.otherwise.clear();
  for (const wire::Attempt& attempt : hello.unfinished) {
    if (!is_that_order(attempt)) session.otherwise[attempt.task] = attempt;
  }
  for (auto& [task, pending] : session.orders) pending.anew = is_known_otherwise(session, task, pending.attempt);
  for (const wire::Attempt& attempt : hello.unfinished) accepted(agent, attempt.task, attempt.attempt, Known::attempt);
  for (auto& [task, pending] : session.orders) {
    if (!pending.accepted) enqueue(agent, session, task, pending);
  }
}

// Given out anew after a loss was accepted, it is another order, with another number, which the agent has to learn.
bool AgentSessions::is_that_order(const wire::Attempt& attempt) const {
  const domain::Task* task = domain::find_task(desk_.core.state(), attempt.task);
  return attempt.sequence == 0 || task == nullptr || task->dispatch_sequence == attempt.sequence;
}

bool AgentSessions::is_known_otherwise(const Session& session, const Id& task, std::uint32_t attempt) {
  const auto known = session.otherwise.find(task);
  return known != session.otherwise.end() && known->second.attempt == attempt;
}

void AgentSessions::heard(const Key& agent) {
  const auto found = sessions_.find(agent);
  if (found == sessions_.end()) return;
  found->second.heard_ms = desk_.clock.monotonic_ms();
  found->second.heard_wall_ms = desk_.clock.wall_ms();
}

void AgentSessions::gone(const Key& agent, const std::string& reason) {
  const auto found = sessions_.find(agent);
  if (found == sessions_.end() || !found->second.connected) return;
  if (!desk_.core.read_only_reason().empty()) return;  // it could not be logged: watch() finds it silent later
  found->second.connected = false;
  if (gone_listener_) gone_listener_(agent);
  desk_.core.submit({{}, "", domain::LoseAgent{agent, found->second.heard_wall_ms, reason}}, system_principal(), {});
}

bool AgentSessions::is_connected(const Key& agent) const {
  const auto found = sessions_.find(agent);
  return found != sessions_.end() && found->second.connected;
}

AgentView AgentSessions::view(const Key& agent) const {
  const auto found = sessions_.find(agent);
  if (found == sessions_.end()) return {};
  const Session& session = found->second;
  return {session.connected, session.heard_wall_ms, static_cast<std::uint32_t>(session.orders.size())};
}

void AgentSessions::add_order(const Id& task, std::uint32_t attempt) {
  const domain::Task* known = domain::find_task(desk_.core.state(), task);
  if (!still_out(known, attempt)) return;
  Session& session = sessions_[known->agent];
  Pending& pending = session.orders[task];
  if (pending.sent_ms != 0) --session.sent;  // an earlier attempt's
  pending = Pending{attempt, 0, false, pending.queued, is_known_otherwise(session, task, attempt)};
  if (session.connected) enqueue(known->agent, session, task, pending);
}

void AgentSessions::enqueue(const Key& agent, Session& session, const Id& task, Pending& pending) {
  if (pending.queued) return;
  pending.queued = true;
  session.queue.push_back(task);
  // At the end of this turn, so that what was decided together travels together.
  if (session.flush == 0) session.flush = desk_.timers.after(0, [this, agent] { flush(agent); });
}

void AgentSessions::flush(const Key& agent) {
  Session& session = sessions_[agent];
  session.flush = 0;
  wire::Orders frame;
  std::size_t bytes = 0;
  const TimeMs now_ms = desk_.clock.monotonic_ms();
  const auto send_frame = [&] {
    bytes = 0;
    if (frame.orders.empty()) return;
    PROV_FAIL_HERE("dispatch_before");
    send(agent, std::exchange(frame, {}));
    PROV_FAIL_HERE("dispatch_after");
  };
  while (!session.queue.empty()) {
    const Id task = session.queue.front();
    auto pending = session.orders.find(task);
    const bool fresh = pending != session.orders.end() && pending->second.sent_ms == 0;
    if (fresh && session.sent >= session.capacity) break;  // goes on when one of them ends
    session.queue.pop_front();
    if (pending == session.orders.end()) continue;
    pending->second.queued = false;
    auto order = render(task, pending->second.attempt);
    pending = session.orders.find(task);  // anew: what cannot be rendered ends, which the core is told
    if (pending == session.orders.end()) continue;
    if (!order) {
      forget(agent, session, pending);
      continue;
    }
    if (fresh) ++session.sent;
    if (const auto* script = std::get_if<wire::Script>(&order->action)) remember(session.bundles, script->bundle);
    pending->second.sent_ms = now_ms;
    const std::size_t more = weight(*order);
    if (bytes + more > kFrameBudget || frame.orders.size() == wire::kMaxOrdersInFrame) send_frame();
    if (frame.orders.empty()) frame.orders.reserve(std::min(session.queue.size() + 1, wire::kMaxOrdersInFrame));
    frame.orders.push_back(std::move(*order));
    bytes += more;
  }
  send_frame();
}

AgentSessions::Orders::iterator AgentSessions::forget(const Key& agent, Session& session, Orders::iterator at) {
  if (at->second.sent_ms != 0) --session.sent;
  const auto next = session.orders.erase(at);
  if (session.connected && !session.queue.empty() && session.flush == 0) {
    session.flush = desk_.timers.after(0, [this, agent] { flush(agent); });
  }
  return next;
}

bool AgentSessions::still_out(const domain::Task* known, std::uint32_t attempt) {
  return known != nullptr && known->attempt == attempt &&
         (known->status == domain::TaskStatus::dispatched || known->status == domain::TaskStatus::running);
}

// nullopt: there is nothing to send (any more); when it can never be sent, the attempt ends here.
std::optional<wire::Order> AgentSessions::render(const Id& task, std::uint32_t attempt) {
  const domain::State& state = desk_.core.state();
  const domain::Located at = domain::locate(state, task);
  if (!still_out(at.task, attempt)) return std::nullopt;
  const domain::Workflow& workflow = *at.workflow;
  const domain::Task& known = *at.task;
  if (auto allowed = domain::authorize_task(desk_.core.policy(), workflow, known); !allowed) {
    desk_.report_ended(known.agent, ended_as(task, attempt, Outcome::refused, allowed.error().message));
    return std::nullopt;
  }
  auto order = renderer_.render(state, workflow, task);
  if (order && weight(*order) > kMaxOrderBytes) {
    order = fail(Code::exhausted, "the rendered files are larger than one message may be (900 KiB)");
  }
  // An agent from before there were modes would carry out what it is only to check, and drop a script's arguments.
  const auto* script = order ? std::get_if<wire::Script>(&order->action) : nullptr;
  const bool newer = order && (order->mode != wire::Mode::apply || (script != nullptr && !script->arguments.empty()));
  if (newer && !sessions_[known.agent].knows_modes) {
    const std::string why = "the agent of this host is too old for this step: update it, then try again";
    desk_.report_ended(known.agent, ended_as(task, attempt, Outcome::refused, why));
    return std::nullopt;
  }
  if (!order) {
    desk_.report_ended(known.agent, ended_as(task, attempt, Outcome::failed, order.error().message));
    return std::nullopt;
  }
  return std::move(*order);
}

void AgentSessions::accepted(const Key& agent, const Id& task, std::uint32_t attempt, Known known) {
  const auto session = sessions_.find(agent);
  if (session == sessions_.end()) return;
  const auto pending = session->second.orders.find(task);
  if (pending == session->second.orders.end() || pending->second.attempt != attempt) return;
  if (known == Known::order) pending->second.anew = false;
  pending->second.accepted = !pending->second.anew;
}

void AgentSessions::send_again(const Key& agent, const Id& task) {
  const auto session = sessions_.find(agent);
  if (session == sessions_.end() || !session->second.connected) return;
  const auto pending = session->second.orders.find(task);
  if (pending != session->second.orders.end()) enqueue(agent, session->second, task, pending->second);
}

void AgentSessions::ended(const Key& agent, const Id& task) {
  const auto session = sessions_.find(agent);
  if (session == sessions_.end()) return;
  const auto pending = session->second.orders.find(task);
  if (pending != session->second.orders.end()) forget(agent, session->second, pending);
}

bool AgentSessions::may_have_bundle(const Key& agent, const Digest& bundle) {
  const auto found = sessions_.find(agent);
  if (found == sessions_.end()) return false;
  Session& session = found->second;
  if (std::find(session.bundles.begin(), session.bundles.end(), bundle) != session.bundles.end()) return true;
  // It was given the order by an earlier process of ours, or longer ago. Looking costs, so a stranger to the bundle
  // may make us look once in a while only.
  const TimeMs now_ms = desk_.clock.monotonic_ms();
  if (now_ms < session.look_again_ms) return false;
  if (!was_given(agent, bundle)) {
    session.look_again_ms = now_ms + kLookAgainMs;
    return false;
  }
  remember(session.bundles, bundle);
  return true;
}

bool AgentSessions::was_given(const Key& agent, const Digest& bundle) const {
  for (const auto& [id, workflow] : desk_.core.state().workflows) {
    for (const domain::Task& task : workflow.tasks) {
      if (task.agent != agent) continue;
      const auto* taskserv = std::get_if<domain::TaskservAction>(&*task.plan->action);
      const auto* exec = std::get_if<domain::ExecAction>(&*task.plan->action);
      if ((taskserv != nullptr && taskserv->spec.bundle == bundle) || (exec != nullptr && exec->bundle == bundle)) {
        return true;
      }
    }
  }
  return false;
}

void AgentSessions::watch() {
  watch_timer_ = desk_.timers.after(desk_.config.heartbeat_ms, [this] { watch(); });
  const TimeMs now = desk_.clock.monotonic_ms();
  std::vector<Key> silent;
  for (const auto& [key, session] : sessions_) {
    if (session.connected && session.heard_ms + desk_.config.dead_ms <= now) silent.push_back(key);
  }
  std::sort(silent.begin(), silent.end());
  for (const Key& key : silent) {
    gone(key, "nothing was heard of it for " + std::to_string(desk_.config.dead_ms / 1000) + " s");
  }
}

void AgentSessions::resend() {
  resend_timer_ = desk_.timers.after(desk_.config.resend_ms, [this] { resend(); });
  const TimeMs now = desk_.clock.monotonic_ms();
  std::vector<Key> connected;
  for (auto& [key, session] : sessions_) {
    for (auto at = session.orders.begin(); at != session.orders.end();) {
      const domain::Task* task = domain::find_task(desk_.core.state(), at->first);
      at = still_out(task, at->second.attempt) ? at + 1 : forget(key, session, at);
    }
    if (session.connected && !session.orders.empty()) connected.push_back(key);
  }
  std::sort(connected.begin(), connected.end());  // no order of a hash table may reach the wire
  for (const Key& key : connected) {
    Session& session = sessions_[key];
    std::vector<wire::Attempt> cancelled;  // the cancel may have been lost like any frame
    for (auto& [task, pending] : session.orders) {
      const bool overdue = !pending.accepted && pending.sent_ms != 0 && pending.sent_ms + desk_.config.resend_ms <= now;
      if (overdue) enqueue(key, session, task, pending);
      const domain::Workflow* workflow = domain::find_workflow(desk_.core.state(), task);
      if (workflow != nullptr && workflow->cancelling) cancelled.push_back({task, pending.attempt, 0});
    }
    if (cancelled.empty()) continue;
    desk_.core.when_durable([this, key, cancelled] {
      for (const wire::Attempt& attempt : cancelled) send(key, wire::Cancel{attempt});
    });
  }
}

}  // namespace prov::dispatcher
