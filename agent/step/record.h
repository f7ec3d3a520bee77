#pragma once
// What can happen to the orders of this host, as values: the journal stores them, the book folds them. Whatever the
// agent knows after a restart is the fold of these and nothing else.
#include <cstdint>
#include <variant>

#include "agent/step/step.h"
#include "common/time.h"
#include "common/wire/agent_wire.h"

namespace prov::agent {

struct Identity {  // first record of every journal
  Key agent;
  Id log_id;
};
// Of the coordinator; each number only rises, but where a later epoch begins with a log that has lost its end.
struct Seen {
  std::uint32_t epoch = 0;
  std::uint64_t settled_through = 0;
  std::uint64_t log_sequence = 0;
  bool operator==(const Seen&) const = default;
};
struct Assigned {
  wire::Order order;    // without its action when the step has been started (then nothing needs it any more)
  Digest order_digest;  // of the order as it came
  BootId boot_id;
};
struct Started {
  StepId step;
  BootId boot_id;
};
struct StepEnded {
  StepId step;
  Verdict verdict;
};
struct Reported {  // the coordinator has acknowledged the end
  StepId step;
};
struct Distrust {  // a journal, or the end of the log, was lost: orders up to here that are not known may have run
  std::uint64_t through = 0;  // the largest number: not known yet, so none is to be trusted
};

struct Record {
  TimeMs time_ms = 0;  // the agent's wall clock
  std::variant<Identity, Seen, Assigned, Started, StepEnded, Reported, Distrust> what;
};

}  // namespace prov::agent
