#include "coordinator/api/end_waits.h"

#include <utility>
#include <vector>

namespace prov::api {

namespace {
constexpr std::uint64_t kSweepMs = 1000;
}

void EndWaits::add(const Id& workflow, std::uint64_t within_ms, Done done) {
  waits_.emplace(workflow, Wait{clock_.monotonic_ms() + within_ms, std::move(done)});
  if (!sweep_alarm_.is_set()) sweep_alarm_.set(kSweepMs, [this] { sweep(); });
}

void EndWaits::saw(std::span<const std::shared_ptr<const domain::Event>> events) {
  if (waits_.empty()) return;
  for (const auto& event : events) {
    const auto* end = std::get_if<domain::WorkflowEnded>(&event->body);
    if (end == nullptr) continue;
    const auto [first, last] = waits_.equal_range(end->id);
    std::vector<Done> told;
    for (auto at = first; at != last; ++at) told.push_back(std::move(at->second.done));
    waits_.erase(first, last);
    for (const Done& done : told) done(end->outcome);
  }
}

void EndWaits::sweep() {
  std::vector<Done> impatient;
  for (auto at = waits_.begin(); at != waits_.end();) {
    const bool over = at->second.until_ms <= clock_.monotonic_ms();
    if (over) impatient.push_back(std::move(at->second.done));
    at = over ? waits_.erase(at) : std::next(at);
  }
  if (!waits_.empty()) sweep_alarm_.set(kSweepMs, [this] { sweep(); });
  for (const Done& done : impatient) done(std::nullopt);
}

}  // namespace prov::api
