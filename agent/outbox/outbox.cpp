#include "agent/outbox/outbox.h"

#include <algorithm>
#include <utility>

#include "common/failpoint/failpoint.h"
#include "common/hash.h"

namespace prov::agent {
namespace {

constexpr std::size_t kMaxFramesInFlight = 8;
constexpr std::size_t kMaxFramePayload = 512 << 10;
constexpr std::size_t kReportOverhead = 128;
constexpr std::size_t kVariableOverhead = 32;
constexpr TimeMs kFirstResendMs = 2'000;
constexpr TimeMs kLastResendMs = 30'000;

}  // namespace

// Ids start anywhere: an acknowledgement meant for the agent's life before a restart must not fit a frame of this one.
Outbox::Outbox(Clock& clock, Timers& timers, Random& random, Hooks hooks)
    : clock_(clock), random_(random), hooks_(std::move(hooks)), alarm_(timers), next_frame_(random.below(1ULL << 62)) {}

Outbox::Stream& Outbox::stream(const StepId& step) {
  Stream& out = streams_[step];
  if (!out.in_flight && !std::exchange(out.queued, true)) ready_.push_back(step);
  return out;
}

void Outbox::about(const StepId& step, std::uint64_t sequence) { streams_[step].sequence = sequence; }

void Outbox::accepted(const StepId& step, TimeMs agent_time_ms) { stream(step).accepted_ms = agent_time_ms; }

void Outbox::started(const StepId& step, TimeMs agent_time_ms) { stream(step).started_ms = agent_time_ms; }

void Outbox::output(const StepId& step, std::uint64_t bytes) {
  Stream& to = stream(step);
  to.available = std::max(to.available, bytes);
}

void Outbox::ended(const StepId& step, TimeMs agent_time_ms, wire::Ended end) {
  Stream& to = stream(step);
  to.available = std::max(to.available, end.output_bytes);
  to.ended_ms = agent_time_ms;
  to.end = std::move(end);
}

void Outbox::drop(const StepId& step) {
  const auto found = streams_.find(step);
  if (found == streams_.end()) return;
  const bool in_flight = found->second.in_flight;
  if (found->second.queued) std::erase(ready_, step);
  streams_.erase(found);
  if (in_flight) take_back(step);
}

void Outbox::rewind(const StepId& step, std::uint64_t offset) {
  const auto found = streams_.find(step);
  if (found == streams_.end() || found->second.acknowledged <= offset) return;
  found->second.acknowledged = offset;
  if (std::exchange(found->second.in_flight, false)) take_back(step);  // it lacks that output
  stream(step);
  flush();
}

void Outbox::resume(const StepId& step, std::uint64_t offset) { stream(step).acknowledged = offset; }

// Out of the frames that are under way.
void Outbox::take_back(const StepId& step) {
  for (auto it = frames_.begin(); it != frames_.end();) {
    Frame& frame = it->second;
    std::erase_if(frame.items, [&](const Item& item) { return item.step == step; });
    std::erase(frame.steps, step);
    it = frame.items.empty() ? frames_.erase(it) : std::next(it);
  }
}

void Outbox::open() {
  open_ = true;
  for (auto& [id, frame] : frames_) {
    frame.sendings = 0;
    send(frame);
  }
  flush();
}

void Outbox::close() {
  open_ = false;
  alarm_.stop();
}

void Outbox::flush() {
  if (!open_) return;
  while (!ready_.empty() && frames_.size() < kMaxFramesInFlight) {
    Frame frame;
    if (!pack(frame)) continue;
    frame.id = next_frame_++;
    Frame& kept = frames_.emplace(frame.id, std::move(frame)).first->second;
    send(kept);
  }
  arm();
}

bool Outbox::pack(Frame& frame) {
  std::size_t bytes = 0;
  while (!ready_.empty()) {
    const StepId step = ready_.front();
    Stream& from = streams_.at(step);
    const std::size_t before = frame.items.size();
    pack_stream(step, from, frame, bytes);
    const bool told = frame.items.size() > before;
    if (!told && from.has_news()) break;  // the frame is full: it goes first in the next one
    ready_.pop_front();
    from.queued = false;
    from.in_flight = told;
    if (told) frame.steps.push_back(step);
  }
  return !frame.items.empty();
}

void Outbox::pack_stream(const StepId& step, Stream& from, Frame& frame, std::size_t& bytes) {
  using Kind = Item::Kind;
  const auto room = [&](std::size_t size) {
    return frame.items.size() < wire::kMaxReportsInFrame && bytes + size + kReportOverhead <= kMaxFramePayload;
  };
  const auto add = [&](TimeMs time_ms, Kind kind, std::uint64_t offset, std::size_t size) {
    frame.items.push_back({step, time_ms, kind, offset, size});
    bytes += size + kReportOverhead;
  };
  if (from.accepted_ms && !from.started_ms) {
    if (!room(0)) return;
    add(*from.accepted_ms, Kind::accepted, 0, 0);
  }
  if (from.started_ms) {
    if (!room(0)) return;
    add(*from.started_ms, Kind::started, 0, 0);
  }
  for (std::uint64_t at = from.acknowledged; at < from.available;) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(from.available - at, wire::kMaxOutputChunk));
    if (!room(size)) return;
    add(clock_.wall_ms(), Kind::output, at, size);
    at += size;
  }
  if (!from.end) return;
  std::size_t size = from.end->message.size();
  for (const wire::Variable& each : from.end->outputs) size += kVariableOverhead + each.name.size() + each.value.size();
  if (room(size)) add(from.ended_ms, Kind::ended, 0, size);
}

void Outbox::send(Frame& frame) {
  wire::Reports out;
  out.frame_id = frame.id;
  out.reports.reserve(frame.items.size());
  for (const Item& item : frame.items) report_item(item, out);
  const TimeMs delay = std::min(kFirstResendMs << std::min(frame.sendings, 8U), kLastResendMs);
  ++frame.sendings;
  frame.due_ms = clock_.monotonic_ms() + delay + random_.below(delay / 2);
  PROV_FAIL_HERE("report_before");
  hooks_.send(out);
  PROV_FAIL_HERE("report_after");
}

void Outbox::report_item(const Item& item, wire::Reports& out) {
  const Stream& from = streams_.at(item.step);
  wire::Report report{item.step.task, item.step.attempt, item.agent_time_ms, wire::Accepted{}, from.sequence};
  switch (item.kind) {
    case Item::Kind::accepted: break;
    case Item::Kind::started: report.what = wire::Started{}; break;
    case Item::Kind::output: {
      auto data = hooks_.read_output(item.step, item.offset, item.size);
      // Output that the host has lost is left out; the end then says so.
      if (!data || data->empty()) return;
      report.what = wire::Output{item.offset, std::move(*data)};
      break;
    }
    case Item::Kind::ended: report.what = end_of(item.step, from); break;
  }
  out.reports.push_back(std::move(report));
}

// The coordinator takes an end only with all of its output. So when the host does not have that any more (it goes when
// the end is acknowledged, or with a disk), the end promises none: otherwise it would be sent for ever, and what shares
// its frame with it.
wire::Ended Outbox::end_of(const StepId& step, const Stream& from) {
  wire::Ended end = *from.end;
  if (end.output_bytes <= from.acknowledged) return end;
  const auto last = hooks_.read_output(step, end.output_bytes - 1, 1);
  const bool lost = last ? last->empty() : last.error().code == Code::not_found;
  if (!lost) return end;
  end.output_bytes = 0;
  end.output_digest = digest_of("");
  if (!end.message.empty()) end.message += "; ";
  end.message += kOutputGone;
  return end;
}

void Outbox::acknowledge(std::uint64_t frame_id) {
  const auto it = frames_.find(frame_id);
  if (it == frames_.end()) return;  // a repeated one, or from before a restart
  const Frame frame = std::move(it->second);
  frames_.erase(it);
  for (const Item& item : frame.items) settle_item(item);
  for (const StepId& step : frame.steps) streams_.at(step).in_flight = false;
  for (const Item& item : frame.items) {
    if (item.kind != Item::Kind::ended) continue;
    drop(item.step);
    hooks_.end_acknowledged(item.step);
  }
  for (const StepId& step : frame.steps) {
    const auto rest = streams_.find(step);
    if (rest != streams_.end() && rest->second.has_news()) stream(step);
  }
  flush();
}

void Outbox::settle_item(const Item& item) {
  Stream& to = streams_.at(item.step);
  switch (item.kind) {
    case Item::Kind::accepted: to.accepted_ms.reset(); break;
    case Item::Kind::started:
      to.accepted_ms.reset();
      to.started_ms.reset();
      break;
    case Item::Kind::output: to.acknowledged = std::max(to.acknowledged, item.offset + item.size); break;
    case Item::Kind::ended: break;
  }
}

void Outbox::resend_due() {
  const TimeMs now = clock_.monotonic_ms();
  for (auto& [id, frame] : frames_) {
    if (frame.due_ms <= now) send(frame);
  }
  flush();
}

void Outbox::arm() {
  if (!open_ || frames_.empty()) {
    alarm_.stop();
    return;
  }
  TimeMs first = frames_.begin()->second.due_ms;
  for (const auto& [id, frame] : frames_) first = std::min(first, frame.due_ms);
  const TimeMs now = clock_.monotonic_ms();
  alarm_.set(first > now ? first - now : 0, [this] { resend_due(); });
}

std::uint64_t Outbox::output_acknowledged(const StepId& step) const {
  const auto it = streams_.find(step);
  return it == streams_.end() ? 0 : it->second.acknowledged;
}

}  // namespace prov::agent
