#include "agent/step/book.h"

#include <algorithm>
#include <limits>

namespace prov::agent {
namespace {

StepId id_of(const wire::Order& order) { return {order.task, order.attempt}; }

// What runs will end, and an end is kept until it has been told: its number may be one of a log that has lost its end,
// and the attempt may be given out anew.
bool is_needed(const Entry& entry) {
  return entry.phase == Phase::started || (entry.phase == Phase::ended && !entry.reported);
}

void strip(wire::Order& order) { order.action = wire::Noop{}; }

}  // namespace

std::vector<StepId> Book::apply(Record record) {
  if (const auto* identity = std::get_if<Identity>(&record.what)) identity_ = *identity;
  std::vector<StepId> forgotten;
  if (const auto* seen = std::get_if<Seen>(&record.what)) forgotten = see(*seen);
  if (auto* assigned = std::get_if<Assigned>(&record.what)) {
    const StepId step = id_of(assigned->order);
    assign(std::move(*assigned), record.time_ms);
    forget_if_settled(step, forgotten);
  }
  if (auto* started = std::get_if<Started>(&record.what)) start(std::move(*started), record.time_ms);
  if (auto* ended = std::get_if<StepEnded>(&record.what)) end(std::move(*ended), record.time_ms);
  if (const auto* reported = std::get_if<Reported>(&record.what)) {
    const auto it = entries_.find(reported->step);
    if (it != entries_.end() && it->second.phase == Phase::ended) it->second.reported = true;
    forget_if_settled(reported->step, forgotten);
  }
  if (const auto* distrust = std::get_if<Distrust>(&record.what)) {
    distrust_through_ = distrust->through;
  }
  return forgotten;
}

// A later epoch of a log that ends before what was seen: an operator has accepted that its end is lost. Nobody knows
// the orders from there any more; sequences are given out anew; and what was settled before may have run.
std::vector<StepId> Book::see(const Seen& seen) {
  std::vector<StepId> forgotten;
  if (seen.epoch > seen_.epoch && seen.log_sequence < seen_.log_sequence) {
    distrust_through_ = seen.log_sequence;
    seen_ = seen;
    forget(after(seen.log_sequence), by_sequence_.end(), forgotten);
    forget(by_sequence_.begin(), after(seen.settled_through), forgotten);
    return forgotten;
  }
  seen_.epoch = std::max(seen_.epoch, seen.epoch);
  seen_.log_sequence = std::max(seen_.log_sequence, seen.log_sequence);
  if (seen.settled_through > seen_.settled_through) {
    const Place from = after(seen_.settled_through);  // what was settled before and is still there is not to go by this
    seen_.settled_through = seen.settled_through;
    forget(from, after(seen.settled_through), forgotten);
  }
  return forgotten;
}

void Book::assign(Assigned assigned, TimeMs time_ms) {
  const StepId step = id_of(assigned.order);
  const std::uint64_t sequence = assigned.order.sequence;
  const auto [at, fresh] = entries_.try_emplace(step);
  Entry& entry = at->second;
  if (!fresh) return renumber(step, entry, sequence);
  entry.order = std::move(assigned.order);
  entry.order_digest = assigned.order_digest;
  entry.boot_id = std::move(assigned.boot_id);
  entry.accepted_ms = time_ms;
  entry.distrusted = sequence <= distrust_through_;
  waiting_.emplace(sequence, step);
  by_sequence_.emplace(sequence, step);
}

// A log that lost its end, accepted so, has given the attempt out anew: what is settled is said in its numbers now.
void Book::renumber(const StepId& step, Entry& entry, std::uint64_t sequence) {
  if (sequence == entry.order.sequence) return;
  by_sequence_.erase({entry.order.sequence, step});
  by_sequence_.emplace(sequence, step);
  if (waiting_.erase({entry.order.sequence, step}) != 0) waiting_.emplace(sequence, step);
  entry.order.sequence = sequence;
}

void Book::start(Started started, TimeMs time_ms) {
  const auto it = entries_.find(started.step);
  if (it == entries_.end() || it->second.phase != Phase::accepted) return;
  Entry& entry = it->second;
  entry.phase = Phase::started;
  entry.was_started = true;
  entry.started_ms = time_ms;
  entry.boot_id = std::move(started.boot_id);
  strip(entry.order);
  waiting_.erase({entry.order.sequence, started.step});
  started_.insert(started.step);
}

void Book::end(StepEnded ended, TimeMs time_ms) {
  const auto it = entries_.find(ended.step);
  if (it == entries_.end() || it->second.phase == Phase::ended) return;
  Entry& entry = it->second;
  if (entry.phase == Phase::started) started_.erase(ended.step);
  if (entry.phase == Phase::accepted) waiting_.erase({entry.order.sequence, ended.step});
  entry.phase = Phase::ended;
  entry.ended_ms = time_ms;
  entry.verdict = std::move(ended.verdict);
  strip(entry.order);
}

Book::Place Book::after(std::uint64_t sequence) const {
  if (sequence == std::numeric_limits<std::uint64_t>::max()) return by_sequence_.end();
  return by_sequence_.lower_bound({sequence + 1, StepId{}});
}

void Book::forget(Place it, Place past, std::vector<StepId>& forgotten) {
  while (it != past) {
    const auto entry = entries_.find(it->second);
    if (is_needed(entry->second)) {
      ++it;
      continue;
    }
    waiting_.erase(*it);
    forgotten.push_back(it->second);
    entries_.erase(entry);
    it = by_sequence_.erase(it);
  }
}

void Book::forget_if_settled(const StepId& step, std::vector<StepId>& forgotten) {
  const auto entry = entries_.find(step);
  if (entry == entries_.end() || entry->second.order.sequence > seen_.settled_through) return;
  const Place at = by_sequence_.find({entry->second.order.sequence, step});
  forget(at, std::next(at), forgotten);
}

Offer Book::offer(const wire::Order& order) const {
  const StepId step = id_of(order);
  if (entries_.contains(step)) return Offer::known;
  if (order.sequence <= seen_.settled_through) return Offer::stale;
  const auto next = entries_.upper_bound(step);
  if (next != entries_.end() && next->first.task == step.task) return Offer::stale;  // a later attempt is known
  if (unended() >= capacity_ || entries_.size() >= kMaxRemembered) return Offer::full;
  if (order.sequence <= distrust_through_) return Offer::distrust;
  return Offer::take;
}

Recovery Book::recover(const Entry& entry, const std::string& boot_id) {
  switch (entry.phase) {
    case Phase::ended: return Recovery::nothing;
    case Phase::started: return Recovery::adopt;
    case Phase::accepted:
      if (entry.distrusted) return Recovery::doubt;
      return entry.boot_id == boot_id ? Recovery::nothing : Recovery::interrupt;
  }
  return Recovery::nothing;
}

std::vector<StepId> Book::startable(const std::function<bool(const Entry&)>& ready) const {
  std::vector<StepId> out;
  if (waiting_.empty() || started_.size() >= parallel_) return out;
  bool exclusive_runs = false;
  std::set<Id> tasks;
  for (const StepId& step : started_) {
    exclusive_runs = exclusive_runs || entries_.at(step).order.exclusive;
    tasks.insert(step.task);
  }
  for (const auto& [sequence, step] : waiting_) {
    if (started_.size() + out.size() >= parallel_) break;
    const Entry& entry = entries_.at(step);
    if ((entry.order.exclusive && exclusive_runs) || tasks.contains(step.task) || !ready(entry)) continue;
    exclusive_runs = exclusive_runs || entry.order.exclusive;
    tasks.insert(step.task);
    out.push_back(step);
  }
  return out;
}

const Entry* Book::find(const StepId& step) const {
  const auto it = entries_.find(step);
  return it == entries_.end() ? nullptr : &it->second;
}

std::vector<Record> Book::condensed() const {
  std::vector<Record> out;
  if (identity_) out.push_back({0, *identity_});
  for (const auto& [step, entry] : entries_) {
    out.push_back({entry.accepted_ms, Assigned{entry.order, entry.order_digest, entry.boot_id}});
    if (entry.was_started) out.push_back({entry.started_ms, Started{step, entry.boot_id}});
    if (entry.phase == Phase::ended) out.push_back({entry.ended_ms, StepEnded{step, entry.verdict}});
    if (entry.reported) out.push_back({entry.ended_ms, Reported{step}});
  }
  // Behind the orders: those that were taken before it are not under it.
  if (distrust_through_ > seen_.settled_through) out.push_back({0, Distrust{distrust_through_}});
  out.push_back({0, seen_});  // last: a step that still runs may be settled already, and must not be forgotten
  return out;
}

}  // namespace prov::agent
