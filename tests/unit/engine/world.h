#pragma once
// The real domain, driven by dice: operators who submit, pause, cancel, retry, undo and approve, agents that come, go
// and report everything an agent can report, a clock that jumps, a coordinator that restarts. What the steps do to the
// hosts is kept in a ledger of the test's own. The model looks at every event.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/unit/domain/harness.h"
#include "tests/unit/engine/graph.h"
#include "tests/unit/engine/model.h"

namespace prov::domain::model {

class World {
 public:
  World(std::uint64_t seed, bool thorough);

  void run();  // stops at the first complaint
  const std::vector<std::string>& complaints() const { return model_.complaints; }
  const Platform& platform() const { return p_; }
  std::size_t events() const { return p_.log.size(); }

 private:
  using Ledger = std::map<std::string, std::string>;  // "workspace/host|what" -> its version

  void submit();
  void step();
  void operate();  // an operator does something to a workflow
  void retry(const MWorkflow& w);
  void report();  // an agent, a provider or a person says something
  void report_end(const Id& id);
  void report_late();
  void change_hosts();
  void bring_back_all();
  void finish();
  void undo_some();
  void restart();
  void give(CommandBody body, const std::string& workspace);
  void after_command();

  TaskEnded any_end(const MTask& task);
  void take_effect(const MWorkflow& w, const MTask& task);
  std::string place_in_ledger(const MWorkflow& w, const Action& action, const std::string& host) const;
  void note(const Event& event);
  void check_ledger_order(const Id& id);
  void check_rolled_back(const MWorkflow& undoing);
  void check_replay();
  const MWorkflow* any_workflow_of_state(bool ended);
  void complain(const std::string& what) { model_.complaints.push_back(what); }

  Dice dice_;
  const bool thorough_;  // also what takes long: hashes of every prefix, derived again after every event
  Shape shape_;
  Platform p_;
  Model model_;
  Ledger ledger_;
  std::map<Id, Ledger> before_;  // the ledger when a workflow was submitted
  std::set<Id> in_effect_;       // tasks in doubt that did what they should
  std::vector<Digest> hashes_;   // of the state after each event
  std::uint32_t submitted_ = 0;
  std::uint8_t keys_ = 0;
};

}  // namespace prov::domain::model
