#include <algorithm>

#include "coordinator/audit/audit.h"
#include "coordinator/event_log/event_json.h"

namespace prov::audit {
namespace {

template <std::size_t... I>
std::set<std::string> all_types(std::index_sequence<I...>) {
  return {domain::name_of(domain::EventBody(std::in_place_index<I>))...};
}

bool same_aggregate(const domain::Envelope& meta, const std::string& wanted) {
  const event_log::AggregateText text = event_log::aggregate_text(meta);
  return wanted == text.id || wanted == text.kind || wanted == text.kind + "/" + text.id;
}

}  // namespace

bool known_type(const std::string& name) {
  static const std::set<std::string> known =
      all_types(std::make_index_sequence<std::variant_size_v<domain::EventBody>>());
  return known.contains(name);
}

bool matches(const EventFilter& filter, const domain::Event& event) {
  const domain::Envelope& meta = event.meta;
  return meta.sequence >= filter.from && meta.sequence <= filter.to && meta.log_time_ms >= filter.since_ms &&
         meta.log_time_ms <= filter.until_ms &&
         (filter.types.empty() || filter.types.contains(domain::name_of(event.body))) &&
         (filter.subject.empty() || meta.principal.subject == filter.subject) &&
         (filter.workspace.empty() || meta.workspace == filter.workspace) &&
         (!filter.workflow || meta.correlation == *filter.workflow) &&
         (filter.aggregate.empty() || same_aggregate(meta, filter.aggregate));
}

Result<void> find_events(RecordLog& log, const EventFilter& filter, const event_log::EventVisitor& visit) {
  return event_log::read_events(log, filter.from, [&](const domain::Event& event) {
    if (event.meta.sequence > filter.to || event.meta.log_time_ms > filter.until_ms) return false;
    return !matches(filter, event) || visit(event);
  });
}

}  // namespace prov::audit
