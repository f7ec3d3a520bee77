#pragma once
// The one door over a log in memory: every answer is there when give() returns.
#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "coordinator/command_handler/core.h"
#include "tests/support/record_log/fakes.h"
#include "tests/support/record_log/memory_record_log.h"

namespace prov::command_handler {

inline const domain::Principal kOwner{"uid:0", "peer", domain::Transport::unix_socket};
inline const domain::Principal kStranger{"uid:9", "peer", domain::Transport::unix_socket};

class CountingRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (auto& byte : out) byte = ++n_;
  }

 private:
  std::uint8_t n_ = 0;
};

inline domain::ServerSpec server(const std::string& name, const std::string& plan = "small") {
  domain::ServerSpec spec;
  spec.hostname = name;
  spec.infra = "demo";
  spec.provider = "local";
  spec.provider_bundle.bytes.fill(1);
  spec.plan = plan;
  return spec;
}

class CoreTest : public testing::Test {
 protected:
  explicit CoreTest(domain::State state = {}, const event_log::SigningKey* key = nullptr, CoreConfig with = config())
      : writer(log, executor, clock, begin(), key, [](const Error& error) { FAIL() << error.message; }),
        core(std::move(with), writer, std::move(state), timers, random) {
    core.start();
    executor.run_all();
  }
  static event_log::LogPosition begin() {
    event_log::LogPosition out;
    out.log_id.bytes.fill(7);
    return out;
  }
  static CoreConfig config() {
    CoreConfig out;
    out.policy.owners = {"uid:0"};
    return out;
  }
  domain::Command command(domain::CommandBody body, std::optional<Digest> plan = {}) {
    return {random.id(), "w", std::move(body), plan};
  }
  Result<domain::Answer> give(const domain::Command& what, const domain::Principal& who = kOwner) {
    std::optional<Result<domain::Answer>> got;
    core.submit(what, who, [&got](auto answer) { got = answer; });
    executor.run_all();
    return got ? *got : fail(Code::internal, "no answer");
  }
  event_log::Planned plan(const domain::CommandBody& body) {
    auto planned = core.check(command(body), kOwner);
    EXPECT_TRUE(planned.has_value()) << (planned ? "" : planned.error().message);
    return planned ? *planned : event_log::Planned{};
  }

  std::shared_ptr<test::MemoryDisk> disk = std::make_shared<test::MemoryDisk>();
  test::MemoryRecordLog log{disk};
  test::ManualExecutor executor;
  test::ManualClock clock;
  test::NoTimers timers;
  CountingRandom random;
  event_log::LogWriter writer;
  Core core;
};

}  // namespace prov::command_handler
