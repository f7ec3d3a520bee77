#pragma once
// Passes everything on: what a test derives from to stand between a reader and its store.
#include "common/ports/record_log.h"

namespace prov::test {

class ForwardingLog : public RecordLog {
 public:
  explicit ForwardingLog(RecordLog& log) : log_(log) {}

  void append(std::shared_ptr<const LogBatch> batch, Done done) override {
    log_.append(std::move(batch), std::move(done));
  }
  std::uint64_t first_commit() override { return log_.first_commit(); }
  std::uint64_t last_commit() override { return log_.last_commit(); }
  std::uint64_t attested_commit() override { return log_.attested_commit(); }
  Result<void> set_aside_after(std::uint64_t commit) override { return log_.set_aside_after(commit); }
  Result<void> drop_before(std::uint64_t commit) override { return log_.drop_before(commit); }
  Result<void> read(std::uint64_t from, const CommitVisitor& visit) override { return log_.read(from, visit); }
  Result<std::optional<std::string>> get(std::string_view key) override { return log_.get(key); }
  Result<void> scan(std::string_view prefix, const SideVisitor& visit) override { return log_.scan(prefix, visit); }
  Result<void> scan_from(std::string_view prefix, std::string_view first, const SideVisitor& visit) override {
    return log_.scan_from(prefix, first, visit);
  }

 private:
  RecordLog& log_;
};

}  // namespace prov::test
