#include "coordinator/event_log/log_writer.h"

#include <algorithm>

#include "coordinator/event_log/commit.h"
#include "coordinator/event_log/workflow_index.h"

namespace prov::event_log {

// What becomes durable together. Sealed when it is offered to the store, which shares it until it is done.
struct LogWriter::Batch {
  explicit Batch(CommitBuilder begun) : commit(std::move(begun)) {}

  CommitBuilder commit;
  WorkflowIndexer indexer;
  std::vector<SideRecord> sides;
  std::size_t side_bytes = 0;
  std::uint64_t end = 0;  // `appended_` after the last thing in it
  bool closed = false;

  std::shared_ptr<LogBatch> sealed;
  LogPosition after;  // where the log ends with it
  std::size_t sealed_bytes = 0;

  std::size_t bytes() const { return commit.bytes() + side_bytes; }
  bool full() const { return commit.count() >= kMaxCommitEvents || bytes() >= kMaxCommitBytes; }
};

LogWriter::LogWriter(RecordLog& log, Executor& executor, Clock& clock, LogPosition position, const SigningKey* key,
                     std::function<void(const Error&)> fatal)
    : log_(log),
      executor_(executor),
      durable_(position),
      key_(key),
      fatal_(std::move(fatal)),
      next_sequence_(position.sequence + 1),
      time_(clock, position.log_time_ms),
      held_(log.last_commit() != position.commit || log.attested_commit() != position.commit),
      alive_(std::make_shared<bool>(true)) {
  PROV_ASSERT(!position.log_id.is_zero());
  const auto indexed = indexed_commit(log_);  // unreadable: as if there were none; who fills it meets the error
  const std::uint64_t to = indexed.value_or(0);
  index_is_ahead_ = to > position.commit;
  index_marks_ = to >= position.commit;
  if (!index_marks_) index_missing_to_ = position.commit;
}

LogWriter::~LogWriter() { *alive_ = false; }

LogWriter::Batch& LogWriter::open_batch() {
  if (waiting_.empty() || waiting_.back()->closed) {
    waiting_.push_back(std::make_unique<Batch>(std::exchange(spare_, CommitBuilder())));
  }
  return *waiting_.back();
}

LogWriter::EventPtr LogWriter::append(domain::Event event) {
  return append(std::make_shared<domain::Event>(std::move(event)));
}

LogWriter::EventPtr LogWriter::append(std::shared_ptr<domain::Event> numbered) {
  domain::Event& event = *numbered;
  event.meta.log_id = durable_.log_id;
  if (event.meta.epoch == 0) event.meta.epoch = epoch_;
  epoch_ = event.meta.epoch;
  event.meta.sequence = next_sequence_++;
  event.meta.log_time_ms = now_ms();
  event.meta.wall_time_ms = time_.wall_ms();
  Batch& batch = open_batch();
  const std::size_t before = batch.bytes();
  batch.commit.add(encoder_, event);
  batch.indexer.add(event);
  waiting_bytes_ += batch.bytes() - before;
  batch.end = ++appended_;
  if (std::holds_alternative<domain::DamageAccepted>(event.body)) held_ = false;
  return numbered;
}

void LogWriter::write_side(SideRecord record) {
  Batch& batch = open_batch();
  const std::size_t bytes = record.key.size() + record.value.size();
  batch.side_bytes += bytes;
  waiting_bytes_ += bytes;
  batch.sides.push_back(std::move(record));
  batch.end = ++appended_;
}

void LogWriter::when_durable(std::function<void()> done) {
  if (appended_ == released_ && gate_.empty() && !running_gate_) return done();
  gate_.emplace_back(appended_, std::move(done));
}

void LogWriter::flush() {
  if (failed_ || groups_ > 0) return;
  if (!waiting_.empty() && waiting_.back()->full()) waiting_.back()->closed = true;
  if (writing_ == nullptr) return start_commit();
  if (!offered_) offer();
}

void LogWriter::on_room(std::function<void(std::size_t bytes)> written, std::function<void()> refused) {
  written_ = std::move(written);
  refused_ = std::move(refused);
}

void LogWriter::start_commit() {
  if (waiting_.empty() || held_) return;
  writing_ = std::move(waiting_.front());
  waiting_.pop_front();
  Batch& batch = *writing_;
  if (auto clean = begin_behind_damage(batch.sides); !clean) return fail_with(clean.error());
  waiting_bytes_ -= batch.bytes() - kCommitHeaderBytes;
  batch.sealed = std::make_shared<LogBatch>();
  batch.sealed->sides = std::move(batch.sides);
  batch.after = durable_;
  if (batch.commit.count() > 0) {
    batch.after.commit = batch.sealed->number = durable_.commit + 1;
    batch.after.sequence = batch.commit.last_sequence();
    batch.after.log_time_ms = batch.commit.log_time_ms();
    batch.sealed->commit = batch.commit.finish(batch.after.commit, durable_.commit_hash, batch.after.commit_hash);
    spare_ = std::move(batch.commit);
  }
  index(batch);
  batch.sealed_bytes = batch.sealed->commit.size();
  for (const SideRecord& side : batch.sealed->sides) batch.sealed_bytes += side.key.size() + side.value.size();
  offer();
}

// The first commit takes the place of what is not to be trusted there.
Result<void> LogWriter::begin_behind_damage(std::vector<SideRecord>& sides) {
  if (released_ > 0) return {};
  if (index_is_ahead_) {
    auto erased = unindex_after(log_, durable_);
    if (!erased) return tl::unexpected(erased.error());
    sides.insert(sides.begin(), std::make_move_iterator(erased->begin()), std::make_move_iterator(erased->end()));
  }
  if (log_.last_commit() <= durable_.commit) return {};
  return log_.set_aside_after(durable_.commit);
}

void LogWriter::index(Batch& batch) {
  const std::uint64_t number = batch.after.commit;
  const bool has_events = batch.sealed->number != 0;
  if (has_events) batch.indexer.put_records(number, batch.sealed->sides);
  if (!index_marks_ || !(has_events || index_mark_due_)) return;
  batch.sealed->sides.push_back(indexed_mark(number));
  index_mark_due_ = false;
}

void LogWriter::index_filled() {
  index_missing_to_ = 0;
  index_marks_ = index_mark_due_ = true;
  open_batch().end = ++appended_;  // its mark is written also when nothing else comes
  flush();
}

void LogWriter::offer() {
  offered_ = true;
  log_.append(writing_->sealed, [this, alive = alive_, &executor = executor_](const Result<void>& result) {
    executor.post([this, alive, result] {
      if (*alive) finish_commit(result);
    });
  });
}

void LogWriter::finish_commit(const Result<void>& result) {
  if (failed_) return;
  offered_ = false;
  if (!result && result.error().code == Code::exhausted) {
    out_of_room_ = true;  // the batch stays where it is, and with it everything behind the gate
    if (refused_) refused_();
    return;
  }
  if (!result) return fail_with(result.error());
  const std::uint64_t checkpoint_sequence = durable_.checkpoint_sequence;
  durable_ = writing_->after;
  durable_.checkpoint_sequence = checkpoint_sequence;
  released_ = writing_->end;
  out_of_room_ = false;
  const std::size_t bytes = writing_->sealed_bytes;
  writing_.reset();
  start_commit();  // the disk works while the gate's work is done
  if (written_) written_(bytes);
  run_gate();
}

void LogWriter::fail_with(const Error& error) {
  failed_ = true;
  fatal_(error);
}

void LogWriter::run_gate() {
  if (running_gate_) return;  // the loop below sees what is released meanwhile
  running_gate_ = true;
  const std::shared_ptr<bool> alive = alive_;
  while (!gate_.empty() && gate_.front().first <= released_) {
    const auto done = std::move(gate_.front().second);
    gate_.pop_front();
    done();
    if (!*alive) return;
  }
  running_gate_ = false;
}

LogWriter::EventPtr LogWriter::checkpoint_now() {
  // A checkpoint's own event is no reason for another one.
  const bool only_itself = checkpoint_event_ == durable_.checkpoint_sequence + 1;
  if (key_ == nullptr || durable_.sequence <= durable_.checkpoint_sequence + (only_itself ? 1 : 0)) return nullptr;
  domain::Event event;
  event.meta.principal = domain::Shared(domain::Principal{"system", "", domain::Transport::internal});
  event.body = sign_checkpoint(*key_, durable_.log_id, durable_.commit, durable_.sequence, durable_.commit_hash);
  durable_.checkpoint_sequence = durable_.sequence;
  auto numbered = append(std::move(event));
  checkpoint_event_ = numbered->meta.sequence;
  return numbered;
}

}  // namespace prov::event_log
