#pragma once
// A data folder as a coordinator leaves it: a log in RocksDB that a platform's life wrote, and keys.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "common/io/posix/posix_world.h"
#include "common/io/rocksdb/rocks_record_log.h"
#include "coordinator/event_log/archiver.h"
#include "coordinator/event_log/log_writer.h"
#include "coordinator/event_log/replay.h"
#include "coordinator/event_log/snapshots.h"
#include "tests/support/record_log/fakes.h"
#include "tests/support/record_log/history.h"
#include "tests/support/record_log/temp_folder.h"

namespace prov::audit {

class DataFolder {
 public:
  explicit DataFolder(const std::string& path, std::uint64_t seed = 1) : path_(path), seed_(seed) { open(); }

  void open() {
    std::filesystem::create_directories(path_ + "/keys");
    auto opened_log = io::RocksRecordLog::open({.folder = path_ + "/log", .min_free_bytes = 0});
    ASSERT_TRUE(opened_log) << opened_log.error().message;
    log = std::move(*opened_log);
    auto loaded =
        event_log::load_or_create_signing_key(path_ + "/keys/signing.key", path_ + "/keys/signing.pub", system_random_);
    ASSERT_TRUE(loaded) << loaded.error().message;
    key = std::make_unique<event_log::SigningKey>(*loaded);
    auto with_archive = event_log::ArchivedLog::open(*log, {path_ + "/archive"});
    ASSERT_TRUE(with_archive) << with_archive.error().message;
    whole = std::move(*with_archive);
    opened = event_log::open_log(*whole);
    event_log::LogPosition position = opened.position;
    if (position.log_id.is_zero()) position.log_id = system_random_.id();
    writer = std::make_unique<event_log::LogWriter>(*whole, executor, clock, position, key.get(),
                                                    [](const Error& error) { ADD_FAILURE() << error.message; });
  }
  void close() {
    settle();
    writer.reset();
    whole.reset();
    log.reset();
  }

  // Waits until everything is on disk.
  void settle() {
    bool done = false;
    writer->when_durable([&done] { done = true; });
    writer->flush();
    while (!done) {
      if (!executor.run_one()) std::this_thread::yield();
    }
  }

  void live(int steps) {
    if (life == nullptr) {
      life = std::make_unique<test::History>(seed_, clock,
                                             [this](domain::Event event) { return writer->append(std::move(event)); });
      life->begin();
    }
    for (int i = 0; i < steps; ++i) {
      life->step();
      if (i % 8 == 7) settle();
      if (i % 100 == 99) checkpoint();
    }
    settle();
  }
  void checkpoint() {
    settle();
    if (auto made = writer->checkpoint_now()) life->fold(made);
    settle();
  }

  void snapshot() {
    auto records = event_log::fold_snapshot(*whole);
    ASSERT_TRUE(records) << records.error().message;
    for (SideRecord& record : *records) writer->write_side(std::move(record));
    settle();
  }
  // Moves old commits to <path>/archive; how many segments that made.
  std::size_t archive(std::uint64_t keep_events, std::uint64_t segment_bytes) {
    const event_log::PublicKeys keys{{event_log::key_id(key->public_key()), key->public_key()}};
    event_log::Archiver archiver(*log, *whole, path_ + "/archive",
                                 {.keep_events = keep_events, .segment_bytes = segment_bytes}, keys);
    for (std::size_t moved = 0;; ++moved) {
      const auto step = archiver.step(clock.wall);
      EXPECT_TRUE(step) << (step ? "" : step.error().message);
      if (!step || !*step) return moved;
    }
  }

  std::unique_ptr<io::RocksRecordLog> log;
  std::unique_ptr<event_log::ArchivedLog> whole;  // with <path>/archive
  std::unique_ptr<event_log::SigningKey> key;
  std::unique_ptr<event_log::LogWriter> writer;
  std::unique_ptr<test::History> life;
  event_log::OpenedLog opened;
  test::ManualClock clock;
  test::ManualExecutor executor;

 private:
  std::string path_;
  std::uint64_t seed_;
  io::SystemRandom system_random_;
};

}  // namespace prov::audit
