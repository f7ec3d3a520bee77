#pragma once
// Inside of the command codec: the larger structs of schema/command.capnp. `get` fills a fresh value.
#include "coordinator/domain/commands.h"
#include "coordinator/event_log/spec_codec.h"
#include "schema/command.capnp.h"

namespace prov::event_log::detail {

// "after" of the entry at `index` names earlier ones; throws Malformed.
void check_after(const std::vector<std::uint32_t>& after, std::size_t index);

void put(schema::SubmitBatch::Builder out, const domain::SubmitBatch& batch);
void get(schema::SubmitBatch::Reader in, domain::SubmitBatch& batch);

}  // namespace prov::event_log::detail
