#pragma once
// What an auditor asks of a log: is it whole and whose is it, what happened, what was the state then, what changed.
// Works on any RecordLog: a copy, a backup, the log of a running platform. Any thread; reads only.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "common/ports/record_log.h"
#include "common/result.h"
#include "coordinator/domain/events.h"
#include "coordinator/event_log/event_filter.h"
#include "coordinator/event_log/replay.h"

namespace prov::audit {

// ---- is it whole?

struct Documents {                                    // that stand outside the chain, by digest
  std::uint64_t whole = 0, missing = 0, altered = 0;  // missing: erased or expired, which leaves the chain whole
};

struct VerifyReport {
  event_log::Replayed chain;
  std::uint64_t last_commit = 0, attested_commit = 0;  // of the store
  bool signatures = false;                             // were looked at: a key was given
  std::uint64_t from_sequence = 1;                     // what comes before it was not looked at
  TimeMs first_ms = 0;
  std::optional<Digest> state_hash;  // of what the log folds to, up to the damage if there is some; read from 1 alone
  Documents blobs, outputs;
  std::vector<std::string> altered;  // the first few documents with other bytes than their digest says
  std::optional<event_log::Damage> damage;

  bool whole() const { return !damage && blobs.altered == 0 && outputs.altered == 0; }
  std::uint64_t uncovered_events() const {
    return chain.end.sequence - std::max(chain.covered_sequence, from_sequence - 1);
  }
};

// Chain, numbers, times, checkpoints (signed by one of `keys`, unless there is none), documents; and folds the state.
VerifyReport verify(RecordLog& log, const event_log::PublicKeys& keys);

// The same from the commit with `sequence` on, without a look at what comes before it. The first checkpoint behind it
// vouches for all that was read up to there. Code::not_found: the log does not hold that event.
Result<VerifyReport> verify_from(RecordLog& log, const event_log::PublicKeys& keys, std::uint64_t sequence);
nlohmann::ordered_json to_json(const VerifyReport& report);
std::string to_text(const VerifyReport& report);  // for people

// ---- what happened?

// Events in order; `visit` answers whether it wants more. Code::corrupt: damage, after what comes before it.
Result<void> find_events(RecordLog& log, const event_log::EventFilter& filter, const event_log::EventVisitor& visit);

// ---- what was the state, and what changed?

inline constexpr std::uint64_t kEnd = UINT64_MAX;  // the end of the log, instead of a sequence

// {"sequence", "log_time_ms", "state_hash", "state"}
Result<nlohmann::ordered_json> state_report(RecordLog& log, std::uint64_t sequence);

struct Change {
  enum class Kind { added, changed, removed };
  Kind kind;
  std::string path;           // "servers/w/db-1/status"
  std::string before, after;  // compact JSON; empty where there was or is nothing
};
// {"from", "to", "changes": [{"change", "path", "before", "after"}]}
Result<nlohmann::ordered_json> diff_report(RecordLog& log, std::uint64_t from, std::uint64_t to);
Result<std::vector<Change>> diff(RecordLog& log, std::uint64_t from, std::uint64_t to);
std::string to_text(const std::vector<Change>& changes);  // a line each: + added, - removed, ~ changed

}  // namespace prov::audit
