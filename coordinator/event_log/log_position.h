#pragma once
// Where a log ends, and what is wrong behind that.
#include <cstdint>
#include <string>

#include "common/ids.h"
#include "common/time.h"

namespace prov::event_log {

struct LogPosition {
  Id log_id;
  std::uint64_t commit = 0;    // number of the last commit
  std::uint64_t sequence = 0;  // of the last event
  Digest commit_hash;
  TimeMs log_time_ms = 0;
  std::uint64_t checkpoint_sequence = 0;  // covered by the last signed checkpoint
};

struct Damage {
  std::uint64_t commit = 0;    // the first that cannot be trusted
  std::uint64_t sequence = 0;  // of the last event before it
  std::string what;            // for people: what is wrong there
};

}  // namespace prov::event_log
