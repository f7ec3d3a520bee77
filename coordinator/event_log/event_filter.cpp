#include "coordinator/event_log/event_filter.h"

#include "coordinator/event_log/event_json.h"

namespace prov::event_log {
namespace {

template <std::size_t... I>
std::vector<std::string> all_types(std::index_sequence<I...>) {
  return {domain::name_of(domain::EventBody(std::in_place_index<I>))...};
}

bool same_aggregate(const domain::Envelope& meta, const std::string& wanted) {
  const AggregateText text = aggregate_text(meta);
  return wanted == text.id || wanted == text.kind || wanted == text.kind + "/" + text.id;
}

}  // namespace

const std::vector<std::string>& event_types() {
  static const std::vector<std::string> types = all_types(std::make_index_sequence<domain::kEventTypes>());
  return types;
}

bool is_past(const EventFilter& filter, const domain::Envelope& meta) {
  return meta.sequence > filter.to || meta.log_time_ms > filter.until_ms;
}

bool matches(const EventFilter& filter, const domain::Event& event) {
  const domain::Envelope& meta = event.meta;
  return meta.sequence >= filter.from && meta.log_time_ms >= filter.since_ms && !is_past(filter, meta) &&
         (filter.types.empty() || filter.types.contains(domain::name_of(event.body))) &&
         (filter.subject.empty() || meta.principal->subject == filter.subject) &&
         (filter.workspace.empty() || meta.workspace == filter.workspace) &&
         (!filter.workflow || meta.correlation == *filter.workflow) &&
         (filter.aggregate.empty() || same_aggregate(meta, filter.aggregate));
}

}  // namespace prov::event_log
