// Who may say what to the coordinator: one table of every message, every kind of identity and both endpoints. What has
// no row fails here; what a row does not name does not happen: no answer, no event, no alarm, and a bystander notices
// nothing at all.
#include <algorithm>
#include <cstdio>
#include <map>

#include "common/hash.h"
#include "tests/security/live_coordinator.h"

namespace prov::test {
namespace {

enum class Who {
  unknown,      // a key that nobody knows
  enrolling,    // unknown too, but it holds a join token
  itself,       // an enrolled agent that speaks of what is its own
  for_another,  // an enrolled agent that names another's task, bundle, shell or token
  drained,      // as itself, taken out of service
  removed,      // it was enrolled and connected a moment ago
};
constexpr std::size_t kIdentities = 6;
const char* const kNames[kIdentities] = {"unknown", "enrolling", "itself", "for another", "drained", "removed"};

struct Cell {
  const char *answers, *alarm, *events;
};
const Cell kShut{"", "unknown_key", ""};  // the link's door: CURVE and ZAP end the connection, nothing is read
const Cell kSilent{"", "", ""};
const Cell kFrame{"", "bad_frame", ""};
const Cell kBeat{"HeartbeatAnswer", "", ""};
const Cell kAck{"ReportsAck", "", ""};
const Cell kNotYours{"ReportsAck", "foreign_task", ""};  // acknowledged, so that it is not said again; without effect
const Cell kLeft{"HeartbeatAnswer", "", "SessionClosed AgentLost"};  // its next word is answered by: introduce yourself
const Cell kParts{"", "malformed_frame", ""};
const Cell kLarge{"", "frame_too_large", ""};

struct Row {
  const char* message;
  std::array<Cell, kIdentities> cells;
};

const std::vector<Row> kLink{
    {"hello", {kShut, kShut, Cell{"Welcome", "", ""}, Cell{"Welcome", "", ""}, Cell{"Welcome", "", ""}, kShut}},
    {"heartbeat", {kShut, kShut, kBeat, kBeat, kBeat, kShut}},
    {"accepted", {kShut, kShut, kAck, kNotYours, kAck, kShut}},
    {"started",
     {kShut, kShut, Cell{"ReportsAck", "", "TaskStarted"}, kNotYours, Cell{"ReportsAck", "", "TaskStarted"}, kShut}},
    {"output", {kShut, kShut, kAck, kNotYours, kAck, kShut}},
    {"ended",
     {kShut, kShut, Cell{"ReportsAck", "", "TaskEnded WorkflowEnded"}, kNotYours,
      Cell{"ReportsAck", "", "TaskEnded WorkflowEnded"}, kShut}},
    {"plain_end",
     {kShut, kShut, Cell{"ReportsAck", "", "TaskEnded WorkflowEnded"}, kNotYours,
      Cell{"ReportsAck", "", "TaskEnded WorkflowEnded"}, kShut}},
    {"bad_outputs", {kShut, kShut, kFrame, kFrame, kFrame, kShut}},
    {"bundle_wanted",
     {kShut, kShut, Cell{"Bundle", "", ""}, Cell{"NoBundle", "foreign_bundle", ""}, Cell{"Bundle", "", ""}, kShut}},
    {"shell_data", {kShut, kShut, kSilent, Cell{"", "foreign_session", ""}, kSilent, kShut}},
    {"shell_closed",
     {kShut, kShut, Cell{"", "", "SessionClosed"}, Cell{"", "foreign_session", ""}, Cell{"", "", "SessionClosed"},
      kShut}},
    {"goodbye", {kShut, kShut, kLeft, kLeft, kLeft, kShut}},
    {"enrol_request", {kShut, kShut, kFrame, kFrame, kFrame, kShut}},
    {"to_agent", {kShut, kShut, kFrame, kFrame, kFrame, kShut}},
    {"unknown_type", {kShut, kShut, kFrame, kFrame, kFrame, kShut}},
    {"noise", {kShut, kShut, kFrame, kFrame, kFrame, kShut}},
    {"empty", {kShut, kShut, kFrame, kFrame, kFrame, kShut}},
    {"parts", {kShut, kShut, kParts, kParts, kParts, kShut}},
    {"too_large", {kShut, kShut, kLarge, kLarge, kLarge, kShut}},
};

// At the enrolment endpoint any key may say one small frame, and it must be a request; who it is makes no difference.
const Cell kNoRequest{"EnrolRefused", "bad_enrolment", ""};
const Cell kFlood{"", "enrol_flood", ""};
const Cell kAgain{"EnrolAccepted", "", ""};  // its answer may have been lost: told again, whatever token it shows
const Cell kNoToken{"EnrolRefused", "refused_enrolment", ""};
std::array<Cell, kIdentities> all(const Cell& cell) { return {cell, cell, cell, cell, cell, cell}; }

const std::vector<Row> kEnrol{
    {"hello", all(kNoRequest)},
    {"heartbeat", all(kNoRequest)},
    {"accepted", all(kNoRequest)},
    {"started", all(kNoRequest)},
    {"output", all(kNoRequest)},
    {"ended", all(kNoRequest)},
    {"plain_end", all(kNoRequest)},
    {"bad_outputs", all(kNoRequest)},
    {"bundle_wanted", all(kNoRequest)},
    {"shell_data", all(kNoRequest)},
    {"shell_closed", all(kNoRequest)},
    {"goodbye", all(kNoRequest)},
    {"enrol_request", {kNoToken, Cell{"EnrolAccepted", "", "AgentEnrolled"}, kAgain, kAgain, kAgain, kNoToken}},
    {"to_agent", all(kNoRequest)},
    {"unknown_type", all(kNoRequest)},
    {"noise", all(kNoRequest)},
    {"empty", all(kNoRequest)},
    {"parts", all(kFlood)},
    {"too_large", all(kSilent)},  // libzmq ends the connection before anything of it is seen
};

// What every message of the schema is called in the table; a new kind does not get through this without a name.
struct NameOf {
  const char* operator()(const wire::Hello&) const { return "hello"; }
  const char* operator()(const wire::Heartbeat&) const { return "heartbeat"; }
  const char* operator()(const wire::Reports& frame) const {
    static const char* const kinds[] = {"accepted", "started", "output", "ended"};
    static_assert(std::variant_size_v<decltype(wire::Report::what)> == std::size(kinds));
    return frame.reports.empty() ? "plain_end" : kinds[frame.reports.front().what.index()];
  }
  const char* operator()(const wire::BundleWanted&) const { return "bundle_wanted"; }
  const char* operator()(const wire::ShellData&) const { return "shell_data"; }
  const char* operator()(const wire::ShellClosed&) const { return "shell_closed"; }
  const char* operator()(const wire::Goodbye&) const { return "goodbye"; }
};

struct AnswerName {
  const char* operator()(const wire::Welcome&) const { return "Welcome"; }
  const char* operator()(const wire::HeartbeatAnswer&) const { return "HeartbeatAnswer"; }
  const char* operator()(const wire::ReportsAck&) const { return "ReportsAck"; }
  const char* operator()(const wire::BundleChunk& chunk) const { return chunk.total == 0 ? "NoBundle" : "Bundle"; }
  const char* operator()(const wire::Refused&) const { return "Refused"; }
  template <class Other>
  const char* operator()(const Other&) const {
    return "something else";
  }
};

const std::string kBundle =
    wire::encode_bundle({{"scripts/install", "#!/bin/sh\n", 0755}, {"scripts/check", "#!/bin/sh\n", 0755}});
const std::string kOtherBundle = wire::encode_bundle({{"scripts/install", "#!/bin/sh\nexit 0\n", 0755}});

struct Things {  // what one agent may speak of
  Id exec, script, shell;
  Digest bundle;
};

std::vector<wire::FromAgent> every_message(const Things& of) {
  const std::string output = "out";
  wire::Ended ended;
  ended.outcome = Outcome::done;
  ended.output_digest = ended.order_digest = digest_of("");
  ended.outputs = {{"port", "5432"}, {"url", "http://10.0.0.1/"}};
  return {hello_of("host"),
          wire::Heartbeat{5, 0},
          report_of(of.exec, wire::Accepted{}),
          report_of(of.exec, wire::Started{}),
          report_of(of.exec, wire::Output{0, output}),
          report_of(of.exec, ended),
          wire::Reports{1, {}, {{of.exec, 1, 2, 1, Outcome::done, 0, digest_of("")}}},
          wire::BundleWanted{of.bundle, 0},
          wire::ShellData{of.shell, "typed"},
          wire::ShellClosed{of.shell, 0, "over"},
          wire::Goodbye{"bye"}};
}

std::map<std::string, std::string> frames(const Things& of, const wire::EnrolRequest& request) {
  std::map<std::string, std::string> out;
  for (const wire::FromAgent& message : every_message(of)) out[std::visit(NameOf{}, message)] = wire::encode(message);
  wire::Ended ended;
  ended.outputs = {{"same", "1"}, {"same", "2"}};
  out["bad_outputs"] = wire::encode(wire::FromAgent{report_of(of.exec, ended)});
  out["enrol_request"] = wire::encode(request);
  out["to_agent"] = wire::encode(wire::ToAgent{77, {}, 1, 1, wire::Welcome{}});
  out["unknown_type"] = wire::encode(wire::FromAgent{wire::Goodbye{"bye"}});
  out["unknown_type"][16] = 99;  // the union's tag
  out["noise"] = std::string(64, '\x5a');
  out["empty"] = "";
  out["parts"] = wire::encode(wire::FromAgent{wire::Heartbeat{6, 0}});
  out["too_large"] = std::string(kMaxFrameBytes + 8, '\0');
  return out;
}

TEST(WireMatrix, EveryMessageOfTheSchemaHasARow) {
  const auto known = every_message({});
  for (std::size_t kind = 0; kind < std::variant_size_v<wire::FromAgent>; ++kind) {
    EXPECT_TRUE(std::any_of(known.begin(), known.end(), [&](const auto& one) { return one.index() == kind; }))
        << "kind " << kind << " of FromAgent is never said";
  }
  const wire::EnrolRequest request{{}, std::string(32, 's'), {}};
  for (const auto* table : {&kLink, &kEnrol}) {
    for (const auto& [name, bytes] : frames({}, request)) {
      EXPECT_EQ(std::count_if(table->begin(), table->end(), [&](const Row& row) { return row.message == name; }), 1)
          << name;
    }
    EXPECT_EQ(table->size(), frames({}, request).size());
  }
}

class Case {
 public:
  Case(Who who, bool at_enrolment) : who_(who), at_enrolment_(at_enrolment) {
    other_ = coordinator_.enrolled("other");
    bystander_ = coordinator_.connected(other_);
    if (who == Who::for_another) theirs_ = things(other_, *bystander_, kOtherBundle);
    prepare();
    EXPECT_TRUE(bystander_->caught_up());
    bystander_->heard.clear();
    coordinator_.events.clear();
    coordinator_.alarms.clear();
    if (who == Who::removed) {
      coordinator_.submit("w", domain::RemoveAgent{host_.keys.public_key, ""});
      coordinator_.events.clear();
    }
    if (at_enrolment) peer_ = coordinator_.door(host_);
    if (!peer_) peer_ = coordinator_.link(host_);
  }

  void run(const std::string& name, const Cell& expected) {
    const auto all = frames(who_ == Who::for_another ? theirs_ : own_, request());
    if (name == "parts") {
      peer_->say_in_parts({all.at(name), all.at(name)});
    } else {
      peer_->say(all.at(name));
    }
    wait_for(expected);
    check(name, expected);
  }

 private:
  bool enters() const { return who_ == Who::itself || who_ == Who::for_another || who_ == Who::drained; }

  wire::EnrolRequest request() {
    if (who_ == Who::for_another) return coordinator_.invited("third").invitation;
    if (who_ != Who::unknown) return host_.invitation;
    return {coordinator_.random.id(), std::string(32, 'g'), io::generate_key_pair().public_key};
  }

  void prepare() {
    host_ = who_ == Who::unknown     ? LiveCoordinator::stranger("host")
            : who_ == Who::enrolling ? coordinator_.invited("host")
                                     : coordinator_.enrolled("host");
    if (!enters() && who_ != Who::removed) return;
    peer_ = coordinator_.connected(host_);
    if (!at_enrolment_ && enters()) own_ = things(host_, *peer_, kBundle);
    if (who_ == Who::drained) coordinator_.submit("w", domain::DrainAgent{host_.keys.public_key, true});
    EXPECT_TRUE(peer_->caught_up());
    peer_->heard.clear();
  }

  Things things(const Host& host, Peer& peer, const std::string& bundle) {
    Things out{coordinator_.exec(host), coordinator_.script(host, bundle), coordinator_.shell(host), digest_of(bundle)};
    peer.say(report_of(out.exec, wire::Accepted{}));
    peer.say(report_of(out.script, wire::Accepted{}));
    return out;
  }

  // Until whatever the message leads to has happened: an answer or an alarm that is due, and what the peer says next.
  void wait_for(const Cell& expected) {
    if (*expected.alarm != '\0') {
      EXPECT_TRUE(coordinator_.until([&] { return !coordinator_.alarms.empty(); })) << "no alarm";
    }
    if (!at_enrolment_ && enters()) {
      EXPECT_TRUE(peer_->caught_up()) << "it is not served any more";
    } else if (*expected.answers != '\0') {
      EXPECT_TRUE(coordinator_.until([&] { return !peer_->heard.empty(); })) << "no answer";
    }
    EXPECT_TRUE(bystander_->caught_up()) << "the bystander is not served any more";
  }

  std::string answers() const {
    std::string out;
    const auto add = [&](const char* name) { out += (out.empty() ? "" : " ") + std::string(name); };
    if (at_enrolment_) {
      for (const std::string& frame : peer_->heard) {
        const auto answer = wire::decode_enrol_answer(frame);
        add(!answer ? "something else" : answer->refused.empty() ? "EnrolAccepted" : "EnrolRefused");
      }
    } else {
      for (const wire::ToAgent& message : peer_->messages()) add(std::visit(AnswerName{}, message.body));
    }
    return out;
  }

  void check(const std::string& name, const Cell& expected) {
    EXPECT_EQ(who_ == Who::removed && !at_enrolment_ ? "" : answers(), expected.answers);
    std::string events;
    for (const std::string& event : coordinator_.events) events += (events.empty() ? "" : " ") + event;
    // Whose token is asked for in another's name was made after the case began.
    if (who_ == Who::for_another && events.starts_with("JoinTokenCreated")) events.erase(0, 17);
    EXPECT_EQ(events, expected.events);
    const std::string key = to_text(host_.keys.public_key);
    for (const domain::SecurityAlarm& alarm : coordinator_.alarms) {
      EXPECT_EQ(alarm.kind, expected.alarm) << alarm.detail;
      EXPECT_NE((alarm.peer + alarm.detail).find(key), std::string::npos) << "it does not name who: " << alarm.peer;
    }
    EXPECT_EQ(coordinator_.alarms.empty(), *expected.alarm == '\0');
    EXPECT_TRUE(bystander_->messages().empty()) << "the bystander heard something";
    EXPECT_TRUE(coordinator_.core().state().agents.at(other_.keys.public_key).reachable);
    const bool own_output = !at_enrolment_ && name == "output" && (who_ == Who::itself || who_ == Who::drained);
    if (enters() && !at_enrolment_) {
      EXPECT_EQ(coordinator_.output_of(own_.exec), own_output ? "out" : "");
    }
    if (who_ == Who::for_another) {
      EXPECT_EQ(coordinator_.output_of(theirs_.exec), "");
    }
    const bool own_shell = !at_enrolment_ && name == "shell_data" && (who_ == Who::itself || who_ == Who::drained);
    EXPECT_EQ(coordinator_.shell_output, own_shell ? "typed" : "");
  }

  LiveCoordinator coordinator_;
  Who who_;
  bool at_enrolment_;
  Host host_, other_;
  Things own_, theirs_;
  std::unique_ptr<Peer> bystander_, peer_;
};

void go_through(Who who) {
  int cases = 0;
  for (const bool at_enrolment : {false, true}) {
    for (const Row& row : at_enrolment ? kEnrol : kLink) {
      SCOPED_TRACE(std::string(row.message) + " by " + kNames[static_cast<std::size_t>(who)] +
                   (at_enrolment ? " at the enrolment endpoint" : " on the link"));
      Case one(who, at_enrolment);
      one.run(row.message, row.cells[static_cast<std::size_t>(who)]);
      ++cases;
    }
  }
  std::printf("%d cells: every message of %s\n", cases, kNames[static_cast<std::size_t>(who)]);
}

TEST(WireMatrix, AKeyThatNobodyKnows) { go_through(Who::unknown); }
TEST(WireMatrix, AKeyThatHoldsAJoinToken) { go_through(Who::enrolling); }
TEST(WireMatrix, AnAgentThatSpeaksForItself) { go_through(Who::itself); }
TEST(WireMatrix, AnAgentThatNamesWhatIsAnothers) { go_through(Who::for_another); }
TEST(WireMatrix, AnAgentThatIsDrained) { go_through(Who::drained); }
TEST(WireMatrix, AnAgentThatWasRemoved) { go_through(Who::removed); }

}  // namespace
}  // namespace prov::test
