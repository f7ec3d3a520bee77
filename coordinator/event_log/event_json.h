#pragma once
// An event as one JSON object, as the audit export and the API show it.
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "coordinator/domain/events.h"

namespace prov::event_log {

// The envelope's fields in snake_case and in the schema's order, `type` as its name, then `body`: the payload's fields
// (schema/event.capnp). Ids are UUIDs, keys and digests hex; a zero one is "". The body of an event of an unknown type
// is its bytes as hex.
std::string event_text(const domain::Event& event);

nlohmann::ordered_json event_to_json(const domain::Event& event);  // the same, to look into

// What an event is about, as it is written there: "workflow" and its UUID, "server" and its name.
struct AggregateText {
  std::string kind, id;
};
AggregateText aggregate_text(const domain::Envelope& meta);

}  // namespace prov::event_log
