#pragma once
// A writer over a disk in memory, which can lose power and come back.
#include <gtest/gtest.h>

#include <deque>
#include <memory>

#include "coordinator/domain/evolve.h"
#include "coordinator/event_log/log_writer.h"
#include "coordinator/event_log/replay.h"
#include "tests/support/record_log/any_event.h"
#include "tests/support/record_log/fakes.h"
#include "tests/support/record_log/history.h"
#include "tests/support/record_log/memory_record_log.h"

namespace prov::event_log {

class LogFixture : public testing::Test {
 protected:
  LogFixture() { start(); }

  // Opens what the disk holds and goes on writing there.
  OpenedLog start() {
    writer.reset();
    log = std::make_unique<test::MemoryRecordLog>(disk, schedule());
    OpenedLog opened = open_log(*log);
    LogPosition position = opened.position;
    if (position.log_id.is_zero()) position.log_id.bytes.fill(0x4c);
    writer = std::make_unique<LogWriter>(*log, executor, clock, position, &key,
                                         [this](const Error& error) { fatal.push_back(error); });
    return opened;
  }

  test::MemoryRecordLog::Schedule schedule() {
    if (!hold_syncs) return {};
    return [this](std::function<void()> end) { syncs.push_back(std::move(end)); };
  }
  bool sync_one() {
    if (syncs.empty()) return false;
    const auto end = std::move(syncs.front());
    syncs.pop_front();
    end();
    executor.run_all();
    return true;
  }

  std::shared_ptr<const domain::Event> append(domain::EventBody body, std::uint32_t epoch = 1) {
    domain::Event event;
    event.meta.epoch = epoch;
    domain::Aggregate aggregate = domain::aggregate_of(body);
    event.meta.aggregate_kind = aggregate.kind;
    event.meta.aggregate_id = std::move(aggregate.id);
    if (aggregate.kind == domain::AggregateKind::task) {
      event.meta.correlation = workflow_id(*Id::from(event.meta.aggregate_id));
    }
    event.meta.workspace = "w";
    event.body = std::move(body);
    auto numbered = writer->append(std::move(event));
    domain::evolve(live, *numbered);
    return numbered;
  }
  void commit() {
    writer->flush();
    executor.run_all();
  }

  // A log with every type of event in it, some commits large, some of one event; `live` is its state.
  void fill(std::uint64_t seed, int commits) {
    test::AnyEvent any(seed);
    append(domain::LogCreated{writer->durable().log_id, "test"});
    append(domain::CoordinatorStarted{1, "test", "here", 0});
    commit();
    for (int i = 0; i < commits; ++i) {
      for (std::uint64_t n = any.number(6) + 1; n > 0; --n) {
        domain::Event event = any.any();
        if (std::holds_alternative<domain::CheckpointSigned>(event.body) ||
            std::holds_alternative<domain::LogCreated>(event.body)) {
          event.body = domain::WorkspaceRegistered{any.text()};
        }
        append(std::move(event.body));
      }
      if (i % 7 == 6) {
        if (auto checkpoint = writer->checkpoint_now()) domain::evolve(live, *checkpoint);
      }
      clock.advance(any.number(2000));
      commit();
    }
  }

  // A log that means something (history.h): several commands to a commit, now and then a checkpoint.
  void live_through(test::History& history, int steps) {
    for (int i = 0; i < steps; ++i) {
      history.step();
      if (i % 3 == 0) commit();
      if (i % 50 == 49) {
        commit();
        if (auto checkpoint = writer->checkpoint_now()) history.fold(checkpoint);
      }
    }
    commit();
  }
  test::History history(std::uint64_t seed, test::History::Asks asks = test::History::Asks::commands) {
    return {seed, clock, [this](domain::Event event) { return writer->append(std::move(event)); }, asks};
  }

  SigningKey key{std::array<std::uint8_t, 32>{1, 2, 3}};
  PublicKeys public_keys{{key_id(key.public_key()), key.public_key()}};
  std::shared_ptr<test::MemoryDisk> disk = std::make_shared<test::MemoryDisk>();
  test::ManualClock clock;
  test::ManualExecutor executor;
  bool hold_syncs = false;
  std::deque<std::function<void()>> syncs;
  std::unique_ptr<test::MemoryRecordLog> log;
  std::unique_ptr<LogWriter> writer;
  std::vector<Error> fatal;
  domain::State live;
};

}  // namespace prov::event_log
