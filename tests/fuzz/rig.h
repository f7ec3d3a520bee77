#pragma once
// A platform for what an input brings about: the one door over a log in memory, with ids that count. Every answer is
// there when settle() returns.
#include <algorithm>
#include <memory>
#include <vector>

#include "coordinator/command_handler/core.h"
#include "coordinator/event_log/event_codec.h"
#include "coordinator/event_log/state_codec.h"
#include "tests/fuzz/targets.h"
#include "tests/support/record_log/fakes.h"
#include "tests/support/record_log/memory_record_log.h"

namespace prov::fuzz {

class CountingRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    ++n_;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = i < 4 ? static_cast<std::uint8_t>(n_ >> (24 - 8 * i)) : 0;
  }
  void go_on_from(std::uint32_t n) { n_ = n; }

 private:
  std::uint32_t n_ = 0;
};

struct Rig {
  Rig()
      : writer(log, executor, clock, begin(), nullptr, [](const Error&) { expect(false, "memory does not fail"); }),
        core(config(), writer, {}, timers, random) {
    core.on_effect([this](const domain::Effect& effect) { effects.push_back(effect); });
    core.on_event([](const std::vector<command_handler::Core::EventPtr>& events) {
      for (const auto& each : events) {
        const std::string once = event_log::encode_event(*each);
        const auto again = event_log::decode_event(once);
        expect(again && event_log::encode_event(*again) == once, "what is logged can be read again");
      }
    });
    core.start();
    settle();
  }
  static event_log::LogPosition begin() {
    event_log::LogPosition out;
    out.log_id.bytes.fill(7);
    return out;
  }
  static command_handler::CoreConfig config() {
    command_handler::CoreConfig out;
    out.policy.owners = {"uid:0"};
    return out;
  }

  void settle() { executor.run_all(); }
  void must(domain::CommandBody body,
            const domain::Principal& who = {"uid:0", "peer", domain::Transport::unix_socket}) {
    core.submit({random.id(), "w", std::move(body), {}}, who,
                [](const Result<domain::Answer>& answer) { expect(answer.has_value(), "the rig is set up"); });
    settle();
  }
  void check_state() const {
    const std::string once = event_log::encode_state(core.state());
    const auto again = event_log::decode_state(once);
    expect(again && event_log::encode_state(*again) == once, "a state is itself again");
  }

  test::MemoryRecordLog log{std::make_shared<test::MemoryDisk>()};
  test::ManualExecutor executor;
  test::ManualClock clock;
  test::NoTimers timers;
  CountingRandom random;
  event_log::LogWriter writer;
  command_handler::Core core;
  std::vector<domain::Effect> effects;
};

inline domain::ServerSpec server_of_rig(const std::string& hostname) {
  domain::ServerSpec spec;
  spec.hostname = hostname;
  spec.infra = "demo";
  spec.provider = "local";
  spec.provider_bundle.bytes.fill(1);
  return spec;
}

}  // namespace prov::fuzz
