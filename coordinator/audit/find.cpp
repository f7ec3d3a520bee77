#include "coordinator/audit/audit.h"

namespace prov::audit {

Result<void> find_events(RecordLog& log, const event_log::EventFilter& filter, const event_log::EventVisitor& visit) {
  return event_log::read_events(log, filter.from, [&](const domain::Event& event) {
    if (event_log::is_past(filter, event.meta)) return false;
    return !event_log::matches(filter, event) || visit(event);
  });
}

}  // namespace prov::audit
