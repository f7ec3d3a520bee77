#include "coordinator/api/ws_feed/feed_hub.h"

#include <algorithm>
#include <iterator>

#include "common/result.h"
#include "coordinator/projection/feed_frames.h"

namespace prov::api {

// The head is raised before anybody is looked for, and a subscriber is counted before it looks at the head: so either
// this event reaches the subscriber, or the subscriber sees that it has to read it.
void FeedHub::publish(std::vector<EventPtr>&& events) {
  PROV_ASSERT(!events.empty());
  const std::lock_guard lock(mutex_);  // so that coming() never sees the head without the event
  head_ = events.back()->meta.sequence;
  if (listening_ == 0) return;
  if (pending_.size() >= kPendingEvents) pending_.clear();  // the io thread is far behind: it will read the log
  if (pending_.empty())
    pending_.swap(events);
  else
    pending_.insert(pending_.end(), std::make_move_iterator(events.begin()), std::make_move_iterator(events.end()));
  schedule();
}

void FeedHub::publish_output(const Id& task, std::uint32_t attempt, std::uint64_t offset, std::string_view data) {
  if (listening_ == 0) return;
  const std::size_t cut = data.size() - std::min(data.size(), kNewsBytes);
  const std::lock_guard lock(mutex_);
  if (pending_output_.size() >= kPendingTasks && !pending_output_.contains(task)) return;
  pending_output_[task] = {attempt, offset + cut, std::string(data.substr(cut))};
  schedule();
}

void FeedHub::schedule() {
  if (std::exchange(scheduled_, true)) return;
  io_.post([this, alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) deliver();
  });
}

void FeedHub::deliver() {
  std::vector<EventPtr> news;
  std::map<Id, OutputNews> output;
  {
    const std::lock_guard lock(mutex_);
    scheduled_ = false;
    news.swap(pending_);
    output.swap(pending_output_);
  }
  keep(news);
  const std::vector<FeedListener*> now(listeners_.begin(), listeners_.end());
  for (FeedListener* listener : now) {
    if (!news.empty() && listeners_.contains(listener)) listener->on_events(news);
    for (const auto& [task, one] : output) {
      if (listeners_.contains(listener)) listener->on_output(task, one);
    }
  }
  // Only now: a group of commits brings more news at once than is kept, and whoever could take them had his turn.
  while (recent_.size() > kRecentEvents) recent_.pop_front();
}

void FeedHub::keep(const std::vector<EventPtr>& news) {
  for (const EventPtr& event : news) {
    const bool follows = recent_.empty() || event->meta.sequence == recent_.back().event->meta.sequence + 1;
    if (!follows) recent_.clear();
    recent_.push_back({event, nullptr});
  }
  if (listeners_.empty()) recent_.clear();
}

void FeedHub::subscribe(FeedListener* listener) {
  listeners_.insert(listener);
  listening_ = listeners_.size();
}

void FeedHub::unsubscribe(FeedListener* listener) {
  listeners_.erase(listener);
  listening_ = listeners_.size();
  if (listeners_.empty()) recent_.clear();
}

const domain::Event* FeedHub::recent(std::uint64_t sequence) const {
  if (recent_.empty() || sequence < recent_.front().event->meta.sequence) return nullptr;
  const std::uint64_t at = sequence - recent_.front().event->meta.sequence;
  return at < recent_.size() ? recent_[at].event.get() : nullptr;
}

bool FeedHub::coming(std::uint64_t sequence) {
  const std::lock_guard lock(mutex_);
  return !pending_.empty() && pending_.front()->meta.sequence <= sequence;
}

std::shared_ptr<const std::string> FeedHub::recent_frame(std::uint64_t sequence) {
  PROV_ASSERT(recent(sequence) != nullptr);
  Recent& one = recent_[sequence - recent_.front().event->meta.sequence];
  if (one.frame == nullptr) {
    one.frame = std::make_shared<const std::string>(projection::event_frame(sequence, event_json_(*one.event)));
  }
  return one.frame;
}

}  // namespace prov::api
