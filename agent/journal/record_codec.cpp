#include "agent/journal/record_codec.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "agent/journal/first_records.h"
#include "agent/journal/limits.h"
#include "agent/journal/payload.h"
#include "common/hash.h"

namespace prov::agent {
namespace {

// Of records as they are written now, and of those of earlier releases.
constexpr std::string_view kMarker = "PJR3", kFirstMarker = "PJR1", kSecondMarker = "PJR2";
constexpr std::string_view kAnyMarker = "PJR";
constexpr std::size_t kMarkerBytes = kMarker.size();
constexpr std::size_t kCheckBytes = crypto_shorthash_siphash24_BYTES;
constexpr std::size_t kHeadBytes = kMarkerBytes + 4 + kCheckBytes;

using Check = std::array<char, kCheckBytes>;

Check check_of(std::string_view payload) {
  static constexpr std::array<unsigned char, crypto_shorthash_siphash24_KEYBYTES> kKey{};
  Check out;
  crypto_shorthash_siphash24(reinterpret_cast<unsigned char*>(out.data()),
                             reinterpret_cast<const unsigned char*>(payload.data()), payload.size(), kKey.data());
  return out;
}

bool fits(std::string_view marker, std::string_view check, std::string_view payload) {
  if (marker == kFirstMarker) return digest_of(payload).view().starts_with(check);
  const Check right = check_of(payload);
  return (marker == kMarker || marker == kSecondMarker) && check == std::string_view(right.data(), right.size());
}

// The payload of the whole record that starts at `at`; empty when there is none.
std::string_view payload_at(std::string_view bytes, std::size_t at) {
  if (bytes.size() - at < kHeadBytes || !bytes.substr(at).starts_with(kAnyMarker)) return {};
  std::uint32_t length = 0;
  std::memcpy(&length, bytes.data() + at + kMarkerBytes, sizeof length);
  if (length == 0 || length > kMaxRecordBytes || bytes.size() - at - kHeadBytes < length) return {};
  const std::string_view payload = bytes.substr(at + kHeadBytes, length);
  const bool whole =
      fits(bytes.substr(at, kMarkerBytes), bytes.substr(at + kHeadBytes - kCheckBytes, kCheckBytes), payload);
  return whole ? payload : std::string_view{};
}

std::size_t next_whole_record(std::string_view bytes, std::size_t at) {
  for (at = bytes.find(kAnyMarker, at); at != std::string_view::npos; at = bytes.find(kAnyMarker, at + 1)) {
    if (!payload_at(bytes, at).empty()) return at;
  }
  return std::string_view::npos;
}

// What a crash leaves of the last write: the beginning of a record, perhaps with zeros from a sector on that never got
// its data. Anything else that does not read at the end was whole once, and has been harmed since.
bool is_torn(std::string_view bytes, std::size_t at) {
  constexpr std::size_t kSectorBytes = 512;
  if (bytes.find_first_not_of('\0', at) == std::string_view::npos) return true;
  std::size_t end = bytes.find_last_not_of('\0') + 1;
  end = std::min(bytes.size(), (end + kSectorBytes - 1) / kSectorBytes * kSectorBytes);
  const std::string_view rest = bytes.substr(at, end - at);
  const std::string_view marker = rest.substr(0, kMarkerBytes);
  if (!kMarker.starts_with(marker) && !kFirstMarker.starts_with(marker) && !kSecondMarker.starts_with(marker)) {
    return false;
  }
  if (rest.size() < kHeadBytes) return true;
  std::uint32_t length = 0;
  std::memcpy(&length, rest.data() + kMarkerBytes, sizeof length);
  return length > 0 && length <= kMaxRecordBytes && rest.size() - kHeadBytes < length;
}

Result<Record> read_record(std::string_view marker, std::string_view payload) {
  return marker == kMarker ? read_payload(payload) : read_first_record(payload);
}

}  // namespace

void append_record(std::string& to, const Record& record) {
  const auto* assigned = std::get_if<Assigned>(&record.what);
  append_record(to, record, assigned != nullptr ? wire::encode(assigned->order) : std::string());
}

// Made on the stack and appended once: room that is asked of the string is zeroed first, and nearly all are small.
void append_record(std::string& to, const Record& record, std::string_view order) {
  const Payload payload(record, order);
  PROV_ASSERT(payload.size() <= kMaxRecordBytes);
  const std::size_t bytes = kHeadBytes + payload.size();
  std::array<char, 512> small;
  std::string large;
  if (bytes > small.size()) large.resize(bytes);
  char* const head = bytes > small.size() ? large.data() : small.data();
  payload.write(head + kHeadBytes);
  const auto length = static_cast<std::uint32_t>(payload.size());
  const Check check = check_of({head + kHeadBytes, payload.size()});
  std::memcpy(head, kMarker.data(), kMarkerBytes);
  std::memcpy(head + kMarkerBytes, &length, sizeof length);
  std::memcpy(head + kHeadBytes - kCheckBytes, check.data(), kCheckBytes);
  to.append(head, bytes);
}

std::string encode_record(const Record& record) {
  std::string out;
  append_record(out, record);
  return out;
}

JournalScan scan_journal(std::string_view bytes) {
  JournalScan out;
  const auto damaged = [&](std::size_t at, const std::string& why) {
    if (out.damage.empty()) out.damage = why + " at byte " + std::to_string(at) + " of " + std::to_string(bytes.size());
  };
  const std::size_t magic = std::min(bytes.size(), kJournalMagic.size());
  std::size_t at = kJournalMagic.size();
  if (bytes.substr(0, magic) != kJournalMagic.substr(0, magic)) {
    damaged(0, "it does not begin as a journal does");
    at = 0;
  } else if (magic < kJournalMagic.size()) {
    out.torn_bytes = bytes.size();
    return out;
  }
  while (at < bytes.size()) {
    const std::string_view payload = payload_at(bytes, at);
    if (payload.empty()) {
      const std::size_t next = next_whole_record(bytes, at + 1);
      if (next == std::string_view::npos) {
        if (is_torn(bytes, at)) {
          out.torn_bytes = bytes.size() - at;
        } else {
          damaged(at, "the last record is broken");
        }
        break;
      }
      damaged(at, "a record is broken");
      at = next;
      continue;
    }
    auto record = read_record(bytes.substr(at, kMarkerBytes), payload);
    if (record)
      out.records.push_back(std::move(*record));
    else
      damaged(at, record.error().message);
    at += kHeadBytes + payload.size();
  }
  return out;
}

}  // namespace prov::agent
