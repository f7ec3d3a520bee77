#include "coordinator/main/snapshotter.h"

#include "common/failpoint/failpoint.h"
#include "common/this_thread.h"
#include "coordinator/event_log/snapshots.h"

namespace prov::coordinator {

namespace {
constexpr std::uint64_t kSnapshotLookMs = 10'000;
constexpr std::size_t kPieceBytes = 4 << 20;

std::size_t bytes_of(const SideRecord& record) { return record.key.size() + record.value.size(); }
}  // namespace

Snapshotter::Snapshotter(RecordLog& log, event_log::LogWriter& writer, Timers& timers, Executor& owner,
                         std::uint64_t every_events, std::uint64_t last_sequence, HasRoom has_room, Note note)
    : log_(log),
      writer_(writer),
      timers_(timers),
      owner_(owner),
      every_events_(every_events),
      last_sequence_(last_sequence),
      has_room_(std::move(has_room)),
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
      if (!records) return give_up(records.error().message);
      std::size_t bytes = 0;
      for (const SideRecord& record : *records) bytes += bytes_of(record);
      if (!has_room_(bytes)) {
        return give_up("the disk of the log has too little room for its " + std::to_string(bytes >> 20) + " MiB");
      }
      PROV_FAIL_HERE("snapshot_before");
      write(std::make_shared<std::vector<SideRecord>>(std::move(*records)), 0);
    });
  });
}

void Snapshotter::give_up(const std::string& why) {
  folding_ = false;
  note_("no snapshot was taken: " + why);
}

// In pieces, each durable before the next is given to the writer: an event would wait for all that it shares a commit
// with. Until its last piece is there a snapshot has not the digest that it carries, and is passed over; older ones are
// erased with that.
void Snapshotter::write(const std::shared_ptr<std::vector<SideRecord>>& records, std::size_t from) {
  std::size_t bytes = 0, to = from;
  for (; to < records->size() && bytes < kPieceBytes; ++to) {
    bytes += bytes_of((*records)[to]);
    writer_.write_side(std::move((*records)[to]));
  }
  writer_.flush();
  if (to < records->size()) return writer_.when_durable([this, records, to] { write(records, to); });
  folding_ = false;
  PROV_FAIL_HERE("snapshot_after");
}

}  // namespace prov::coordinator
