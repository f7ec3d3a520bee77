#pragma once
// What agents say, turned into commands at the core's one door. An agent is who its CURVE key says; a frame that does
// not decode, is out of place or speaks of another's task is refused and logged, and nobody else notices.
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "common/ports/alarm.h"
#include "coordinator/dispatcher/agent_sessions.h"

namespace prov::dispatcher {

class ShellDesk;

class AgentInbox {
 public:
  AgentInbox(Desk& desk, AgentSessions& sessions, BundleCache& bundles, ShellDesk& shells)
      : desk_(desk), sessions_(sessions), bundles_(bundles), shells_(shells), ask_alarm_(desk.timers) {}

  void frame(const Key& agent, const std::string& bytes);
  void enrol(const Key& key, const std::string& bytes, const std::function<void(std::string)>& answer);

  // The highest epoch that an agent attests beyond our own log; 0: none did.
  std::uint32_t attested_epoch() const { return attested_epoch_; }

 private:
  using Speaker = command_handler::Core::Speaker;
  void on(const Key& agent, wire::Hello hello);
  void on(const Key& agent, const wire::Heartbeat& heartbeat);
  void on(const Key& agent, wire::Reports reports);
  void on(const Key& agent, const wire::BundleWanted& wanted);
  void on(const Key& agent, wire::ShellData data);
  void on(const Key& agent, const wire::ShellClosed& closed);
  void on(const Key& agent, const wire::Goodbye& goodbye);

  // What is to be done with a word about a step.
  enum class Weight {
    counts,
    passed_over,  // nothing to learn from it (any more): acknowledged
    not_yet,      // something before it was lost: not acknowledged, so it comes again
  };
  Weight weigh(const Key& agent, const Id& task, std::uint32_t attempt, std::uint64_t sequence, bool is_end);
  // Each returns false when the report cannot be taken yet.
  // `start`: the word of the same step's start, where it has not been taken; else null.
  bool take_all(const Key& agent, const Speaker& who, std::vector<wire::Report>& reports);
  bool take(const Key& agent, const Speaker& who, wire::Report& report, const wire::Report* start);
  bool take(const Key& agent, const Speaker& who, const wire::PlainEnd& end);
  bool take_output(const Key& agent, const wire::Report& report, wire::Output& output);
  bool take_ended(const Key& agent, const Speaker& who, const wire::Report& report, const wire::Ended& ended,
                  const wire::Report* start);
  void report_ended(const Key& agent, const Speaker& who, domain::TaskEnded end, TimeMs agent_time_ms);
  std::uint64_t& stored_bytes(const Id& task, std::uint32_t attempt);
  void ask_for_lost_ends(const Key& agent, const wire::Hello& hello);
  void ask_again();
  bool awaits(const Key& agent, const Id& task, std::uint32_t attempt) const;  // more of that attempt, from that agent
  void want_reports(const Key& agent, const Id& task, std::uint32_t attempt);
  bool attests_more_than_the_log(const Key& agent, const wire::Hello& hello);

  struct Progress {
    std::uint32_t attempt = 0;
    std::uint64_t stored = 0;
  };
  Desk& desk_;
  AgentSessions& sessions_;
  BundleCache& bundles_;
  ShellDesk& shells_;
  std::unordered_map<Id, Progress, IdHash> outputs_;                 // of tasks that are out
  std::map<Key, std::set<std::pair<Id, std::uint32_t>>> lost_ends_;  // attempts whose ends are asked for again
  Alarm ask_alarm_;
  std::unordered_set<Key, IdHash> nudged_;  // were told of our epoch, once
  std::uint32_t attested_epoch_ = 0;
};

}  // namespace prov::dispatcher
