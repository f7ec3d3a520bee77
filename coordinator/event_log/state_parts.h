#pragma once
// Inside of the state codec: what its files share.
#include <initializer_list>

#include "coordinator/domain/state.h"
#include "coordinator/event_log/codec_detail.h"
#include "schema/snapshot.capnp.h"

namespace prov::event_log::detail {

template <class Status>
Status parse_status(capnp::Text::Reader text, std::initializer_list<Status> all) {
  for (const Status status : all) {
    if (text == domain::name_of(status)) return status;
  }
  throw Malformed{"status"};
}

void put(schema::Workflow::Builder out, const domain::Workflow& workflow);

// Throws Malformed unless its parts fit together. What is derived is left alone.
void get(schema::Workflow::Reader in, domain::Workflow& workflow);

}  // namespace prov::event_log::detail
