#pragma once
// The one file that the journal lives in. Implementations: agent/host/disk_journal.h, memory that can lose
// what was not synced (tests/support, tests/sim).
#include <string>
#include <string_view>

#include "common/result.h"

namespace prov::agent {

class JournalFile {
 public:
  virtual ~JournalFile() = default;
  virtual Result<std::string> read_all() = 0;               // "" when there is none yet
  virtual Result<void> append(std::string_view bytes) = 0;  // after a crash before sync: any prefix of it may be there
  virtual Result<void> sync() = 0;                          // all that was appended is durable
  virtual Result<void> replace(
      std::string_view bytes) = 0;  // the whole content; durable; the old or the new, never both
  // The content will be kept, also beyond replace(), under the name returned.
  virtual Result<std::string> keep_damaged() = 0;
};

}  // namespace prov::agent
