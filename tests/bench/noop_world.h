#pragma once
// The domain alone, with hosts whose agents are there, running no-op tasks: what the parts' benches measure, and where
// they get events and a log that mean something.
#include <deque>
#include <functional>
#include <unordered_map>
#include <vector>

#include "coordinator/domain/decide.h"
#include "coordinator/domain/evolve.h"
#include "coordinator/domain/react.h"

namespace prov::bench {

class NoopWorld {
 public:
  using EventSink = std::function<void(const domain::Event&)>;
  explicit NoopWorld(int hosts, EventSink on_event = {});  // `on_event` hears of each event once it is folded

  void submit(std::uint32_t tasks);               // one workflow over all hosts; what can go is dispatched
  void submit(const domain::SubmitBatch& batch);  // hosts are h0, h1, ...
  bool report_next();                // the oldest order out is reported as started and ended; false: none is out
  domain::Command next_end() const;  // that order's end, as a command. REQUIRES: one is out

  bool unfinished() const;  // some workflow has not ended

  const domain::State& state() const { return state_; }

 private:
  void give(domain::CommandBody body, const domain::Principal& who);
  void fold(domain::EventBody body, const domain::Principal& who);
  domain::ReportEnded end_of(const domain::SendOrder& order) const;

  EventSink on_event_;
  domain::State state_;
  std::deque<domain::SendOrder> out_;
  std::vector<std::string> hosts_;
  // Made once, so that what is measured is the domain and not this harness.
  Id log_id_;
  Digest nothing_;
  std::unordered_map<Key, domain::Principal, IdHash> principals_;
  std::uint64_t ids_ = 0;
};

// A batch of operations of one task each, over all hosts; each depends on three of those before it, a near one and two
// from anywhere.
domain::SubmitBatch graph_of(int hosts, std::uint32_t operations);

// A batch of operations one after the other, each over all hosts, a tenth of them at a time.
domain::SubmitBatch rolling_over_all(std::uint32_t operations);

std::vector<domain::Event> noop_events(int hosts, std::uint32_t tasks);  // all events of such a world, from the first

}  // namespace prov::bench
