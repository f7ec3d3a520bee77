#include "agent/journal/journal.h"

#include "agent/journal/record_codec.h"
#include "common/failpoint/failpoint.h"

namespace prov::agent {
namespace {

constexpr std::uint64_t kRewriteFactor = 3;

}  // namespace

Result<Journal::Opened> Journal::open() {
  auto bytes = file_.read_all();
  if (!bytes) return tl::unexpected(bytes.error());
  JournalScan scan = scan_journal(*bytes);
  Opened out{std::move(scan.records), scan.torn_bytes, std::move(scan.damage), {}};
  bytes_ = bytes->size();
  if (!out.damage.empty()) {
    auto kept = file_.keep_damaged();
    if (!kept) return tl::unexpected(kept.error());
    out.kept_as = std::move(*kept);
    damaged_ = true;
  } else if (out.torn_bytes > 0) {
    const std::string_view whole = std::string_view(*bytes).substr(0, bytes->size() - out.torn_bytes);
    if (auto cut = file_.replace(whole); !cut) return tl::unexpected(cut.error());
    bytes_ = whole.size();
  }
  condensed_bytes_ = bytes_;
  if (bytes_ == 0) pending_ = kJournalMagic;
  return out;
}

void Journal::add(const Record& record) { append_record(pending_, record); }

void Journal::add_assigned(const Record& record, std::string_view order) { append_record(pending_, record, order); }

Result<void> Journal::flush() {
  if (pending_.empty()) return {};
  PROV_ASSERT(!damaged_);
  if (auto appended = file_.append(pending_); !appended) return appended;
  PROV_FAIL_HERE("journal_before_sync");
  if (auto synced = file_.sync(); !synced) return fail(Code::io, synced.error().message);
  PROV_FAIL_HERE("journal_after_sync");
  bytes_ += pending_.size();
  pending_.clear();
  return {};
}

Result<void> Journal::rewrite(const std::vector<Record>& records) {
  std::string all(kJournalMagic);
  for (const Record& record : records) append_record(all, record);
  if (auto replaced = file_.replace(all); !replaced) return replaced;
  pending_.clear();
  damaged_ = false;
  bytes_ = condensed_bytes_ = all.size();
  return {};
}

bool Journal::mostly_garbage() const { return bytes_ > floor_bytes_ + kRewriteFactor * condensed_bytes_; }

}  // namespace prov::agent
