#include "coordinator/api/ws_feed/feed_client.h"

namespace prov::api {

void FeedClient::on_open(Channel& channel) {
  channel_ = &channel;
  hub_.subscribe(this);  // before the head is looked at
  next_ = (wish_.from ? *wish_.from : hub_.head()) + 1;
  pump();
}

void FeedClient::on_closed() {
  hub_.unsubscribe(this);
  channel_ = nullptr;
}

void FeedClient::on_events(const std::vector<EventPtr>&) { pump(); }

void FeedClient::on_drained() {
  if (channel_ == nullptr) return;
  pump();
  send_tails();
}

void FeedClient::on_ping_due() {
  if (channel_ == nullptr) return;
  pump();
  const bool idle = channel_->queued_bytes() < kPauseBytes;  // who does not read needs no pings on top
  if (idle) channel_->send_text(std::make_shared<const std::string>(projection::ping_frame(next_ - 1)));
}

void FeedClient::pump() {
  while (channel_ != nullptr && !reading_ && next_ <= hub_.head() && channel_->queued_bytes() < kPauseBytes) {
    const domain::Event* event = hub_.recent(next_);
    if (event == nullptr && hub_.coming(next_)) return;  // on_events() follows
    if (event == nullptr) return read_page();
    if (projection::passes(wish_.filter, event->meta)) channel_->send_text(hub_.recent_frame(next_));
    ++next_;
  }
}

void FeedClient::read_page() {
  reading_ = true;
  reader_.post(
      [weak = weak_from_this(), &archive = archive_, &io = io_, from = next_, to = hub_.head(), filter = wish_.filter] {
        if (weak.expired()) return;
        auto page = std::make_shared<Result<FeedPage>>(archive.feed_page(from, to, filter));
        io.post([weak, page] {
          if (const auto self = weak.lock()) self->take_page(std::move(*page));
        });
      });
}

void FeedClient::take_page(Result<FeedPage> page) {
  reading_ = false;
  if (channel_ == nullptr) return;
  if (!page) return channel_->close(kCloseInternal, page.error().message);
  if (page->next <= next_) return channel_->close(kCloseInternal, "the log ends before what was announced");
  for (std::string& frame : page->frames) {
    channel_->send_text(std::make_shared<const std::string>(std::move(frame)));
  }
  next_ = page->next;
  pump();
}

void FeedClient::on_output(const Id& task, const OutputNews& news) {
  if (!wish_.output_tail || channel_ == nullptr) return;
  if (wish_.filter.workflow && workflow_id(task) != *wish_.filter.workflow) return;
  if (tails_.size() >= kMaxTails && !tails_.contains(task)) return;
  tails_[task] = news;
  send_tails();
}

void FeedClient::send_tails() {
  if (channel_ == nullptr || channel_->queued_bytes() > 0) return;  // events go first
  for (const auto& [task, news] : std::exchange(tails_, {})) {
    channel_->send_text(
        std::make_shared<const std::string>(projection::output_frame(task, news.attempt, news.offset, news.data)));
  }
}

}  // namespace prov::api
