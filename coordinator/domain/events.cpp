#include "coordinator/domain/events.h"

namespace prov::domain {

EventBody::EventBody() = default;
EventBody::EventBody(const EventBody& other) = default;
EventBody::EventBody(EventBody&& other) noexcept = default;
EventBody& EventBody::operator=(const EventBody& other) = default;
EventBody& EventBody::operator=(EventBody&& other) noexcept = default;
EventBody::~EventBody() = default;

AggregateId::AggregateId(std::string_view bytes) {
  if (const auto id = Id::from(bytes)) {
    bytes_ = Sixteen{*id};
  } else if (const auto key = Key::from(bytes)) {
    bytes_ = ThirtyTwo{*key};
  } else {
    bytes_ = std::string(bytes);
  }
}

}  // namespace prov::domain
