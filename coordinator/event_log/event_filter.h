#pragma once
// Which events somebody asks for: one meaning for the REST routes, the CLI and the offline audit.
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/time.h"
#include "coordinator/domain/events.h"

namespace prov::event_log {

struct EventFilter {  // what is empty matches everything
  std::uint64_t from = 1, to = UINT64_MAX;
  TimeMs since_ms = 0, until_ms = UINT64_MAX;  // log time
  std::set<std::string> types;                 // "TaskEnded"
  std::string subject, workspace;
  std::string aggregate;  // its name or id as text, its kind, or "kind/name"
  std::optional<Id> workflow;
};

bool matches(const EventFilter& filter, const domain::Event& event);

// No event from this one on matches: times and sequences only rise.
bool is_past(const EventFilter& filter, const domain::Envelope& meta);

const std::vector<std::string>& event_types();  // every name that `types` can hold

}  // namespace prov::event_log
