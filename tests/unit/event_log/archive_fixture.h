#pragma once
// A log that means something, with checkpoints and snapshots, and a folder to archive it to.
#include <filesystem>
#include <fstream>

#include "coordinator/event_log/archiver.h"
#include "coordinator/event_log/snapshots.h"
#include "coordinator/event_log/state_codec.h"
#include "tests/support/record_log/temp_folder.h"
#include "tests/unit/event_log/log_fixture.h"

namespace prov::event_log {

class ArchiveFixture : public LogFixture {
 protected:
  void live(int steps) {
    if (life == nullptr) {
      life = std::make_unique<test::History>(history(21));
      life->begin();
    }
    live_through(*life, steps);
  }
  void snapshot() {
    auto records = fold_snapshot(*log);
    ASSERT_TRUE(records);
    for (SideRecord& record : *records) writer->write_side(std::move(record));
    commit();
  }
  // What an auditor would see: all of it, in order.
  struct Seen {
    std::vector<std::string> commits;
    std::string state_hash;
    bool whole = false;
    bool operator==(const Seen&) const = default;
  };
  Seen seen(RecordLog& of) {
    Seen out;
    std::uint64_t next = 1;
    EXPECT_TRUE(of.read(1, [&](std::uint64_t number, std::string_view bytes) {
      EXPECT_EQ(number, next++) << "nothing twice, nothing left out";
      out.commits.emplace_back(bytes);
      return true;
    }));
    domain::State state;
    const Replayed read = replay(of, {}, public_keys, [&](const domain::Event& event) {
      domain::evolve(state, event);
      return true;
    });
    out.whole = !damage_at_end(read, of.last_commit(), of.attested_commit());
    out.state_hash = to_text(event_log::state_hash(state));
    return out;
  }
  std::unique_ptr<ArchivedLog> opened() {
    auto whole = ArchivedLog::open(*log, {folder.path()});
    EXPECT_TRUE(whole) << (whole ? "" : whole.error().message);
    return whole ? std::move(*whole) : nullptr;
  }
  Archiver archiver(ArchivedLog& whole) { return {*log, whole, folder.path(), policy, public_keys}; }
  // Moves what the policy allows; how many segments.
  std::size_t archive(ArchivedLog& whole) {
    Archiver mover = archiver(whole);
    std::size_t moved = 0;
    for (;; ++moved) {
      auto step = mover.step(clock.wall);
      EXPECT_TRUE(step) << (step ? "" : step.error().message);
      if (!step || !*step) return moved;
    }
  }
  std::string segment_folder() { return folder / to_text(writer->durable().log_id); }
  std::vector<std::string> files() {
    std::vector<std::string> out;
    if (!std::filesystem::exists(segment_folder())) return out;
    for (const auto& entry : std::filesystem::directory_iterator(segment_folder()))
      out.push_back(entry.path().string());
    std::sort(out.begin(), out.end());
    return out;
  }
  static void flip(const std::string& path, std::size_t at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const char byte = static_cast<char>(file.get() ^ 1);
    file.seekp(static_cast<std::streamoff>(at));
    file.put(byte);
  }

  test::TempFolder folder;
  ArchivePolicy policy{.keep_events = 100, .segment_bytes = 40'000};
  std::unique_ptr<test::History> life;
};

}  // namespace prov::event_log
