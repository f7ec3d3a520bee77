#pragma once
// The invariants, checked where they could break: when something is said, when something starts, after each step, at
// the end. By the names that docs and reports use:
//   I1  an acknowledged command is in the log after any crash, once; so is an acknowledged report
//   I2  the log is gap-free, chained, append-only (auditor.h); what is harmed is noticed, and set aside whole
//   I3  folding the log gives the live state
//   I4  the ledger shows at most one start per (task, attempt, host), and none that is not in the durable log
//   I5  dependencies hold on the ledger: hard ones, soft ones (order), and the order of waves
//   I6  parallel, group and exclusive limits hold on the ledger, and nothing begins of what is paused
//   I8  within kEndsWithinMs of virtual time after the last fault everything has ended, and what the log says is what
//       happened, output included
//   I9  after a rollback that went well, what it was to undo has left no mark on any host, and what stood before the
//       checkpoint is still there
//   I10 no secret is in any byte that is written
//   I11 queues, frames and files stay within their bounds
//   I12 a command that carries a plan did exactly what was planned, or nothing
//   I13 the index of workflows is what the log says, and each run folds by it, alone, to what the whole log folds to
// An end of the log that a flipped bit has cost, and that an operator has accepted as lost, excuses what it told of
// (Auditor::touched): such an attempt may be started again. What became of an attempt may stay in doubt then, where the
// host, who was told that it is settled, has forgotten it. A harmed journal
// excuses what its host was doing: such attempts may end in doubt, but none may start twice. An attempt in doubt that
// an operator had begun again in spite of the doubt (AttemptLog::given_up) stays in doubt, whatever is heard of it
// then.
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/auditor.h"
#include "tests/sim/coordinator.h"
#include "tests/sim/ledger.h"
#include "tests/sim/network.h"

namespace prov::sim {

inline constexpr std::uint32_t kGroupLimit = 2;          // I6: of each concurrency group, as batches say it
inline constexpr TimeMs kEndsWithinMs = 10 * 60 * 1000;  // I8
// I11: five to ten times the most of some thousand seeds. Journals are condensed within a seed (machine.cpp).
inline constexpr std::size_t kMostWaitingBytes = 1 << 20;    // of the coordinator's log,
inline constexpr std::size_t kMostJournalBytes = 512 << 10;  // of an agent's journal,
inline constexpr std::size_t kMostFrameBytes = 1 << 20;      // of a frame,
inline constexpr std::size_t kMostFrames = 400;              // on their way at once

// By name, each with whether its agent still holds that step in its journal.
using Hosts = std::map<std::string, std::function<bool(const agent::StepId&)>>;

class Inspector {
 public:
  Inspector(Kernel& kernel, Auditor& auditor, Ledger& ledger, Coordinator& coordinator)
      : kernel_(kernel), auditor_(auditor), ledger_(ledger), coordinator_(coordinator) {}

  // For a second run of a seed that holds: checks nothing (and World::sent looks into no frame). All that the
  // checks look at is in that hash, to the byte (frames, commits, answers, starts and ends of steps, journals), so
  // where the hashes of both runs are equal the checks of the second would say what those of the first have said.
  void only_watch() { checks_ = false; }

  void sent(const Key& agent, const std::string& frame, const Result<wire::FromAgent>& message);  // by the agent
  void sent(const Key& agent, const std::string& frame, const Result<wire::ToAgent>& message);    // to the agent
  void answered(const Id& command, const Result<domain::Answer>& answer);  // the coordinator said so, heard or not
  void planned(const Id& command, std::vector<domain::EventBody> events);  // what the operator was shown
  void logged(const domain::Event& event);                                 // each, once it is durable
  void started(const Effect& effect, const Key& agent);                    // `agent`: of the host it started on
  void dispatched(const domain::TaskDispatched& dispatch);

  void lost_end();                                                 // after Auditor::expect_loss_from
  void check_bounds(std::size_t frames_under_way);                 // I11
  void check_journal(const std::string& host, std::size_t bytes);  // I11
  struct Most {                                                    // that there was of each at once
    std::size_t waiting_bytes = 0, frames = 0, journal_bytes = 0;
  };
  const Most& most() const { return most_; }
  void check_fold();  // I3, when all of the live state is durable
  void check_secrets(const std::string& where, const std::string& bytes, const std::set<std::string>& canaries);  // I10
  // All that holds at the end. `canaries`: secrets; `hosts`: those that still exist; `files`: what is on them.
  void check_end(const std::set<std::string>& canaries, const Hosts& hosts,
                 const std::map<std::string, std::string>& files);

 private:
  void check_secrets(const std::set<std::string>& canaries, const std::map<std::string, std::string>& files);
  void check_state_hash();              // I3, by the canonical bytes
  void check_commands();                // I1
  void check_rollbacks();               // I9
  void check_plans();                   // I12
  void check_history();                 // I13
  void check_ends(const Hosts& hosts);  // I8
  void check_orders(const Key& agent, const std::vector<wire::Order>& orders);
  void check_ack(const Key& agent, std::uint64_t frame);
  void check_limits(const Effect& effect, const domain::Workflow& workflow);
  bool exclusive(const Effect& effect) const;
  bool undone_by_a_lost_one(const Effect& effect) const;
  bool forgotten(const Effect& effect) const;  // its agent may know no more that it runs
  void check_dependencies(const Effect& effect, const domain::Workflow& workflow);
  void check_operations(const Effect& effect, const domain::Workflow& workflow);
  void check_group(const Effect& effect, const domain::Workflow& workflow);
  bool runs(const Id& task, const Effect& but) const;  // an attempt of it that the log has not given up
  void check_rollback(const domain::Workflow& undoing, const domain::Workflow& undone);
  void check_index(RecordLog& log);
  void check_attempt(const agent::StepId& step, const AttemptLog& attempt, const Hosts& hosts);
  void check_verdict(const Effect& effect, const domain::TaskEnded& ended);
  void check_output(const Effect& effect, const domain::TaskEnded& ended);

  bool all_is_durable() const;

  Kernel& kernel_;
  Auditor& auditor_;
  Ledger& ledger_;
  Coordinator& coordinator_;
  bool checks_ = true;
  Most most_;
  std::map<std::pair<Key, std::uint64_t>, std::vector<agent::StepId>> ends_in_frame_;
  std::map<Id, domain::Answer> answers_;
  std::set<Id> refused_;
  std::map<Id, std::vector<domain::EventBody>> planned_, done_;  // by command
  std::pair<std::uint64_t, std::uint64_t> folded_;               // life and sequence of the last check of I3
};

}  // namespace prov::sim
