#pragma once
// A log whose oldest commits lie in segments beside its store: who reads it sees one log. Writing goes to the store.
//
//   <archive folder>/<log id>/<first>-<last>.segment    see segment.h
//
// Any thread, as RecordLog says; the archiver adds segments while others read.
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/ports/record_log.h"
#include "common/result.h"
#include "coordinator/event_log/log_position.h"

namespace prov::event_log {

class ArchivedLog final : public RecordLog {
 public:
  // Takes what the folders hold of this log; a folder that is not there holds nothing. `folders` may also name the
  // folder <log id> itself. Code::io: one cannot be read. `store` outlives this.
  static Result<std::unique_ptr<ArchivedLog>> open(RecordLog& store, const std::vector<std::string>& folders);

  // The segment is read from now on where the store does not hold its commits any more. REQUIRES: it was verified.
  void add(std::uint64_t first_commit, std::uint64_t last_commit, const std::string& path);
  std::map<std::uint64_t, std::string> paths() const;  // of all segments, by their first commit

  // 0: every commit is in a segment or in the store. Else the one from which on nothing is missing.
  std::uint64_t missing_before();

  void append(std::shared_ptr<const LogBatch> batch, Done done) override { store_.append(std::move(batch), done); }
  std::uint64_t last_commit() override { return store_.last_commit(); }
  std::uint64_t attested_commit() override { return store_.attested_commit(); }
  std::uint64_t first_commit() override;
  // Code::unsupported where commits of a segment would have to be: they never change.
  Result<void> set_aside_after(std::uint64_t commit) override;
  Result<void> drop_before(std::uint64_t commit) override { return store_.drop_before(commit); }
  Result<void> read(std::uint64_t from, const CommitVisitor& visit) override;
  Result<std::optional<std::string>> get(std::string_view key) override { return store_.get(key); }
  Result<void> scan(std::string_view prefix, const SideVisitor& visit) override { return store_.scan(prefix, visit); }
  Result<void> scan_from(std::string_view prefix, std::string_view first, const SideVisitor& visit) override {
    return store_.scan_from(prefix, first, visit);
  }

 private:
  struct Segment {
    std::uint64_t first = 0, last = 0;
    std::string path;
  };
  explicit ArchivedLog(RecordLog& store) : store_(store) {}
  Result<void> take_folder(const std::string& folder);
  std::optional<Segment> segment_from(std::uint64_t commit) const;  // that holds it, or the next one there is

  RecordLog& store_;
  mutable std::mutex mutex_;                   // guards segments_
  std::map<std::uint64_t, Segment> segments_;  // by their last commit
};

// The log's id, from its first commit; zero: it is empty.
Result<Id> log_id_of(RecordLog& log);

// Where that begins from which on nothing is missing: the place to read from. Zero: the first event is there.
Result<LogPosition> beginning_of(ArchivedLog& log);

}  // namespace prov::event_log
