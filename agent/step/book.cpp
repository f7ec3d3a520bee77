#include "agent/step/book.h"

#include <algorithm>
#include <limits>

namespace prov::agent {
namespace {

StepId id_of(const wire::Order& order) { return {order.task, order.attempt}; }

void strip(wire::Order& order) { order.action = wire::Noop{}; }

}  // namespace

std::vector<StepId> Book::apply(const Record& record) {
  if (const auto* identity = std::get_if<Identity>(&record.what)) identity_ = *identity;
  std::vector<StepId> forgotten;
  if (const auto* seen = std::get_if<Seen>(&record.what)) forgotten = see(*seen);
  if (const auto* assigned = std::get_if<Assigned>(&record.what)) assign(*assigned, record.time_ms);
  if (const auto* started = std::get_if<Started>(&record.what)) start(*started, record.time_ms);
  if (const auto* ended = std::get_if<StepEnded>(&record.what)) end(*ended, record.time_ms);
  if (const auto* reported = std::get_if<Reported>(&record.what)) {
    const auto it = entries_.find(reported->step);
    if (it != entries_.end() && it->second.phase == Phase::ended) it->second.reported = true;
  }
  if (const auto* distrust = std::get_if<Distrust>(&record.what)) {
    distrust_through_ = distrust->through;
  }
  forget(by_sequence_.begin(), after(seen_.settled_through), forgotten);
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
    return forgotten;
  }
  seen_.epoch = std::max(seen_.epoch, seen.epoch);
  seen_.settled_through = std::max(seen_.settled_through, seen.settled_through);
  seen_.log_sequence = std::max(seen_.log_sequence, seen.log_sequence);
  return forgotten;
}

void Book::assign(const Assigned& assigned, TimeMs time_ms) {
  const StepId step = id_of(assigned.order);
  Entry entry;
  entry.order = assigned.order;
  entry.order_digest = assigned.order_digest;
  entry.boot_id = assigned.boot_id;
  entry.accepted_ms = time_ms;
  entry.distrusted = assigned.order.sequence <= distrust_through_;
  if (!entries_.emplace(step, std::move(entry)).second) return;
  waiting_.emplace(assigned.order.sequence, step);
  by_sequence_.emplace(assigned.order.sequence, step);
}

void Book::start(const Started& started, TimeMs time_ms) {
  const auto it = entries_.find(started.step);
  if (it == entries_.end() || it->second.phase != Phase::accepted) return;
  Entry& entry = it->second;
  entry.phase = Phase::started;
  entry.was_started = true;
  entry.started_ms = time_ms;
  entry.boot_id = started.boot_id;
  strip(entry.order);
  waiting_.erase({entry.order.sequence, started.step});
  ++running_;
}

void Book::end(const StepEnded& ended, TimeMs time_ms) {
  const auto it = entries_.find(ended.step);
  if (it == entries_.end() || it->second.phase == Phase::ended) return;
  Entry& entry = it->second;
  if (entry.phase == Phase::started) --running_;
  waiting_.erase({entry.order.sequence, ended.step});
  entry.phase = Phase::ended;
  entry.ended_ms = time_ms;
  entry.verdict = ended.verdict;
  strip(entry.order);
}

Book::Place Book::after(std::uint64_t sequence) const {
  if (sequence == std::numeric_limits<std::uint64_t>::max()) return by_sequence_.end();
  return by_sequence_.lower_bound({sequence + 1, StepId{}});
}

void Book::forget(Place it, Place past, std::vector<StepId>& forgotten) {
  while (it != past) {
    const StepId step = it->second;
    if (entries_.at(step).phase == Phase::started) {  // it still runs: its end will be the end of it
      ++it;
      continue;
    }
    waiting_.erase(*it);
    entries_.erase(step);
    forgotten.push_back(step);
    it = by_sequence_.erase(it);
  }
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
  if (waiting_.empty() || running_ >= parallel_) return out;
  bool exclusive_runs = false;
  std::set<Id> tasks;
  for (const auto& [step, entry] : entries_) {
    if (entry.phase != Phase::started) continue;
    exclusive_runs = exclusive_runs || entry.order.exclusive;
    tasks.insert(step.task);
  }
  for (const auto& [sequence, step] : waiting_) {
    if (running_ + out.size() >= parallel_) break;
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
