#pragma once
// The journal's format. The file is "PROVJNL1", then records:
//
//   "PJR1" | payload length, u32 LE | first 8 bytes of BLAKE2b-256(payload) | payload (JournalRecord, journal.capnp)
//
// The marker lets a reader find the next whole record behind a damaged one, and so tell a torn tail (the beginning
// of a record, and nothing whole follows: the last write before a crash) from damage.
#include <string>
#include <string_view>
#include <vector>

#include "agent/step/record.h"
#include "common/result.h"

namespace prov::agent {

inline constexpr std::string_view kJournalMagic = "PROVJNL1";
inline constexpr std::size_t kMaxRecordBytes = 2 << 20;

std::string encode_record(const Record& record);  // framed

struct JournalScan {
  std::vector<Record> records;  // every whole one, also those behind damage
  std::size_t torn_bytes = 0;   // at the end
  std::string damage;           // not empty: what is wrong, and where
};
JournalScan scan_journal(std::string_view bytes);

}  // namespace prov::agent
