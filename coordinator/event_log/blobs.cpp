#include "coordinator/event_log/blobs.h"

#include <algorithm>

#include "common/hash.h"
#include "coordinator/event_log/keys.h"

namespace prov::event_log {

std::vector<SideRecord> blob_records(const Digest& digest, std::string_view bytes) {
  std::vector<SideRecord> out;
  std::uint32_t chunk = 0;
  do {  // an empty blob is one empty chunk, so that it is there
    const std::string_view part = bytes.substr(0, kBlobChunkBytes);
    out.push_back({blob_key(digest, chunk++), std::string(part), false});
    bytes.remove_prefix(part.size());
  } while (!bytes.empty());
  return out;
}

Result<std::optional<std::string>> read_blob(RecordLog& log, const Digest& digest) {
  std::string bytes;
  std::uint32_t chunks = 0;
  bool whole = true;
  auto scanned = log.scan(blob_prefix(digest), [&](std::string_view key, std::string_view value) {
    whole = whole && key == blob_key(digest, chunks++);
    bytes.append(value);
    return whole;
  });
  if (!scanned) return tl::unexpected(scanned.error());
  if (chunks == 0) return std::nullopt;
  if (!whole || digest_of(bytes) != digest) {
    return fail(Code::corrupt, "the stored blob " + to_text(digest) + " has other bytes than its digest says",
                "submit it again, or restore a backup");
  }
  return bytes;
}

Result<bool> has_blob(RecordLog& log, const Digest& digest) {
  auto first = log.get(blob_key(digest, 0));
  if (!first) return tl::unexpected(first.error());
  return first->has_value();
}

SideRecord output_record(const Id& task, std::uint32_t attempt, std::uint64_t offset, std::string data) {
  return {output_key(task, attempt, offset), std::move(data), false};
}

Result<std::string> read_output(RecordLog& log, const Id& task, std::uint32_t attempt, std::uint64_t offset,
                                std::size_t limit) {
  std::string out;
  std::uint64_t at = 0;  // where the next record has to begin
  auto scanned = log.scan(output_prefix(task, attempt), [&](std::string_view key, std::string_view value) {
    if (output_offset(key) != at) return false;  // a gap: what follows did not come yet
    const std::uint64_t end = at + value.size();
    if (end > offset) {
      const std::uint64_t skip = offset > at ? offset - at : 0;
      out.append(value.substr(skip, std::min<std::uint64_t>(limit - out.size(), value.size() - skip)));
    }
    at = end;
    return out.size() < limit;
  });
  if (!scanned) return tl::unexpected(scanned.error());
  return out;
}

}  // namespace prov::event_log
