#pragma once
// Events with contents drawn from a seed, one of each type or at random: what the codec and the log are tested with.
// They fit the schema, not the domain's rules; folding them is fine, because evolve is total.
#include <cstdint>
#include <random>
#include <string>

#include "coordinator/domain/events.h"

namespace prov::test {

class AnyEvent {
 public:
  // `full`: no text, list or number is empty or zero.
  explicit AnyEvent(std::uint64_t seed, bool full = false) : engine_(seed), full_(full) {}

  domain::Event of_type(std::size_t index);  // 1 to 39, as in schema EventType
  domain::Event any();

  template <class T>
  T bytes() {
    T out;
    for (auto& b : out.bytes) b = static_cast<std::uint8_t>(engine_());
    if (full_) out.bytes[0] |= 1;
    return out;
  }
  std::uint64_t number(std::uint64_t below);
  std::uint32_t small(std::uint64_t below = 100000) { return static_cast<std::uint32_t>(number(below)); }
  bool yes() { return full_ || number(2) == 1; }
  std::string text(std::size_t max_bytes = 24);
  std::vector<std::string> texts();
  domain::Pairs pairs();
  domain::ServerSpec server_spec();
  domain::TaskservSpec taskserv_spec();

 private:
  domain::EventBody body(std::size_t index);
  domain::EventBody platform_body(std::size_t index);
  domain::EventBody agent_body(std::size_t index);
  domain::EventBody host_body(std::size_t index);
  domain::EventBody work_body(std::size_t index);
  domain::EventBody other_body(std::size_t index);
  domain::EventBody course_body(std::size_t index);
  domain::EventBody submitted();
  Facts facts();
  domain::Action action(std::size_t which);
  domain::TaskPlan plan(std::uint32_t first, std::uint32_t index, std::size_t which);
  domain::OperationPlan operation(std::uint32_t index, std::uint32_t first_task, std::uint32_t tasks);
  domain::Pairs outputs();
  std::vector<std::uint32_t> numbers();
  Outcome outcome() { return static_cast<Outcome>(number(kOutcomes)); }

  std::mt19937_64 engine_;
  bool full_;
};

}  // namespace prov::test
