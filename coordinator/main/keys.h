#pragma once
// The coordinator's own keys, in 0600 files of <data>/keys, made at the first start. They belong to the log: a backup
// carries both.
#include <string>

#include "common/io/zmq/curve_keys.h"
#include "common/ports/random.h"
#include "common/result.h"
#include "coordinator/event_log/checkpoint.h"

namespace prov::coordinator {

struct Keys {
  io::KeyPair link;               // CURVE: what agents pin
  event_log::SigningKey signing;  // checkpoints; its public half is signing.pub
  std::string master;             // 32 bytes: secrets at rest
};

// `log_has_events`: then none is made, since what belongs to the one that is missing (agents, secrets, signatures)
// would be lost without a word.
Result<Keys> load_or_create_keys(const std::string& folder, bool log_has_events, Random& random);

// The way out when there are keys, and no log at all: it was lost, or its disk is not there. Call before the log is
// opened, which makes a new one.
Result<void> check_log_is_there(const std::string& data_dir);

}  // namespace prov::coordinator
