#pragma once
// Reads the log from outside, commit by commit as it becomes durable, and keeps a fold and an index of its own. Checks
//   I2  the log is gap-free, chained, signed and append-only: what was durable stays as it was, whatever crashes.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "agent/step/step.h"
#include "coordinator/domain/state.h"
#include "coordinator/event_log/replay.h"
#include "tests/sim/kernel.h"
#include "tests/support/record_log/memory_record_log.h"

namespace prov::sim {

struct AttemptLog {  // what the log says about one attempt
  Key agent;         // zero: the coordinator itself
  std::uint64_t sequence = 0;
  bool started = false, in_doubt = false;
  bool given_up = false;  // in doubt when an operator had its task begun again all the same: its end corrects nothing
  std::optional<domain::TaskEnded> ended;
};

class Auditor {
 public:
  Auditor(Kernel& kernel, std::shared_ptr<test::MemoryDisk> disk, const event_log::PublicKey& key);

  std::function<void(const domain::Event& event)> on_event;  // each durable event, once, in order

  // For a second run of a seed that holds (Inspector::only_watch): signatures, which are good if the bytes are the
  // same, are not looked at again.
  void only_watch() { keys_.clear(); }

  void catch_up();                      // reads what is new
  void recheck();                       // everything from the start, after a crash
  void expect_torn() { torn_ = true; }  // the crash left half a commit, which nobody was told of
  // What was durable is harmed from this commit on; an operator will accept that it is lost. Folds anew what is left.
  void expect_loss_from(std::uint64_t commit);
  const std::set<agent::StepId>& touched() const { return touched_; }  // attempts that the lost commits told of
  bool has_lost() const { return !aside_.empty(); }
  std::uint64_t harmless_from() const { return needed_commit_ + 1; }  // nothing that hosts stand on from here on

  const domain::State& state() const { return state_; }
  const event_log::LogPosition& position() const { return position_; }
  const std::map<agent::StepId, AttemptLog>& attempts() const { return attempts_; }
  const AttemptLog* attempt(const agent::StepId& step) const;
  std::uint64_t last_event_of(const Id& command) const;  // 0: none
  std::uint32_t workflows_of(const Id& command) const;   // that the command made

 private:
  void take(const domain::Event& event);
  void give_up_doubts(const domain::WorkflowRetried& retried);

  Kernel& kernel_;
  std::shared_ptr<test::MemoryDisk> disk_;
  event_log::PublicKeys keys_;
  event_log::LogPosition position_;
  std::vector<std::string> commits_;  // each durable commit as it was read
  domain::State state_;
  std::map<agent::StepId, AttemptLog> attempts_;
  std::map<Id, std::uint64_t> commands_;
  std::map<Id, std::uint32_t> made_;
  std::set<agent::StepId> touched_;
  std::map<std::uint64_t, std::string> aside_;  // lost commits, as they have to be kept
  std::uint64_t needed_commit_ = 0;             // the last with a join token, an enrolment or a bundle
  bool torn_ = false, anew_ = false, needed_ = false;
};

}  // namespace prov::sim
