#pragma once
// Large documents by digest, and step output by task, as side records of the log's store.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/ports/record_log.h"

namespace prov::event_log {

std::vector<SideRecord> blob_records(const Digest& digest, std::string_view bytes);
Result<std::optional<std::string>> read_blob(RecordLog& log, const Digest& digest);  // verified against its digest
Result<bool> has_blob(RecordLog& log, const Digest& digest);

SideRecord output_record(const Id& task, std::uint32_t attempt, std::uint64_t offset, std::string data);
// Bytes [offset, offset + limit) as far as they are stored.
Result<std::string> read_output(RecordLog& log, const Id& task, std::uint32_t attempt, std::uint64_t offset,
                                std::size_t limit);

}  // namespace prov::event_log
