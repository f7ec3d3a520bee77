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

Result<Keys> load_or_create_keys(const std::string& folder, Random& random);

}  // namespace prov::coordinator
