#pragma once
// A planted fault: says "durable" at once and writes afterwards, so that a crash loses what was acknowledged.
#include <deque>
#include <utility>

#include "common/ports/record_log.h"

namespace prov::sim {

class EarlyAckLog final : public RecordLog {
 public:
  explicit EarlyAckLog(RecordLog& log) : log_(log) {}

  void append(std::shared_ptr<const LogBatch> batch, Done done) override {
    if (batch->number != 0) said_ = batch->number;
    waiting_.push_back(std::move(batch));
    if (waiting_.size() == 1) write();
    done({});
  }
  std::uint64_t last_commit() override { return said_ != 0 ? said_ : log_.last_commit(); }
  std::uint64_t first_commit() override { return log_.first_commit(); }
  std::uint64_t attested_commit() override { return said_ != 0 ? said_ : log_.attested_commit(); }
  Result<void> set_aside_after(std::uint64_t commit) override { return log_.set_aside_after(commit); }
  Result<void> drop_before(std::uint64_t commit) override { return log_.drop_before(commit); }
  Result<void> read(std::uint64_t from, const CommitVisitor& visit) override { return log_.read(from, visit); }
  Result<std::optional<std::string>> get(std::string_view key) override { return log_.get(key); }
  Result<void> scan(std::string_view prefix, const SideVisitor& visit) override { return log_.scan(prefix, visit); }
  Result<void> scan_from(std::string_view prefix, std::string_view first, const SideVisitor& visit) override {
    return log_.scan_from(prefix, first, visit);
  }

 private:
  void write() {
    log_.append(waiting_.front(), [this](const Result<void>&) {
      waiting_.pop_front();
      if (!waiting_.empty()) write();
    });
  }
  RecordLog& log_;
  std::deque<std::shared_ptr<const LogBatch>> waiting_;
  std::uint64_t said_ = 0;
};

}  // namespace prov::sim
