#pragma once
// An event's bytes: the envelope of schema/event.capnp as a flat message, with the payload struct as a flat message
// inside. Thread-safe; Cap'n Proto stays inside.
#include <memory>
#include <string>
#include <string_view>

#include "common/result.h"
#include "coordinator/domain/events.h"

namespace prov::event_log {

inline constexpr std::uint16_t kPayloadVersion = 1;  // of every type of this release

// Keeps its scratch space from event to event: the log's writer has one. One thread at a time.
class EventEncoder {
 public:
  EventEncoder();
  ~EventEncoder();
  void append_to(std::string& out, const domain::Event& event);

 private:
  struct Scratch;
  std::unique_ptr<Scratch> scratch_;
};

std::string encode_event(const domain::Event& event);

// A type or version (or a value within a payload) that only a later release knows makes an UnknownEvent, which encodes
// to the same bytes again. Code::corrupt: not what any release writes.
Result<domain::Event> decode_event(std::string_view bytes);

Result<domain::Envelope> decode_envelope(std::string_view bytes);  // of the same bytes, without a look at the payload

}  // namespace prov::event_log
