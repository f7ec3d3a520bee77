#pragma once
// Inside of the index of workflows: its two records (schema/history.capnp) as values and bytes.
#include <cstdint>
#include <string>
#include <string_view>

#include "common/ids.h"
#include "common/result.h"
#include "common/time.h"
#include "coordinator/domain/events.h"

namespace prov::event_log {

struct IndexedAt {
  std::uint64_t commit = 0, sequence = 0;
  TimeMs log_time_ms = 0;
};

struct SubmissionRecord {
  IndexedAt at;
  std::string workspace, kind, name, infra;
  domain::Principal initiator;
  std::uint32_t tasks = 0;
};

struct EndRecord {
  IndexedAt at;
  domain::WorkflowEnded event;  // its id is in the key
  bool followed = false;        // the same commit holds later events of the workflow
};

std::string encode(const SubmissionRecord& record);
std::string encode(const EndRecord& record);

// Code::corrupt: no such record.
Result<SubmissionRecord> decode_submission(std::string_view bytes);
Result<EndRecord> decode_end(std::string_view bytes);

}  // namespace prov::event_log
