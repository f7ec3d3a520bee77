#pragma once
// Inside of the offline modes: what the command line says.
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "coordinator/audit/audit.h"

namespace prov::audit {

struct Options {
  std::string verb;
  std::string data;
  std::vector<std::string> archives;     // folders with segments, beside <data>/archive
  std::vector<std::string> public_keys;  // files; none: the folder's own
  std::string out;                       // json, jsonl, table; empty: the verb's default
  event_log::EventFilter filter;
  std::size_t limit = 0;              // 0: all
  std::optional<std::string> at, to;  // of replay: a sequence or a time
  std::vector<std::string> others;    // arguments without a flag
  bool help = false;
};

Result<Options> read_options(const std::vector<std::string>& arguments);

extern const char* const kAuditHelp;

}  // namespace prov::audit
