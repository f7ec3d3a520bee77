#include "tests/support/record_log/memory_record_log.h"

#include <algorithm>

#include "coordinator/event_log/keys.h"

namespace prov::test {
namespace {

std::size_t bytes_of(const LogBatch& batch) {
  std::size_t out = batch.commit.size();
  for (const SideRecord& side : batch.sides) out += side.key.size() + side.value.size();
  return out;
}

}  // namespace

void MemoryDisk::keep(const LogBatch& batch) {
  if (batch.number != 0) commits[batch.number] = batch.commit;
  for (const SideRecord& side : batch.sides) {
    if (side.erase) {
      sides.erase(side.key);
    } else {
      sides[side.key] = side.value;
    }
  }
}

void MemoryDisk::crash(Tail tail) {
  if (unsynced != nullptr && tail != Tail::lost) {
    keep(*unsynced);
    if (tail == Tail::torn && unsynced->number != 0) {
      std::string& commit = commits[unsynced->number];
      commit.resize(commit.size() / 2);
    }
  }
  unsynced.reset();
}

void MemoryDisk::flip(std::uint64_t commit, std::size_t byte, std::uint8_t mask) {
  std::string& bytes = commits.at(commit);
  bytes.at(byte) = static_cast<char>(bytes.at(byte) ^ mask);
}

void MemoryDisk::forget_after(std::uint64_t commit) { commits.erase(commits.upper_bound(commit), commits.end()); }

MemoryRecordLog::MemoryRecordLog(std::shared_ptr<MemoryDisk> disk, Schedule sync)
    : disk_(std::move(disk)), sync_(std::move(sync)) {
  disk_->attested = std::max(disk_->attested, last_commit());
}

MemoryRecordLog::~MemoryRecordLog() { *alive_ = false; }

void MemoryRecordLog::append(std::shared_ptr<const LogBatch> batch, Done done) {
  PROV_ASSERT(disk_->unsynced == nullptr);
  if (full_ || (has_room_ && !has_room_(bytes_of(*batch)))) return done(fail(Code::exhausted, "the disk is full"));
  if (batch->number != 0 && batch->number != last_commit() + 1) {
    return done(fail(Code::conflict, "commit " + std::to_string(batch->number) + " does not follow commit " +
                                         std::to_string(last_commit())));
  }
  disk_->unsynced = batch;
  auto end = [this, alive = alive_, batch, done = std::move(done)] {
    if (*alive) finish(batch, done);
  };
  if (sync_) return sync_(std::move(end));
  end();
}

void MemoryRecordLog::finish(const std::shared_ptr<const LogBatch>& batch, const Done& done) {
  ++syncs_;
  disk_->unsynced.reset();
  if (error_) {
    const Error error = *std::exchange(error_, std::nullopt);
    return done(tl::unexpected(error));
  }
  disk_->keep(*batch);
  if (batch->number != 0) disk_->attested = batch->number;
  done({});
}

std::uint64_t MemoryRecordLog::last_commit() { return disk_->commits.empty() ? 0 : disk_->commits.rbegin()->first; }
std::uint64_t MemoryRecordLog::first_commit() { return disk_->commits.empty() ? 1 : disk_->commits.begin()->first; }
std::uint64_t MemoryRecordLog::attested_commit() { return disk_->attested; }

Result<void> MemoryRecordLog::set_aside_after(std::uint64_t commit) {
  for (auto at = disk_->commits.upper_bound(commit); at != disk_->commits.end(); at = disk_->commits.erase(at)) {
    disk_->sides[event_log::set_aside_key(at->first, at->second)] = at->second;
  }
  disk_->attested = commit;
  return {};
}

Result<void> MemoryRecordLog::drop_before(std::uint64_t commit) {
  PROV_ASSERT(commit > 0 && commit <= last_commit());
  disk_->commits.erase(disk_->commits.begin(), disk_->commits.lower_bound(commit));
  return {};
}

Result<void> MemoryRecordLog::read(std::uint64_t from, const CommitVisitor& visit) {
  const std::uint64_t last = last_commit();
  for (auto at = disk_->commits.lower_bound(from); at != disk_->commits.end() && at->first <= last; ++at) {
    if (!visit(at->first, at->second)) break;
  }
  return {};
}

Result<std::optional<std::string>> MemoryRecordLog::get(std::string_view key) {
  const auto found = disk_->sides.find(std::string(key));
  if (found == disk_->sides.end()) return std::nullopt;
  return found->second;
}

Result<void> MemoryRecordLog::scan(std::string_view prefix, const SideVisitor& visit) {
  return scan_from(prefix, prefix, visit);
}

Result<void> MemoryRecordLog::scan_from(std::string_view prefix, std::string_view first, const SideVisitor& visit) {
  for (auto at = disk_->sides.lower_bound(std::string(first)); at != disk_->sides.end(); ++at) {
    if (!at->first.starts_with(prefix) || !visit(at->first, at->second)) break;
  }
  return {};
}

}  // namespace prov::test
