#pragma once
// The agent's first word to a coordinator that does not know it yet.
#include <cstdint>

#include "common/io/zmq/curve_keys.h"
#include "common/wire/agent_wire.h"
#include "common/wire/join_token.h"

namespace prov::io {

// Blocks up to `timeout_ms`. The answer may be a refusal (`refused` is not empty). Code::unavailable: no answer, since
// nobody is there, or who is there does not hold the key of the token; may be tried again with the same token and keys.
Result<wire::EnrolAnswer> enrol(const wire::JoinToken& token, const KeyPair& keys, const Key& seal_key,
                                std::uint32_t timeout_ms);

}  // namespace prov::io
