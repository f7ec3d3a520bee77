#pragma once
// The folded state's bytes: schema/snapshot.capnp's State, canonical (one segment, lists in key order, nothing for what
// is empty), so that equal states have equal bytes and one hash, in later releases too.
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "common/ids.h"
#include "common/result.h"
#include "coordinator/domain/state.h"

namespace prov::event_log {

std::string encode_state(const domain::State& state);

// What is derived is derived again; the agenda stays off. Code::corrupt: not a state.
Result<domain::State> decode_state(std::string_view bytes);

Digest state_hash(const domain::State& state);

// The fields of the schema in snake_case; ids as text, keys and digests as hex, times in ms.
nlohmann::ordered_json state_to_json(const domain::State& state);

}  // namespace prov::event_log
