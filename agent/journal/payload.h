#pragma once
// What a record of the journal says, as bytes: numbers little-endian and of fixed size, a text behind its length (u32).
//
//   kind u8 | time u64 | by kind:
//     1 identity   agent 32 | log 16
//     2 seen       epoch u32 | settled through u64 | log sequence u64
//     3 assigned   digest of the order as it came 32 | boot text | order, as encode(Order) makes it: the rest
//     4 started    step | boot text
//     5 ended      step | outcome u8 | exit code i32 | output bytes u64 | output digest 32 | message text
//                  | outputs u32, each: name text | value text
//     6 reported   step
//     7 distrust   through u64
//     8 done       step: ended, with silent_success() for its verdict, as most do
//   step: task 16 | attempt u32
//
// No kind is 0: the payloads of earlier releases (first_records.h) begin with one, and so none of them can be taken for
// one of these, whatever bit of their marker flips.
#include <string>
#include <string_view>

#include "agent/step/record.h"
#include "common/result.h"

namespace prov::agent {

class Payload {  // one that is to be written; its size is known before
 public:
  // `order`: of an Assigned, encoded. Both must outlive this.
  Payload(const Record& record, std::string_view order);
  std::size_t size() const { return size_; }
  void write(char* to) const;  // size() bytes

 private:
  const Record& record_;
  std::string_view order_;
  std::size_t size_;
};

Result<Record> read_payload(std::string_view bytes);  // strict: within limits, and nothing follows

}  // namespace prov::agent
