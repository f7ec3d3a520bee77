#pragma once
// The journal's format. The file is "PROVJNL1", then records:
//
//   "PJR3" | payload length, u32 LE | SipHash-2-4(payload), its key zeros | payload (payload.h)
//
// The check is against accidents, as the file is the agent's own: four records are written of each order, and are not
// to cost more than the rest of it. For the same reason the payload is no message of the schema any more. Earlier
// releases wrote "PJR2", the same around a JournalRecord of journal.capnp, and before it "PJR1", with the first 8 bytes
// of BLAKE2b-256(payload); such records are read for ever, also in one file with others. The marker lets a reader find
// the next whole record behind a damaged one, and so tell a torn tail (the beginning of a record, and nothing whole
// follows: the last write before a crash) from damage.
#include <string>
#include <string_view>
#include <vector>

#include "agent/step/record.h"
#include "common/result.h"

namespace prov::agent {

inline constexpr std::string_view kJournalMagic = "PROVJNL1";

void append_record(std::string& to, const Record& record);                          // framed
void append_record(std::string& to, const Record& record, std::string_view order);  // `order`: an Assigned's, encoded
std::string encode_record(const Record& record);

struct JournalScan {
  std::vector<Record> records;  // every whole one, also those behind damage
  std::size_t torn_bytes = 0;   // at the end
  std::string damage;           // not empty: what is wrong, and where
};
JournalScan scan_journal(std::string_view bytes);

}  // namespace prov::agent
