#pragma once
// Requests that are answered when their workflow has ended, or when their patience has. Owner's thread.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>

#include "common/facts.h"
#include "common/ids.h"
#include "common/ports/alarm.h"
#include "common/ports/clock.h"
#include "coordinator/domain/events.h"

namespace prov::api {

class EndWaits {
 public:
  using Done = std::function<void(std::optional<Outcome>)>;  // nullopt: the time has passed

  EndWaits(Clock& clock, Timers& timers) : clock_(clock), sweep_alarm_(timers) {}

  void add(const Id& workflow, std::uint64_t within_ms, Done done);        // `done` once, at most a second late
  void saw(std::span<const std::shared_ptr<const domain::Event>> events);  // that are durable

 private:
  struct Wait {
    TimeMs until_ms = 0;  // monotonic
    Done done;
  };
  void sweep();

  Clock& clock_;
  Alarm sweep_alarm_;
  std::multimap<Id, Wait> waits_;
};

}  // namespace prov::api
