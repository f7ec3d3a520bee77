#pragma once
// What each golden journal beside this header holds: the same records, as each release wrote them. A new kind of record
// or a new field of one gets records and a file of its own; these are never changed, as hosts hold such journals.
#include <vector>

#include "agent/step/record.h"
#include "common/hash.h"

namespace prov::agent::golden {

template <class T>
T filled(std::uint8_t first) {
  T out;
  for (auto& byte : out.bytes) byte = first++;
  return out;
}

inline StepId step(std::uint8_t n) { return {filled<Id>(n), n}; }

inline wire::Order order(std::uint8_t n, decltype(wire::Order::action) action) {
  wire::Order out;
  out.task = step(n).task;
  out.attempt = step(n).attempt;
  out.sequence = 70U + n;
  out.action = std::move(action);
  return out;
}

inline std::vector<Record> records() {
  const std::string boot = "5b6a7f1e-9c07-4a3e-8d3b-0d6f3a1f2b11", next_boot = "a1d9c6d2-5a44-4a0e-b8c1-70c3a8f0e9d4";
  wire::Order script = order(2, wire::Script{filled<Digest>(9), "scripts/install", {{"A", "b"}}, {}, {{"p", "box"}}});
  script.timeout_s = 60;
  script.exclusive = true;
  script.mode = wire::Mode::rehearse;
  const Verdict plain{Outcome::done, 0, "", 0, digest_of("")};
  const Verdict rich{
      Outcome::timed_out, -9, "stopped", 123, digest_of("out"), {{"port", "5432"}, {"url", "http://x/"}}};
  return {{1'700'000'000'001, Identity{filled<Key>(1), filled<Id>(2)}},
          {1'700'000'000'002, Seen{7, 70, 700}},
          {1'700'000'000'003, Assigned{order(1, wire::Noop{}), filled<Digest>(3), boot}},
          {1'700'000'000'003, Started{step(1), boot}},
          {1'700'000'000'003, StepEnded{step(1), plain}},
          {1'700'000'000'004, Assigned{script, filled<Digest>(4), boot}},
          {1'700'000'000'005,
           Assigned{order(3, wire::Exec{{"/bin/cat", "-"}, {{"LANG", "C"}}, "in"}), filled<Digest>(5), boot}},
          {1'700'000'000'005, Started{step(2), next_boot}},
          {1'700'000'000'006, Reported{step(1)}},
          {1'700'000'000'007, StepEnded{step(2), rich}},
          {1'700'000'000'008, Distrust{~0ULL}},
          {1'700'000'000'009, Seen{8, 71, 701}}};
}

}  // namespace prov::agent::golden
