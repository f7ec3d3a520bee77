#pragma once
// Snapshots of the folded state, as side records. A cache: one that is damaged, that does not belong to this log, or
// that a release made whose states said less, is passed over with a note, and the log is replayed from an older one or
// from its start.
#include <cstdint>
#include <string>
#include <vector>

#include "common/ports/record_log.h"
#include "common/result.h"
#include "coordinator/domain/state.h"
#include "coordinator/event_log/log_position.h"

namespace prov::event_log {

inline constexpr std::size_t kKeepSnapshots = 2;

struct Snapshot {
  domain::State state;   // its agenda is off
  LogPosition position;  // of the commit after which it was taken
};

// The newest that is good and not beyond `sequence`; the empty state at position 0 when there is none.
Snapshot load_snapshot(RecordLog& log, std::uint64_t sequence, std::vector<std::string>& notes);

// Where each stored snapshot that is whole was taken, the oldest first. Looks at their bytes, not at the log.
Result<std::vector<LogPosition>> snapshot_positions(RecordLog& log);

// Folds the log from its last snapshot to its end, and answers the records that store the new snapshot and erase all
// but the last two: write them with LogWriter::write_side. Nothing when no event is new. Any thread, so that the writer
// need not stop. Code::corrupt: the log is damaged; the snapshots stay as they are.
Result<std::vector<SideRecord>> fold_snapshot(RecordLog& log);

// The records of a given snapshot. REQUIRES: state is what the log folds to at position, the end of a commit.
std::vector<SideRecord> snapshot_records(const domain::State& state, const LogPosition& position);

}  // namespace prov::event_log
