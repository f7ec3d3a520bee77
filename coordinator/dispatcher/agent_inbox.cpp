#include "coordinator/dispatcher/agent_inbox.h"

#include <algorithm>
#include <span>

#include "common/failpoint/failpoint.h"
#include "common/hash.h"
#include "coordinator/dispatcher/shell_desk.h"
#include "coordinator/event_log/blobs.h"
#include "coordinator/event_log/keys.h"

namespace prov::dispatcher {
namespace {

// What the coordinator keeps of one attempt's output; an honest agent's steps are cut off at 8 MiB.
constexpr std::uint64_t kMaxOutputBytes = 64 << 20;

bool same_step(const wire::Report& a, const wire::Report& b) { return a.task == b.task && a.attempt == b.attempt; }

// Whether the end of the step stands behind the word of its start; what an agent says of one step stands together.
bool ends_behind(std::span<const wire::Report> from_start) {
  for (const wire::Report& report : from_start.subspan(1)) {
    if (!same_step(report, from_start.front())) return false;
    if (std::holds_alternative<wire::Ended>(report.what)) return true;
  }
  return false;
}

bool out_now(const domain::Task& task) {
  return task.status == domain::TaskStatus::dispatched || task.status == domain::TaskStatus::running;
}

bool awaited(const domain::Task& task) {  // a verdict, a late one included
  return out_now(task) || (task.status == domain::TaskStatus::ended && task.outcome == Outcome::in_doubt);
}

}  // namespace

void AgentInbox::frame(const Key& agent, const std::string& bytes) {
  // The link lets only admitted keys in; one that was removed a moment ago may still have frames under way.
  if (!desk_.core.state().agents.contains(agent)) return;
  auto message = wire::decode_from_agent(bytes);
  if (!message) return desk_.core.raise_alarm("bad_frame", "agent:" + to_text(agent), message.error().message);
  const bool introduces_itself = std::holds_alternative<wire::Hello>(*message);
  if (!introduces_itself && !sessions_.is_connected(agent)) {
    // It was connected to the process before us, or is lost to us. Our epoch in any frame makes it say hello to a new
    // process; silence makes it do so after a while.
    if (nudged_.insert(agent).second) sessions_.send(agent, wire::HeartbeatAnswer{0});
    return;
  }
  sessions_.heard(agent);
  std::visit([&](auto& body) { on(agent, std::move(body)); }, *message);
}

void AgentInbox::enrol(const Key& key, const std::string& bytes, const std::function<void(std::string)>& answer) {
  const auto refuse = [answer](std::string why) {
    wire::EnrolAnswer out;
    out.refused = std::move(why);
    answer(wire::encode(out));
  };
  auto request = wire::decode_enrol_request(bytes);
  if (!request) {
    desk_.core.raise_alarm("bad_enrolment", "key:" + to_text(key), request.error().message);
    return refuse("the request does not decode");
  }
  const domain::EnrolAgent command{key, request->seal_key, request->token_id, digest_of(request->secret)};
  desk_.core.submit({{}, "", command}, agent_principal(key), [this, key, answer, refuse](Result<domain::Answer> done) {
    if (!done) {
      desk_.core.raise_alarm("refused_enrolment", "key:" + to_text(key), done.error().message);
      return refuse(done.error().message);
    }
    const auto agent = desk_.core.state().agents.find(key);
    if (agent == desk_.core.state().agents.end()) return refuse("the agent was removed meanwhile");
    wire::EnrolAnswer out;
    out.workspace = agent->second.workspace;
    out.server = agent->second.server;
    const auto server = desk_.core.state().servers.find({out.workspace, out.server});
    out.link_endpoint = desk_.config.link_endpoint(
        server == desk_.core.state().servers.end() ? "" : server->second.coordinator_address);
    out.log_id = desk_.writer.durable().log_id;
    out.epoch = desk_.core.state().epoch;
    answer(wire::encode(out));
  });
}

// An agent has obeyed a coordinator that this log does not know of: the log was cut, or there are two of us.
bool AgentInbox::attests_more_than_the_log(const Key& agent, const wire::Hello& hello) {
  const domain::State& state = desk_.core.state();
  if (hello.highest_epoch < state.accepted_epoch) return false;  // an operator has decided about that history
  const bool later_epoch = hello.highest_epoch > state.epoch;
  const bool longer_log = hello.highest_sequence > desk_.writer.durable().sequence;
  if (!later_epoch && !longer_log) return false;
  attested_epoch_ = std::max(attested_epoch_, hello.highest_epoch);
  const auto place = [](std::uint32_t epoch, std::uint64_t sequence) {
    return "epoch " + std::to_string(epoch) + ", event " + std::to_string(sequence);
  };
  const std::string what = "agent " + to_text(agent) + " has seen (" +
                           place(hello.highest_epoch, hello.highest_sequence) + "); this log ends at " +
                           place(state.epoch, desk_.writer.durable().sequence);
  if (desk_.core.read_only_reason().empty()) desk_.core.raise_alarm("shorter_log", "agent:" + to_text(agent), what);
  desk_.core.set_read_only("the log is shorter than what " + what);
  return true;
}

void AgentInbox::on(const Key& agent, wire::Hello hello) {
  if (hello.protocol != wire::kProtocol) {
    return sessions_.send(agent, wire::Refused{"this coordinator speaks protocol " + std::to_string(wire::kProtocol)});
  }
  if (hello.highest_epoch > desk_.core.state().epoch + domain::kEpochsAhead) {
    // Its word is not held against all others: no log was that far.
    desk_.core.raise_alarm("implausible_epoch", "agent:" + to_text(agent),
                           "it claims to have obeyed epoch " + std::to_string(hello.highest_epoch));
    return sessions_.send(agent, wire::Refused{"no coordinator of this log ever was in the epoch that you have seen"});
  }
  if (sessions_.is_a_copy(agent, hello.facts.boot_id)) {
    desk_.core.raise_alarm("copied_host", "agent:" + to_text(agent),
                           "two hosts use the key of this agent: remove it, and enrol each with a token of its own");
    return sessions_.send(agent, wire::Refused{"another host uses the key of this agent"});
  }
  if (attests_more_than_the_log(agent, hello)) {
    return sessions_.send(agent, wire::Refused{"the coordinator's log is shorter than what you have seen"});
  }
  const domain::Command command{{}, "", domain::ConnectAgent{agent, hello.facts}};  // before `hello` moves on
  desk_.core.submit(command, agent_principal(agent),
                    [this, agent, hello = std::move(hello)](Result<domain::Answer> done) {
                      if (!done) return sessions_.send(agent, wire::Refused{done.error().message});
                      sessions_.connected(agent, hello);
                      ask_for_lost_ends(agent, hello);
                    });
}

// An end is acknowledged when it is durable. One that is awaited nevertheless was lost with the log's end, or came late
// in a part of the history that was lost, and an operator has accepted that.
void AgentInbox::ask_for_lost_ends(const Key& agent, const wire::Hello& hello) {
  std::set<std::pair<Id, std::uint32_t>> told;
  for (const wire::Attempt& attempt : hello.unfinished) {
    if (attempt.told && awaits(agent, attempt.task, attempt.attempt)) told.emplace(attempt.task, attempt.attempt);
  }
  if (told.empty()) return;
  lost_ends_[agent] = std::move(told);
  ask_again();
}

void AgentInbox::ask_again() {
  for (auto at = lost_ends_.begin(); at != lost_ends_.end();) {
    const auto here = at++;
    const Key& agent = here->first;
    std::erase_if(here->second, [&](const auto& each) { return !awaits(agent, each.first, each.second); });
    for (const auto& [task, attempt] : here->second) want_reports(agent, task, attempt);
    if (here->second.empty() || !sessions_.is_connected(agent)) lost_ends_.erase(here);
  }
  if (!lost_ends_.empty()) ask_alarm_.set(desk_.config.resend_ms, [this] { ask_again(); });
}

bool AgentInbox::awaits(const Key& agent, const Id& id, std::uint32_t attempt) const {
  const domain::Task* task = domain::find_task(desk_.core.state(), id);
  return task != nullptr && task->agent == agent && task->attempt == attempt && awaited(*task);
}

void AgentInbox::on(const Key& agent, const wire::Heartbeat& heartbeat) {
  sessions_.send(agent, wire::HeartbeatAnswer{heartbeat.count});
}

void AgentInbox::on(const Key& agent, wire::Reports reports) {
  if (!desk_.core.read_only_reason().empty()) return;  // nothing can be logged now: they are sent again
  const Speaker who(agent_principal(agent));
  bool all = true;
  {
    const command_handler::Core::Group together(desk_.core);
    all = take_all(agent, who, reports.reports);
    for (auto end = reports.plain_ends.begin(); all && end != reports.plain_ends.end(); ++end) {
      if (end + 1 != reports.plain_ends.end()) domain::soon(desk_.core.state(), (end + 1)->task);
      all = take(agent, who, *end);
    }
  }
  if (!all) return;  // sent again, in order
  desk_.core.when_durable([this, agent, id = reports.frame_id] {
    PROV_FAIL_HERE("acknowledge_before");
    sessions_.send(agent, wire::ReportsAck{id});
    PROV_FAIL_HERE("acknowledge_after");
  });
}

bool AgentInbox::take_all(const Key& agent, const Speaker& who, std::vector<wire::Report>& reports) {
  const wire::Report* start = nullptr;  // of a step that has ended since: one event will tell of both
  for (std::size_t i = 0; i < reports.size(); ++i) {
    wire::Report& report = reports[i];
    if (start != nullptr && !same_step(*start, report)) start = nullptr;
    const bool begins = std::holds_alternative<wire::Started>(report.what);
    if (begins && ends_behind(std::span(reports).subspan(i))) {
      start = &report;
    } else if (!take(agent, who, report, start)) {
      return false;
    }
  }
  return true;
}

AgentInbox::Weight AgentInbox::weigh(const Key& agent, const Id& id, std::uint32_t attempt, std::uint64_t sequence,
                                     bool is_end) {
  const domain::Task* task = domain::find_task(desk_.core.state(), id);
  if (task == nullptr || task->attempt != attempt) return Weight::passed_over;  // long settled
  if (task->agent != agent) {
    desk_.core.raise_alarm("foreign_task", "agent:" + to_text(agent), "it reports on task " + to_text(id));
    return Weight::passed_over;
  }
  if (!awaited(*task)) {  // nothing that it says now is part of the history any more, output neither
    if (is_end) sessions_.ended(agent, id);
    return Weight::passed_over;
  }
  // What the host has is an order that the log has lost: first it learns of the one that was given out anew.
  if (sequence != 0 && sequence != task->dispatch_sequence && out_now(*task)) {
    sessions_.send_again(agent, id);
    return Weight::not_yet;
  }
  return Weight::counts;
}

bool AgentInbox::take(const Key& agent, const Speaker& who, wire::Report& report, const wire::Report* start) {
  const bool is_end = std::holds_alternative<wire::Ended>(report.what);
  const Weight weight = weigh(agent, report.task, report.attempt, report.sequence, is_end);
  if (weight != Weight::counts) return weight == Weight::passed_over;
  const auto known = report.sequence != 0 ? AgentSessions::Known::order : AgentSessions::Known::attempt;
  if (std::holds_alternative<wire::Accepted>(report.what)) {
    sessions_.accepted(agent, report.task, report.attempt, known);
  } else if (std::holds_alternative<wire::Started>(report.what)) {
    sessions_.accepted(agent, report.task, report.attempt, known);
    desk_.core.submit({{}, "", domain::ReportStarted{agent, report.task, report.attempt, report.agent_time_ms}}, who,
                      {});
  } else if (auto* output = std::get_if<wire::Output>(&report.what)) {
    return take_output(agent, report, *output);
  } else {
    return take_ended(agent, who, report, std::get<wire::Ended>(report.what), start);
  }
  return true;
}

std::uint64_t& AgentInbox::stored_bytes(const Id& task, std::uint32_t attempt) {
  auto [at, fresh] = outputs_.try_emplace(task);
  if (!fresh && at->second.attempt == attempt) return at->second.stored;
  at->second = {attempt, 0};
  // After a restart: what an earlier process of ours acknowledged is in the store.
  (void)desk_.log.scan(event_log::output_prefix(task, attempt), [&](std::string_view key, std::string_view value) {
    at->second.stored = event_log::output_offset(key) + value.size();
    return true;
  });
  return at->second.stored;
}

// No frame can overtake another one of the same step: what is missing was acknowledged. Either the log has lost it
// since with its end, and an operator has accepted that; or it came while such a log did not know the attempt, before
// it was given out anew. The agent would send what comes behind it for ever.
void AgentInbox::want_reports(const Key& agent, const Id& task, std::uint32_t attempt) {
  sessions_.send(agent, wire::ReportsWanted{{task, attempt, stored_bytes(task, attempt)}});
}

bool AgentInbox::take_output(const Key& agent, const wire::Report& report, wire::Output& output) {
  std::uint64_t& stored = stored_bytes(report.task, report.attempt);
  if (output.offset > stored) {
    if (stored == kMaxOutputBytes) return true;
    want_reports(agent, report.task, report.attempt);
    return false;
  }
  const std::uint64_t known = stored - output.offset;
  if (known >= output.data.size()) return true;
  std::string fresh = output.data.substr(known, kMaxOutputBytes - std::min(stored, kMaxOutputBytes));
  if (stored + fresh.size() == kMaxOutputBytes) {
    desk_.core.raise_alarm("too_much_output", "agent:" + to_text(agent), "of task " + to_text(report.task));
  }
  if (fresh.empty()) return true;
  const std::uint64_t at = stored;
  stored += fresh.size();
  desk_.store_output(report.task, report.attempt, at, std::move(fresh));
  return true;
}

bool AgentInbox::take_ended(const Key& agent, const Speaker& who, const wire::Report& report, const wire::Ended& ended,
                            const wire::Report* start) {
  const std::uint64_t output_bytes = std::min(ended.output_bytes, kMaxOutputBytes);
  if (output_bytes > 0) {
    const std::uint64_t stored = stored_bytes(report.task, report.attempt);
    if (stored < output_bytes) {
      want_reports(agent, report.task, report.attempt);
      return false;
    }
  }
  domain::TaskEnded e;
  e.task = report.task;
  e.attempt = report.attempt;
  e.outcome = ended.outcome;
  e.exit_code = ended.exit_code;
  e.message = ended.message;
  e.output_bytes = ended.output_bytes;
  e.output_digest = ended.output_digest;
  for (const wire::Variable& output : ended.outputs) e.outputs.emplace_back(output.name, output.value);
  e.order_digest = ended.order_digest;
  e.started = start != nullptr;
  if (e.started && start->agent_time_ms < report.agent_time_ms) e.took_ms = report.agent_time_ms - start->agent_time_ms;
  report_ended(agent, who, std::move(e), report.agent_time_ms);
  return true;
}

bool AgentInbox::take(const Key& agent, const Speaker& who, const wire::PlainEnd& end) {
  static const Digest nothing = digest_of("");
  const Weight weight = weigh(agent, end.task, end.attempt, end.sequence, true);
  if (weight != Weight::counts) return weight == Weight::passed_over;
  domain::TaskEnded e;
  e.task = end.task;
  e.attempt = end.attempt;
  e.outcome = end.outcome;
  e.output_digest = nothing;
  e.order_digest = end.order_digest;
  e.started = end.started_ms != 0;
  if (e.started && end.started_ms < end.agent_time_ms) e.took_ms = end.agent_time_ms - end.started_ms;
  report_ended(agent, who, std::move(e), end.agent_time_ms);
  return true;
}

void AgentInbox::report_ended(const Key& agent, const Speaker& who, domain::TaskEnded end, TimeMs agent_time_ms) {
  outputs_.erase(end.task);
  sessions_.ended(agent, end.task);
  desk_.core.submit({{}, "", domain::ReportEnded{agent, std::move(end), agent_time_ms, {}}}, who, {});
}

void AgentInbox::on(const Key& agent, const wire::BundleWanted& wanted) {
  wire::BundleChunk chunk;
  chunk.digest = wanted.digest;
  chunk.offset = wanted.offset;
  chunk.question = wanted.question;
  if (!sessions_.may_have_bundle(agent, wanted.digest)) {
    desk_.core.raise_alarm("foreign_bundle", "agent:" + to_text(agent), "it asks for bundle " + to_text(wanted.digest));
    return sessions_.send(agent, std::move(chunk));  // total 0: not for you
  }
  auto bundle = bundles_.get(wanted.digest);
  if (bundle && wanted.offset < (*bundle)->bytes.size()) {
    chunk.total = (*bundle)->bytes.size();
    chunk.data = (*bundle)->bytes.substr(wanted.offset, wire::kMaxBundleChunk);
  }
  sessions_.send(agent, std::move(chunk));
}

void AgentInbox::on(const Key& agent, wire::ShellData data) { shells_.output(agent, std::move(data)); }
void AgentInbox::on(const Key& agent, const wire::ShellClosed& closed) { shells_.closed(agent, closed); }

void AgentInbox::on(const Key& agent, const wire::Goodbye& goodbye) {
  std::string reason = goodbye.reason.substr(0, 200);
  sessions_.gone(agent, reason.empty() ? "it said goodbye" : "it said goodbye: " + reason);
}

}  // namespace prov::dispatcher
