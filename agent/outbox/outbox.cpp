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

// Of the output from `at` to `past`, what one report has.
std::size_t chunk_at(std::uint64_t at, std::uint64_t past) {
  return static_cast<std::size_t>(std::min<std::uint64_t>(past - at, wire::kMaxOutputChunk));
}

}  // namespace

// Ids start anywhere: an acknowledgement meant for the agent's life before a restart must not fit a frame of this one.
Outbox::Outbox(Clock& clock, Timers& timers, Random& random, Hooks hooks)
    : clock_(clock), random_(random), hooks_(std::move(hooks)), alarm_(timers), next_frame_(random.below(1ULL << 62)) {}

void Outbox::queue(Stream& stream) {
  if (!stream.in_flight && !std::exchange(stream.queued, true)) ready_.push_back(&stream);
}

Outbox::Stream& Outbox::stream(const StepId& step, std::uint64_t sequence_if_new) {
  const auto [at, fresh] = streams_.try_emplace(step);
  if (!fresh) return at->second;
  at->second.step = step;
  at->second.sequence = sequence_if_new;
  return at->second;
}

Outbox::Telling Outbox::about(const StepId& step, std::uint64_t sequence) {
  Stream& to = stream(step, sequence);
  to.sequence = sequence;
  queue(to);
  return Telling(to);
}

void Outbox::output(const StepId& step, std::uint64_t sequence, std::uint64_t bytes) {
  Stream& to = stream(step, sequence);
  queue(to);
  Telling(to).output(bytes);
}

Outbox::Telling& Outbox::Telling::accepted(TimeMs agent_time_ms) {
  stream_.accepted_ms = agent_time_ms;
  return *this;
}

Outbox::Telling& Outbox::Telling::started(TimeMs agent_time_ms) {
  stream_.started_ms = agent_time_ms;
  return *this;
}

Outbox::Telling& Outbox::Telling::output(std::uint64_t bytes) {
  stream_.available = std::max(stream_.available, bytes);
  return *this;
}

Outbox::Telling& Outbox::Telling::ended(TimeMs agent_time_ms, wire::Ended end) {
  output(end.output_bytes);
  stream_.ended_ms = agent_time_ms;
  stream_.end = std::move(end);
  return *this;
}

void Outbox::drop(const StepId& step) {
  const auto found = streams_.find(step);
  if (found == streams_.end()) return;
  if (found->second.queued) std::erase(ready_, &found->second);
  if (found->second.in_flight) take_back(found->second);
  streams_.erase(found);
}

void Outbox::rewind(const StepId& step, std::uint64_t offset) {
  const auto found = streams_.find(step);
  if (found == streams_.end() || found->second.acknowledged <= offset) return;
  Stream& stream = found->second;
  stream.acknowledged = offset;
  if (std::exchange(stream.in_flight, false)) take_back(stream);  // it lacks that output
  queue(stream);
  flush();
}

void Outbox::resume(const StepId& step, std::uint64_t offset) {
  Stream& stream = streams_[step];
  stream.step = step;
  stream.acknowledged = offset;
  queue(stream);
}

// Out of the frame that is under way with it.
void Outbox::take_back(const Stream& stream) {
  for (Frame& frame : frames_) std::erase_if(frame.items, [&](const Item& item) { return item.stream == &stream; });
  std::erase_if(frames_, [](const Frame& frame) { return frame.items.empty(); });
}

void Outbox::open() {
  open_ = true;
  for (Frame& frame : frames_) {
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
    frames_.push_back(std::move(frame));
    send(frames_.back());
  }
  arm();
}

bool Outbox::Room::take(std::size_t size) {
  if (reports == wire::kMaxReportsInFrame || bytes + size + kReportOverhead > kMaxFramePayload) return false;
  ++reports;
  bytes += size + kReportOverhead;
  return true;
}

bool Outbox::pack(Frame& frame) {
  Room room;
  frame.items.reserve(std::min(ready_.size(), wire::kMaxReportsInFrame));
  while (!ready_.empty()) {
    Stream& from = *ready_.front();
    const Item item = pack_stream(from, room);
    if (!item.tells() && from.has_news()) break;  // the frame is full: it goes first in the next one
    ready_.pop_front();
    from.queued = false;
    from.in_flight = item.tells();
    if (item.tells()) frame.items.push_back(item);
  }
  return !frame.items.empty();
}

// As much as there is room for, in the order in which it is told.
Outbox::Item Outbox::pack_stream(Stream& from, Room& room) {
  Item out;
  out.stream = &from;
  if (from.started_ms) {
    out.started = room.take(0);
    if (!out.started) return out;
  } else if (from.accepted_ms) {
    out.accepted = room.take(0);
    if (!out.accepted) return out;
  }
  out.offset = out.past = from.acknowledged;
  if (out.past < from.available) out.output_ms = clock_.wall_ms();
  while (out.past < from.available) {
    const std::size_t size = chunk_at(out.past, from.available);
    if (!room.take(size)) return out;
    out.past += size;
  }
  if (!from.end) return out;
  std::size_t size = from.end->message.size();
  for (const wire::Variable& each : from.end->outputs) size += kVariableOverhead + each.name.size() + each.value.size();
  out.ended = room.take(size);
  return out;
}

void Outbox::send(Frame& frame) {
  wire::Reports out;
  out.frame_id = frame.id;
  if (plainly_)
    out.plain_ends.reserve(frame.items.size());
  else
    out.reports.reserve(2 * frame.items.size());  // most have begun and ended
  for (const Item& item : frame.items) report_item(item, out);
  const TimeMs delay = std::min(kFirstResendMs << std::min(frame.sendings, 8U), kLastResendMs);
  ++frame.sendings;
  frame.due_ms = clock_.monotonic_ms() + delay + random_.below(delay / 2);
  PROV_FAIL_HERE("report_before");
  hooks_.send(std::move(out));
  PROV_FAIL_HERE("report_after");
}

void Outbox::report_item(const Item& item, wire::Reports& out) {
  const Stream& from = *item.stream;
  if (is_plain(item)) {
    out.plain_ends.push_back({from.step.task, from.step.attempt, from.ended_ms, item.started ? *from.started_ms : 0,
                              from.end->outcome, from.sequence, from.end->order_digest});
    return;
  }
  const auto add = [&](TimeMs time_ms) -> wire::Report& {
    return out.reports.emplace_back(
        wire::Report{from.step.task, from.step.attempt, time_ms, wire::Accepted{}, from.sequence});
  };
  if (item.accepted) add(*from.accepted_ms);
  if (item.started) add(*from.started_ms).what = wire::Started{};
  for (std::uint64_t at = item.offset; at < item.past;) {
    const std::size_t size = chunk_at(at, item.past);
    auto data = hooks_.read_output(from.step, at, size);
    // Output that the host has lost is left out; the end then says so.
    if (data && !data->empty()) add(item.output_ms).what = wire::Output{at, std::move(*data)};
    at += size;
  }
  if (item.ended) add(from.ended_ms).what = end_of(from);
}

// It tells of an end, and perhaps of the start before it, and there is no more to say of either.
bool Outbox::is_plain(const Item& item) const {
  static const Digest nothing = digest_of("");
  if (!plainly_ || !item.ended || item.accepted || item.offset < item.past) return false;
  const wire::Ended& end = *item.stream->end;
  return end.exit_code == 0 && end.message.empty() && end.output_bytes == 0 && end.outputs.empty() &&
         end.output_digest == nothing;
}

// The coordinator takes an end only with all of its output. So when the host does not have that any more (it goes when
// the end is acknowledged, or with a disk), the end promises none: otherwise it would be sent for ever, and what shares
// its frame with it.
wire::Ended Outbox::end_of(const Stream& from) {
  wire::Ended end = *from.end;
  if (end.output_bytes <= from.acknowledged) return end;
  const auto last = hooks_.read_output(from.step, end.output_bytes - 1, 1);
  const bool lost = last ? last->empty() : last.error().code == Code::not_found;
  if (!lost) return end;
  end.output_bytes = 0;
  end.output_digest = digest_of("");
  if (!end.message.empty()) end.message += "; ";
  end.message += kOutputGone;
  return end;
}

void Outbox::acknowledge(std::uint64_t frame_id) {
  const auto it = std::find_if(frames_.begin(), frames_.end(), [&](const Frame& each) { return each.id == frame_id; });
  if (it == frames_.end()) return;  // a repeated one, or from before a restart
  const std::vector<Item> items = std::move(it->items);
  frames_.erase(it);
  std::vector<StepId> ended;
  for (const Item& item : items) {
    Stream& stream = *item.stream;
    settle(item);
    if (item.ended) {
      ended.push_back(stream.step);
      streams_.erase(ended.back());
    } else if (stream.has_news()) {
      queue(stream);
    }
  }
  if (!ended.empty()) hooks_.ends_acknowledged(ended);
  flush();
}

void Outbox::settle(const Item& item) {
  Stream& stream = *item.stream;
  stream.in_flight = false;
  if (item.accepted || item.started) stream.accepted_ms.reset();
  if (item.started) stream.started_ms.reset();
  if (item.offset < item.past) stream.acknowledged = std::max(stream.acknowledged, item.past);
}

void Outbox::resend_due() {
  const TimeMs now = clock_.monotonic_ms();
  for (Frame& frame : frames_) {
    if (frame.due_ms <= now) send(frame);
  }
  flush();
}

void Outbox::arm() {
  if (!open_ || frames_.empty()) {
    alarm_.stop();
    return;
  }
  TimeMs first = frames_.front().due_ms;
  for (const Frame& frame : frames_) first = std::min(first, frame.due_ms);
  const TimeMs now = clock_.monotonic_ms();
  alarm_.set(first > now ? first - now : 0, [this] { resend_due(); });
}

std::uint64_t Outbox::output_acknowledged(const StepId& step) const {
  const auto it = streams_.find(step);
  return it == streams_.end() ? 0 : it->second.acknowledged;
}

}  // namespace prov::agent
