#include "coordinator/main/index_filler.h"

#include "common/this_thread.h"
#include "coordinator/event_log/workflow_index.h"

namespace prov::coordinator {

IndexFiller::IndexFiller(RecordLog& log, event_log::LogWriter& writer, Executor& owner, Note note)
    : log_(log), writer_(writer), owner_(owner), note_(std::move(note)) {}

IndexFiller::~IndexFiller() {
  if (thread_.joinable()) thread_.join();
}

void IndexFiller::start() {
  to_ = writer_.index_missing_to();
  if (to_ == 0) return;
  const auto indexed = event_log::indexed_commit(log_);
  if (!indexed) return note_("the index of past workflows is not made: " + indexed.error().message);
  note_("the index of past workflows is made for commits " + std::to_string(*indexed + 1) + " to " +
        std::to_string(to_) + "; history is not available until then");
  step(*indexed + 1);
}

void IndexFiller::step(std::uint64_t from) {
  if (thread_.joinable()) thread_.join();  // it has posted its last word already
  thread_ = std::thread([this, from] {
    this_thread::set_name("index-filler");
    this_thread::work_in_background();
    auto piece = event_log::index_commits(log_, from, to_);
    owner_.post([this, piece = std::move(piece)]() mutable {
      if (!piece) return note_("the index of past workflows is not complete: " + piece.error().message);
      for (const std::uint64_t commit : piece->damaged) {
        note_("commit " + std::to_string(commit) + " cannot be read, so its workflows are not in the index");
      }
      for (SideRecord& record : piece->records) writer_.write_side(std::move(record));
      writer_.write_side(event_log::indexed_mark(piece->next - 1));
      if (piece->next > to_) {
        writer_.index_filled();
        return note_("the index of past workflows is complete");
      }
      writer_.flush();
      writer_.when_durable([this, next = piece->next] { step(next); });
    });
  });
}

}  // namespace prov::coordinator
