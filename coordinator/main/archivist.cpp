#include "coordinator/main/archivist.h"

#include "common/this_thread.h"

namespace prov::coordinator {

namespace {
constexpr std::uint64_t kArchiveLookMs = 10'000;
}

Archivist::Archivist(event_log::Archiver archiver, event_log::LogWriter& writer, Timers& timers, Executor& owner,
                     Note note)
    : archiver_(std::move(archiver)), writer_(writer), timers_(timers), owner_(owner), note_(std::move(note)) {}

Archivist::~Archivist() {
  timers_.cancel(timer_);
  if (thread_.joinable()) thread_.join();
}

void Archivist::start() {
  timer_ = timers_.after(kArchiveLookMs, [this] { look(); });
}

void Archivist::look() {
  timer_ = 0;
  if (thread_.joinable()) thread_.join();  // it has posted its last word already
  thread_ = std::thread([this, now_ms = writer_.now_ms()] {
    this_thread::set_name("archivist");
    this_thread::work_in_background();
    auto moved = archiver_.step(now_ms);
    owner_.post([this, moved = std::move(moved)] { done(moved); });
  });
}

void Archivist::done(const Result<std::optional<event_log::SegmentHeader>>& moved) {
  if (!moved) {
    const std::string why = moved.error().message + (moved.error().hint.empty() ? "" : "; " + moved.error().hint);
    if (why != told_) note_("nothing is moved to the archive: " + why);
    told_ = why;
    return start();
  }
  told_.clear();
  if (!*moved) return start();
  note_("commits " + std::to_string((*moved)->first_commit) + " to " + std::to_string((*moved)->last_commit) +
        " are in the archive now");
  look();  // there may be more
}

}  // namespace prov::coordinator
