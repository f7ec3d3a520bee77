#pragma once
// A host's disk as far as the agent uses it.
#include <map>
#include <string>

#include "agent/executor/bundle_store.h"
#include "agent/journal/journal_file.h"
#include "common/hash.h"
#include "tests/sim/kernel.h"

namespace prov::sim {

class SimJournal final : public agent::JournalFile {
 public:
  explicit SimJournal(Rng& rng) : rng_(rng) {}

  Result<std::string> read_all() override { return synced_ + unsynced_; }
  Result<void> append(std::string_view bytes) override {
    if (full_) return fail(Code::exhausted, "no space left on device");
    unsynced_ += bytes;
    return {};
  }
  Result<void> sync() override {
    if (fail_next_sync_) {
      fail_next_sync_ = false;
      if (on_failed_sync) on_failed_sync();
      return fail(Code::io, "the power went off");
    }
    if (lies) return {};
    synced_ += std::exchange(unsynced_, {});
    return {};
  }
  Result<void> replace(std::string_view bytes) override {
    if (full_) return fail(Code::exhausted, "no space left on device");
    synced_ = bytes;
    unsynced_.clear();
    return {};
  }
  Result<std::string> keep_damaged() override { return std::string("journal.damaged"); }

  void forget_all() {
    synced_.clear();
    unsynced_.clear();
  }
  void crash_host() {  // any prefix of what was not synced may be there
    if (!unsynced_.empty()) synced_ += unsynced_.substr(0, rng_.range(0, unsynced_.size()));
    unsynced_.clear();
  }
  // Anywhere but in the length of the last record: harmed there, it looks like a write that was cut (record_codec.h).
  bool flip() {
    constexpr std::size_t kLengthAt = 4, kLengthBytes = 4;
    if (synced_.empty()) return false;
    const std::size_t at = rng_.range(0, synced_.size() - 1), last = synced_.rfind("PJR");
    if (last != std::string::npos && at >= last + kLengthAt && at < last + kLengthAt + kLengthBytes) return false;
    char& byte = synced_[at];
    byte = static_cast<char>(byte ^ (1 << rng_.range(0, 7)));
    return true;
  }
  void fail_next_sync() { fail_next_sync_ = true; }
  void set_full(bool full) { full_ = full; }
  std::function<void()> on_failed_sync;
  bool lies = false;  // says "synced" and is not: planted

 private:
  Rng& rng_;
  std::string synced_, unsynced_;
  bool full_ = false, fail_next_sync_ = false;
};

class SimBundles final : public agent::BundleStore {
 public:
  bool contains(const Digest& digest) override { return bundles_.contains(digest); }
  Result<void> put(const Digest& digest, std::string_view bytes) override {
    if (digest_of(bytes) != digest) return fail(Code::corrupt, "another digest");
    bundles_[digest] = bytes;
    return {};
  }
  Result<std::string> get(const Digest& digest) override {
    const auto found = bundles_.find(digest);
    if (found == bundles_.end()) return fail(Code::not_found, "no such bundle");
    return found->second;
  }
  void clear() { bundles_.clear(); }

 private:
  std::map<Digest, std::string> bundles_;
};

}  // namespace prov::sim
