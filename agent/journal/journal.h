#pragma once
// The agent's memory on disk: records are added during a loop turn and become durable together in flush(). Nothing
// that a record announces may be done or said before the flush that carries it has returned.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/journal/journal_file.h"
#include "agent/step/record.h"

namespace prov::agent {

inline constexpr std::uint64_t kJournalFloorBytes = 1 << 20;

class Journal {
 public:
  // `floor_bytes`: what is not worth to be condensed.
  explicit Journal(JournalFile& file, std::uint64_t floor_bytes = kJournalFloorBytes)
      : file_(file), floor_bytes_(floor_bytes) {}

  struct Opened {
    std::vector<Record> records;
    std::size_t torn_bytes = 0;  // cut from the end: writes that never were durable
    // Not empty: what is wrong. `records` is what could be saved; rewrite() has to come before anything is flushed, and
    // until it has, the next start finds what this one did.
    std::string damage;
    std::string kept_as;  // where the damaged file stays
  };
  Result<Opened> open();  // once, first

  void add(const Record& record);
  void add_assigned(const Record& record, std::string_view order);  // an Assigned whose order is encoded already
  bool pending() const { return !pending_.empty(); }
  // Code::exhausted: the disk is full; nothing is lost, flush again later. Anything else: nothing is known about the
  // disk any more, stop.
  Result<void> flush();

  // Replaces all of it, what is pending included: `records` is everything that is to be remembered.
  Result<void> rewrite(const std::vector<Record>& records);
  std::uint64_t bytes() const { return bytes_; }
  bool mostly_garbage() const;  // it has grown to a multiple of what the last rewrite left, and beyond the floor

 private:
  JournalFile& file_;
  const std::uint64_t floor_bytes_;
  std::string pending_;
  std::uint64_t bytes_ = 0;
  std::uint64_t condensed_bytes_ = 0;
  bool damaged_ = false;
};

}  // namespace prov::agent
