#pragma once
// Backups: one consistent position of log, blobs and keys, in a folder that looks like a data folder, so that every
// audit works on it as it is.
//
//   log/           as RocksRecordLog keeps it
//   archive/       the segments that were moved out of it (event_log/archived_log.h); hard links where that can be, as
//                  they never change
//   keys/          0600: the backup can do what the platform can. Keep it like the platform's own keys
//   manifest.json  {"format", "log_id", "commit", "sequence", "commit_hash", "log_time_ms",
//                   "files": [{"path", "bytes", "digest"}]}; written last: without it a backup is not finished
#include <cstdint>
#include <string>

#include "common/io/rocksdb/rocks_record_log.h"
#include "common/result.h"
#include "coordinator/event_log/archived_log.h"
#include "coordinator/event_log/log_position.h"

namespace prov::audit {

struct BackupReport {
  event_log::LogPosition position;  // that the backup ends at
  std::uint64_t files = 0, bytes = 0;
};

// Beside a running platform; any thread, one at a time. `whole` stands on `store`. `folder` is new or empty. What was
// copied is verified (chain, and checkpoints with the key beside it) before the manifest is written.
Result<BackupReport> backup(io::RocksRecordLog& store, const event_log::ArchivedLog& whole,
                            const std::string& keys_folder, const std::string& folder);

// Verifies the manifest, every file's digest, and the chain; then makes `data_folder`, which must be new or empty, in
// one step: it is there as a whole or not at all. Code::conflict: there is something in it. Code::corrupt: the backup
// is not what was written.
Result<BackupReport> restore(const std::string& folder, const std::string& data_folder);

}  // namespace prov::audit
