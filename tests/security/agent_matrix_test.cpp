// What a coordinator may say to an agent: every message against everything that can be wrong with the one who says it.
// What has no row fails; whoever is in the wrong place changes nothing, is counted, and is said in the agent's log.
// A wrong CURVE key says nothing at all: hostile_coordinator_test.cpp.
#include <algorithm>
#include <array>
#include <cstdio>

#include "tests/unit/agent_core/rig.h"

namespace prov::agent {
namespace {

enum class From {
  ours,          // the coordinator that it enrolled with, after its welcome
  not_welcomed,  // the same before its welcome: nobody knows yet which log it keeps
  other_log,     // the right key and epoch, and a log of its own: its welcome was refused
  older_epoch,   // a process that was replaced
  newer_epoch,   // started again, and not yet introduced
  to_another,    // a frame that is meant for another agent
};
constexpr std::size_t kSenders = 6;
const char* const kNames[kSenders] = {
    "ours", "not welcomed", "of another log", "of an older epoch", "of a newer epoch", "meant for another"};

// What it does: "-" refused and counted, "" taken without effect, or the effect's name.
struct Row {
  const char* message;
  std::array<const char*, kSenders> effects;
};
const std::vector<Row> kTable{
    {"welcome", {"", "session", "-", "-", "closed", "-"}},  // the shells of the process before it end
    {"heartbeat_answer", {"", "-", "-", "-", "hello", "-"}},
    {"order", {"order", "-", "-", "-", "hello", "-"}},
    {"check", {"order refused", "-", "-", "-", "hello", "-"}},  // of what is no check
    {"unknown_mode", {"-", "-", "-", "-", "-", "-"}},
    {"reports_ack", {"", "-", "-", "-", "hello", "-"}},
    {"cancel", {"cancelled", "-", "-", "-", "hello", "-"}},
    {"bundle_chunk", {"-", "-", "-", "-", "hello", "-"}},  // it asked for none
    {"shell_open", {"shell", "-", "-", "-", "hello", "-"}},
    {"shell_data", {"typed", "-", "-", "-", "hello", "-"}},
    {"shell_resize", {"resized", "-", "-", "-", "hello", "-"}},
    {"shell_close", {"closed", "-", "-", "-", "hello", "-"}},
    {"reports_wanted", {"", "-", "-", "-", "hello", "-"}},
    {"refused", {"gone", "", "", "-", "gone", "-"}},
    {"from_agent", {"-", "-", "-", "-", "-", "-"}},
    {"noise", {"-", "-", "-", "-", "-", "-"}},
    {"empty", {"-", "-", "-", "-", "-", "-"}},
    {"unknown_type", {"-", "-", "-", "-", "-", "-"}},
};

struct NameOf {
  const char* operator()(const wire::Welcome&) const { return "welcome"; }
  const char* operator()(const wire::HeartbeatAnswer&) const { return "heartbeat_answer"; }
  const char* operator()(const wire::Orders&) const { return "order"; }
  const char* operator()(const wire::ReportsAck&) const { return "reports_ack"; }
  const char* operator()(const wire::Cancel&) const { return "cancel"; }
  const char* operator()(const wire::BundleChunk&) const { return "bundle_chunk"; }
  const char* operator()(const wire::ShellOpen&) const { return "shell_open"; }
  const char* operator()(const wire::ShellData&) const { return "shell_data"; }
  const char* operator()(const wire::ShellResize&) const { return "shell_resize"; }
  const char* operator()(const wire::ShellClose&) const { return "shell_close"; }
  const char* operator()(const wire::Refused&) const { return "refused"; }
  const char* operator()(const wire::ReportsWanted&) const { return "reports_wanted"; }
};

struct Screen final : Terminals {  // what happened on this host's terminals
  struct One final : Terminal {
    explicit One(Screen& of) : screen(of) { ++screen.open_now; }
    ~One() override { --screen.open_now; }
    Result<void> write(std::string_view data) override {
      screen.typed += data;
      return {};
    }
    void resize(std::uint16_t, std::uint16_t) override { ++screen.resized; }
    void read_more(bool) override {}
    Screen& screen;
  };
  Result<std::unique_ptr<Terminal>> open(const wire::ShellOpen&, Handler) override {
    return std::unique_ptr<Terminal>(std::make_unique<One>(*this));
  }
  int open_now = 0, resized = 0;
  std::string typed;
};

using Body = decltype(wire::ToAgent::body);

struct Case {
  Case() {
    fresh.sequence = 3'000'000;
    rig.terminals = &screen;
    rig.boot();
    rig.go(1'000);
    rig.give(running);
    rig.send(wire::ShellOpen{shell, {}, 24, 80, "xterm"});
    rig.go(100);
  }

  std::vector<Body> every_message() {
    return {wire::Welcome{from == From::other_log ? Id{} : rig.log_id, 1'000, 4'000},
            wire::HeartbeatAnswer{1},
            wire::Orders{{fresh}},
            wire::ReportsAck{1},
            wire::Cancel{{running.task, 1, 0}},
            wire::BundleChunk{{}, 0, 0, {}},
            wire::ShellOpen{fresh.task, {}, 24, 80, "xterm"},
            wire::ShellData{shell, "typed"},
            wire::ShellResize{shell, 9, 9},
            wire::ShellClose{shell},
            wire::Refused{"no"},
            wire::ReportsWanted{{running.task, 1, 0}}};
  }

  void take_place(From where) {
    from = where;
    if (from == From::not_welcomed || from == From::other_log) {
      rig.reachable = false;  // it loses the coordinator and asks for one again
      rig.go(20'000);
      EXPECT_FALSE(rig.agent->connected());
    }
    if (from == From::other_log) say(wire::Welcome{Id{}, 1'000, 4'000});
    if (from == From::newer_epoch) ++rig.epoch;
    rig.link.sent.clear();
    rig.reachable = true;
    rig.welcomes = false;
  }

  std::string frame_of(const Body& body) {
    wire::ToAgent frame{rig.epoch, rig.key, 1'000'000, 2'000'000, body};  // and calls everything settled
    if (from == From::older_epoch) frame.epoch = rig.epoch - 1;
    if (from == From::to_another) frame.agent.bytes.fill(9);
    return wire::encode(frame);
  }
  std::string frame(const std::string& name) {
    for (const Body& body : every_message()) {
      if (std::visit(NameOf{}, body) == name) return frame_of(body);
    }
    wire::Order order = fresh;
    order.mode = name == "check" ? wire::Mode::check : static_cast<wire::Mode>(wire::kModes);
    if (name == "check" || name == "unknown_mode") return frame_of(wire::Orders{{order}});
    if (name == "from_agent") return wire::encode(wire::FromAgent{wire::Goodbye{"turn round"}});
    if (name == "noise") return std::string(64, '\x5a');
    std::string out = name == "empty" ? "" : frame_of(wire::HeartbeatAnswer{1});
    if (!out.empty()) out[16 + 4] = out[16 + 5] = 0x7f;  // the union's tag, behind the epoch
    return out;
  }
  void say(const Body& body) { rig.link.deliver(frame_of(body)); }

  std::string effect_of(const std::string& name) {
    const Counters before = rig.agent->counters();
    const bool was_connected = rig.agent->connected();
    const auto hellos = rig.hellos.size();
    const int shells = screen.open_now;
    rig.link.deliver(frame(name));
    rig.go(20);
    const Counters& after = rig.agent->counters();
    std::string out;
    if (after.frames_refused > before.frames_refused) out += "-";
    if (after.orders_accepted > before.orders_accepted) out += "order";
    if (rig.heard[Rig::id(fresh)].end.outcome == Outcome::refused) out += " refused";
    if (rig.host.steps[Rig::id(running)].cancelled || rig.host.steps[Rig::id(running)].over) out += "cancelled";
    if (screen.open_now > shells) out += "shell";
    if (screen.open_now < shells && rig.agent->connected()) out += "closed";
    if (!screen.typed.empty()) out += "typed";
    if (screen.resized > 0) out += "resized";
    if (rig.hellos.size() > hellos) out += "hello";
    if (!was_connected && rig.agent->connected()) out += "session";
    if (was_connected && !rig.agent->connected() && rig.hellos.size() == hellos) out += "gone";
    // What it calls settled must not count either: an agent that believed it would forget what it has to report.
    const bool forgot = (out == "-" || name == "refused") && !rig.agent->knows(Rig::id(running));
    return forgot ? out + "forgot" : out;
  }

  Screen screen;
  Rig rig;
  wire::Order running = rig.order(5), fresh = rig.order(6);  // fresh: behind what the frames call settled
  Id shell = rig.order(7).task;
  From from = From::ours;
};

TEST(AgentMatrix, EveryMessageOfTheSchemaHasARow) {
  Case one;
  const auto known = one.every_message();
  ASSERT_EQ(known.size(), std::variant_size_v<Body>);
  for (std::size_t kind = 0; kind < known.size(); ++kind) {
    EXPECT_EQ(known[kind].index(), kind);
    EXPECT_EQ(
        std::count_if(kTable.begin(), kTable.end(),
                      [&](const Row& row) { return row.message == std::string(std::visit(NameOf{}, known[kind])); }),
        1);
  }
}

TEST(AgentMatrix, EveryMessageFromEveryKindOfSender) {
  int cells = 0;
  for (const Row& row : kTable) {
    for (std::size_t sender = 0; sender < kSenders; ++sender, ++cells) {
      SCOPED_TRACE(std::string(row.message) + " by a coordinator " + kNames[sender]);
      Case one;
      one.take_place(static_cast<From>(sender));
      EXPECT_EQ(one.effect_of(row.message), row.effects[sender]);
      if (std::string(row.effects[sender]) == "-") {
        EXPECT_NE(one.rig.log.find("refused a frame"), std::string::npos);
      }
    }
  }
  std::printf("%d cells: every message of every kind of coordinator\n", cells);
}

}  // namespace
}  // namespace prov::agent
