#pragma once
// Two operators: they give commands over lines that lose questions and answers, repeat each with its id until it is
// answered, and think of new ones until there has been work enough.
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "coordinator/domain/commands.h"
#include "tests/sim/auditor.h"
#include "tests/sim/behaviour.h"
#include "tests/sim/coordinator.h"
#include "tests/sim/inspector.h"

namespace prov::sim {

class Operator {
 public:
  using Then = std::function<void(const domain::Answer& answer)>;  // once, when it is told; not when it is refused

  Operator(Kernel& kernel, Coordinator& coordinator, Auditor& auditor, Inspector& inspector)
      : kernel_(kernel), coordinator_(coordinator), auditor_(auditor), inspector_(inspector) {}

  // Asks until it is answered.
  void ask(domain::CommandBody body, Then then = {}, std::vector<SideRecord> sides = {});
  // Looks what it would do, and asks for exactly that some time later. Nothing when nobody can be looked at now.
  void plan(domain::CommandBody body, std::uint64_t later_us);
  void decide_about_damage();                  // accepts it, when the platform is read-only
  bool idle() const { return open_.empty(); }  // every question was answered

  struct Counts {  // of commands, and of those refused for now
    std::uint64_t asked = 0, repeated = 0, without_room = 0, read_only = 0;
  } counts;

  void be_forgotten() { forgotten_ = true; }  // planted: nobody knows a repeated command by its id
  // Planted: what becomes of a command on its way.
  std::function<void(domain::Command& command)> spoils;

  std::uint32_t loses = 0;  // per mille of the questions, and of the answers

 private:
  struct Question {
    domain::Command command;
    std::vector<SideRecord> sides;
    Then then;
    std::uint32_t tries = 0;
  };
  void ask(domain::Command command, Then then, std::vector<SideRecord> sides);
  void send(const Id& id);
  void resume_all();
  void told(const Id& id, const Result<domain::Answer>& answer);

  Kernel& kernel_;
  Coordinator& coordinator_;
  Auditor& auditor_;
  Inspector& inspector_;
  std::map<Id, Question> open_;
  bool deciding_ = false, forgotten_ = false;
};

inline constexpr const char* kWorkspace = "sim";

}  // namespace prov::sim
