#include "coordinator/projection/workflow_stats.h"

#include <algorithm>
#include <map>

#include "common/json/json.h"

namespace prov::projection {

using nlohmann::json;

namespace {

struct Tally {
  std::size_t total = 0, running = 0;
  std::map<std::string, std::size_t> outcomes;
  std::vector<std::uint64_t> took_ms;

  void add(const RunFacts& run) {
    ++total;
    if (!run.outcome) {
      ++running;
      return;
    }
    ++outcomes[name_of(*run.outcome)];
    took_ms.push_back(run.took_ms);
  }
};

json median(std::vector<std::uint64_t> values) {
  if (values.empty()) return nullptr;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

json longest(const std::vector<std::uint64_t>& values) {
  return values.empty() ? json(nullptr) : json(*std::max_element(values.begin(), values.end()));
}

}  // namespace

json workflow_stats(const std::vector<RunFacts>& runs) {
  std::map<std::string, Tally> kinds;
  Tally all;
  json since = nullptr, until = nullptr;
  for (const RunFacts& run : runs) {
    all.add(run);
    kinds[run.kind].add(run);
    since = since.is_null() ? run.submitted_ms : std::min(since.get<TimeMs>(), run.submitted_ms);
    until = until.is_null() ? run.submitted_ms : std::max(until.get<TimeMs>(), run.submitted_ms);
  }
  json rows = json::array();
  for (const auto& [kind, tally] : kinds) {
    rows.push_back({{"kind", kind},
                    {"total", tally.total},
                    {"running", tally.running},
                    {"outcomes", json(tally.outcomes)},
                    {"median_ms", median(tally.took_ms)},
                    {"longest_ms", longest(tally.took_ms)}});
  }
  return {{"total", all.total}, {"running", all.running},         {"since_ms", since},
          {"until_ms", until},  {"outcomes", json(all.outcomes)}, {"kinds", std::move(rows)}};
}

}  // namespace prov::projection
