#pragma once
// What a step of the simulation does, written into the order itself (an argument of an exec, the parameter "plan" of a
// task service), so that whatever survives a crash knows it: "ms=1500 out=300 exit=75,0 hang signal=9 fork=200 deaf
// lies mark=a unmark=b".
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/step/step.h"
#include "common/wire/agent_wire.h"

namespace prov::sim {

struct Behaviour {
  std::uint64_t duration_ms = 500;
  std::uint32_t output_bytes = 0;
  std::vector<std::int32_t> exits{0};  // of the first attempt, the second, ...; the last one holds for all others
  std::int32_t signal = 0;             // not 0: it ends by this signal
  bool hangs = false;                  // runs until somebody stops it
  std::uint64_t fork_ms = 0;           // its processes live on for so long after it has ended, in its group
  bool deaf = false;                   // SIGTERM does nothing to it or to what it leaves
  bool lies = false;                   // exit 0 at once, and nothing done. The platform cannot know: exit 0 is "done",
                                       // in the log and in the ledger
  std::string mark;                    // is on the host from the step's start on: what it has done there, or half done
  std::string unmark;                  // is no longer on the host when the step has ended well

  std::int32_t exit_code(std::uint32_t attempt) const;
};

std::string to_text(const Behaviour& behaviour);
Behaviour parse_behaviour(std::string_view text);
Behaviour behaviour_of(const wire::Order& order);

// What such a step prints: different for each attempt, and at each offset.
std::string output_of(const agent::StepId& step, std::uint32_t bytes);

}  // namespace prov::sim
