#include "coordinator/api/ws_feed/output_follow.h"

#include "coordinator/projection/feed_frames.h"

namespace prov::api {
namespace {

constexpr std::size_t kReadBytes = 256 << 10;

bool concerns(const domain::Event& event, const Id& task) {
  return event.meta.aggregate_kind == domain::AggregateKind::task && event.meta.aggregate_id == task.view();
}

std::shared_ptr<const std::string> shared(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

}  // namespace

void OutputFollow::on_open(Channel& channel) {
  channel_ = &channel;
  reach_.hub.subscribe(this);  // before the state is asked, so that no change falls between
  ask();
}

void OutputFollow::on_closed() {
  reach_.hub.unsubscribe(this);
  channel_ = nullptr;
}

void OutputFollow::on_events(const std::vector<EventPtr>& news) {
  for (const EventPtr& event : news) {
    if (concerns(*event, task_)) return ask();
  }
}

void OutputFollow::on_output(const Id& task, const OutputNews&) {
  if (task != task_) return;
  more_ = true;
  pump();
}

void OutputFollow::ask() {
  if (asking_) {
    ask_again_ = true;
    return;
  }
  asking_ = true;
  reach_.owner.post([weak = weak_from_this(), reach = reach_, task = task_, workspace = workspace_] {
    const std::optional<TaskNow> now = task_in(reach.backend.state(), task, workspace);
    reach.backend.when_durable([weak, &io = reach.io, now] {
      if (weak.expired()) return;
      io.post([weak, now] {
        if (const auto self = weak.lock()) self->take(now);
      });
    });
  });
}

void OutputFollow::ask_history() {
  asking_ = history_asked_ = true;
  reach_.reader.post([weak = weak_from_this(), reach = reach_, task = task_, workspace = workspace_] {
    if (weak.expired()) return;
    const auto past = reach.history.one(workflow_id(task));
    std::optional<TaskNow> now;
    if (past && *past != nullptr) now = task_in(**past, task, workspace);
    reach.io.post([weak, now, why = past ? std::string() : past.error().message] {
      const auto self = weak.lock();
      if (self == nullptr) return;
      why.empty() ? self->take(now) : self->give_up(why);
    });
  });
}

std::optional<OutputFollow::TaskNow> OutputFollow::task_in(const domain::State& state, const Id& task,
                                                           const std::string& workspace) {
  const auto* workflow = domain::find_workflow(state, task);
  const auto* found = domain::find_task(state, task);
  if (found == nullptr || (!workspace.empty() && workspace != workflow->workspace)) return std::nullopt;
  return TaskNow{found->attempt, found->status == domain::TaskStatus::ended, found->outcome, found->exit_code};
}

void OutputFollow::give_up(const std::string& why) {
  if (channel_ != nullptr) channel_->close(kCloseInternal, why);
}

void OutputFollow::take(std::optional<TaskNow> now) {
  asking_ = false;
  if (channel_ == nullptr) return;
  // Its workflow may have left the working set as it ended: what was known of it last is then too old.
  if (!now && !(now_ && now_->ended) && !history_asked_) return ask_history();
  if (!now && !now_) return channel_->close(kClosePolicy, "there is no such task");
  if (!now_) attempt_ = now->attempt;  // it begins with the last attempt there is, and misses none after that
  if (now) now_ = now;                 // gone from the working set since: what was known last holds
  more_ = true;
  if (std::exchange(ask_again_, false)) ask();
  pump();
}

void OutputFollow::pump() {
  if (channel_ == nullptr || !now_ || reading_ || !more_ || channel_->queued_bytes() >= kPauseBytes) return;
  if (attempt_ == 0) return after_last();
  reading_ = true;
  more_ = false;  // news from here on may be beyond what this read sees
  reach_.reader.post([weak = weak_from_this(), reach = reach_, task = task_, attempt = attempt_, offset = offset_] {
    if (weak.expired()) return;
    auto bytes = std::make_shared<Result<std::string>>(reach.archive.output(task, attempt, offset, kReadBytes));
    reach.io.post([weak, bytes] {
      if (const auto self = weak.lock()) self->take_bytes(std::move(*bytes));
    });
  });
}

void OutputFollow::take_bytes(Result<std::string> bytes) {
  reading_ = false;
  if (channel_ == nullptr) return;
  if (!bytes) return channel_->close(kCloseInternal, bytes.error().message);
  if (!bytes->empty()) {
    offset_ += bytes->size();
    more_ = true;
    channel_->send_binary(std::move(*bytes));
  } else if (!more_) {
    return after_last();
  }
  pump();
}

void OutputFollow::after_last() {
  if (attempt_ < now_->attempt) {
    if (attempt_ > 0) {
      channel_->send_text(shared(projection::attempt_frame(attempt_ + 1)));
      offset_ = 0;
    }
    ++attempt_;
    more_ = true;
    return pump();
  }
  if (!now_->ended || asking_) return;
  channel_->send_text(shared(projection::output_end_frame(name_of(now_->outcome), now_->exit_code)));
  channel_->close(kCloseNormal, "");
}

}  // namespace prov::api
