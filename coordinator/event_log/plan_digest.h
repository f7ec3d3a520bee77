#pragma once
// What a command would do, bound to the place in the log at which that was asked. Two plans are the same when their
// digests are: BLAKE2b-256 over the events as the log would hold them, without what each deciding makes anew.
#include <cstdint>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/time.h"
#include "coordinator/domain/events.h"

namespace prov::event_log {

struct Planned {
  std::vector<domain::EventBody> events;  // their ids are never seen again
  Digest digest;
  Id log_id;
  std::uint64_t sequence = 0;  // of the last event that the plan knows of
};

// `decided_ms` is when the events were decided: times in them count from there, and that a workspace becomes known is
// left out, so that neither the clock nor the first use of a workspace makes another plan of it. REQUIRES: ids that
// were drawn in the same way each time.
Digest plan_digest(const std::string& workspace, const std::vector<domain::EventBody>& events, TimeMs decided_ms);

}  // namespace prov::event_log
