#include "coordinator/main/snapshotter.h"

#include "common/failpoint/failpoint.h"
#include "common/this_thread.h"
#include "coordinator/event_log/snapshots.h"

namespace prov::coordinator {

namespace {
constexpr std::uint64_t kSnapshotLookMs = 10'000;
}

Snapshotter::Snapshotter(RecordLog& log, event_log::LogWriter& writer, Timers& timers, Executor& owner,
                         std::uint64_t every_events, std::uint64_t last_sequence, Note note)
    : log_(log),
      writer_(writer),
      timers_(timers),
      owner_(owner),
      every_events_(every_events),
      last_sequence_(last_sequence),
      note_(std::move(note)) {
  timer_ = timers_.after(kSnapshotLookMs, [this] { look(); });
}

Snapshotter::~Snapshotter() {
  timers_.cancel(timer_);
  if (thread_.joinable()) thread_.join();
}

void Snapshotter::look() {
  timer_ = timers_.after(kSnapshotLookMs, [this] { look(); });
  if (folding_ || writer_.durable().sequence < last_sequence_ + every_events_) return;
  fold();
}

void Snapshotter::fold() {
  folding_ = true;
  last_sequence_ = writer_.durable().sequence;
  if (thread_.joinable()) thread_.join();  // it has posted its last word already
  thread_ = std::thread([this] {
    this_thread::set_name("snapshotter");
    this_thread::work_in_background();
    auto records = event_log::fold_snapshot(log_);
    owner_.post([this, records = std::move(records)]() mutable {
      folding_ = false;
      if (!records) return note_("no snapshot was taken: " + records.error().message);
      PROV_FAIL_HERE("snapshot_before");
      for (SideRecord& record : *records) writer_.write_side(std::move(record));
      writer_.flush();
      PROV_FAIL_HERE("snapshot_after");
    });
  });
}

}  // namespace prov::coordinator
