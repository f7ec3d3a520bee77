#pragma once
// What is known of a workflow while it is followed: fed with the workflow as REST has it and with the events of the
// feed, in any overlap; tells each change of a step once.
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <unordered_map>
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
  std::string last_line;                       // of its output
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
  void add_output(const std::string& task, std::uint64_t attempt, const std::string& data);

  const std::vector<Step>& steps() const { return steps_; }
  StepCounts counts() const;
  bool ended() const { return ended_; }
  const std::string& outcome() const { return outcome_; }

 private:
  void observe(std::size_t index, const Step& seen, std::vector<StepChange>& changes);

  std::vector<Step> steps_;
  std::unordered_map<std::string, std::size_t> by_id_;
  bool ended_ = false;
  std::string outcome_;
};

}  // namespace prov::cli
