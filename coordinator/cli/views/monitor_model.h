#pragma once
// What is known of a workflow while it is followed: fed with the workflow as REST has it and with the events of the
// feed, in any overlap; tells each change of a step once.
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace prov::cli {

struct Step {
  enum class State { waiting, ready, sent, running, ended };

  std::string id, name, server;
  State state = State::waiting;
  std::uint64_t attempt = 0;
  std::string outcome;  // of an ended one, "done", "timed out", ...
  std::int64_t exit_code = 0;
  std::string message;
  std::uint64_t started_ms = 0, ended_ms = 0;  // the coordinator's clock; 0: not yet
  std::string last_line;                       // of its output; of one that failed: what says most of it
  std::size_t operation = 0;                   // index
  std::string prompt;                          // of an approval
};

// What is common to the steps of an operation. Of a workflow of one command there is one, without a name.
struct OperationView {
  std::string id, kind, message;
  bool waiting = true, ended = false, unneeded = false;
  std::string outcome;  // "skipped", "cancelled", or empty: its steps tell
  std::size_t first = 0, count = 0;
  std::uint64_t waves = 1;
};

struct StepChange {
  std::size_t step;
  enum class What { started, again, ended } what;
};

struct StepCounts {
  std::size_t total = 0, done = 0, failed = 0, skipped = 0, in_doubt = 0, not_delivered = 0, running = 0, waiting = 0;
};

class MonitorModel {
 public:
  // From GET /workflows/{id} (its tasks, of every page). Changes against what was known are returned.
  std::vector<StepChange> load(const nlohmann::json& workflow);
  // From the feed: the "event" of a frame. Events that say nothing new change nothing.
  std::vector<StepChange> apply(const nlohmann::json& event);
  // What happened to the workflow as a whole since this was last asked, in words.
  std::vector<std::string> take_notes() { return std::exchange(notes_, {}); }
  void add_output(const std::string& task, std::uint64_t attempt, const std::string& data);

  const std::vector<Step>& steps() const { return steps_; }
  const std::vector<OperationView>& operations() const { return operations_; }
  StepCounts counts() const { return counts_of(0, steps_.size()); }
  StepCounts counts_of(std::size_t first, std::size_t count) const;
  bool paused() const { return paused_; }
  bool rollback() const { return !rolls_back_.empty(); }                       // it undoes another workflow
  bool past() const { return past_; }                                          // it can be looked at, and nothing else
  const std::vector<std::string>& rolled_back_by() const { return undoing_; }  // workflows that undo it
  bool ended() const { return ended_; }
  const std::string& outcome() const { return outcome_; }

 private:
  void observe(std::size_t index, const Step& seen, std::vector<StepChange>& changes);
  void load_operations(const nlohmann::json& workflow);
  void load_failures(const nlohmann::json& workflow);
  bool apply_to_course(const std::string& type, const nlohmann::json& body);
  void forget_failures(const nlohmann::json& retried);

  std::vector<Step> steps_;
  std::vector<OperationView> operations_;
  std::vector<std::string> notes_, undoing_;
  bool paused_ = false, past_ = false;
  std::string rolls_back_;
  std::unordered_map<std::string, std::size_t> by_id_;
  bool ended_ = false;
  std::string outcome_;
};

}  // namespace prov::cli
