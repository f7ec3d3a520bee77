#include "agent/step/book.h"

#include <algorithm>

namespace prov::agent {
namespace {

StepId id_of(const wire::Order& order) { return {order.task, order.attempt}; }

// What runs will end, and an end is kept until it has been told: its number may be one of a log that has lost its end,
// and the attempt may be given out anew.
bool is_needed(const Entry& entry) {
  return entry.phase == Phase::started || (entry.phase == Phase::ended && !entry.reported);
}

}  // namespace

wire::Order Entry::order() const {
  wire::Order out{step.task, step.attempt, sequence, timeout_s, exclusive, {}, mode};
  if (action) out.action = *action;
  return out;
}

const std::vector<StepId>& Book::apply(Record&& record) {
  forgotten_.clear();
  if (const auto* identity = std::get_if<Identity>(&record.what)) identity_ = *identity;
  if (const auto* seen = std::get_if<Seen>(&record.what)) see(*seen);
  if (auto* assigned = std::get_if<Assigned>(&record.what)) assign(std::move(*assigned), record.time_ms);
  if (auto* started = std::get_if<Started>(&record.what)) start(std::move(*started), record.time_ms);
  if (auto* ended = std::get_if<StepEnded>(&record.what)) end(std::move(*ended), record.time_ms);
  if (const auto* reported = std::get_if<Reported>(&record.what)) report(*reported);
  if (const auto* distrust = std::get_if<Distrust>(&record.what)) distrust_through_ = distrust->through;
  return forgotten_;
}

// A later epoch of a log that ends before what was seen: an operator has accepted that its end is lost. Nobody knows
// the orders from there any more; sequences are given out anew; and what was settled before may have run.
void Book::see(const Seen& seen) {
  if (seen.epoch > seen_.epoch && seen.log_sequence < seen_.log_sequence) {
    distrust_through_ = seen.log_sequence;
    seen_ = seen;
    forget(by_sequence_.after(seen.log_sequence), by_sequence_.past());
    forget(by_sequence_.first(), by_sequence_.after(seen.settled_through));
    return;
  }
  seen_.epoch = std::max(seen_.epoch, seen.epoch);
  seen_.log_sequence = std::max(seen_.log_sequence, seen.log_sequence);
  if (seen.settled_through > seen_.settled_through) {
    // What was settled before and is still there is not to go by this.
    const auto from = by_sequence_.after(seen_.settled_through);
    seen_.settled_through = seen.settled_through;
    forget(from, by_sequence_.after(seen.settled_through));
  }
}

void Book::assign(Assigned&& assigned, TimeMs time_ms) {
  const wire::Order& order = assigned.order;
  const auto [at, fresh] = entries_.try_emplace(id_of(order));
  Entry& entry = at->second;
  if (!fresh) {
    renumber(entry, order.sequence);
    return forget_if_settled(entry);
  }
  entry.step = at->first;
  entry.sequence = order.sequence;
  entry.timeout_s = order.timeout_s;
  entry.mode = order.mode;
  entry.exclusive = order.exclusive;
  entry.distrusted = order.sequence <= distrust_through_;
  const bool runs = !std::holds_alternative<wire::Noop>(order.action);
  if (runs) entry.action = std::make_unique<Action>(std::move(assigned.order.action));
  entry.order_digest = assigned.order_digest;
  entry.boot_id = std::move(assigned.boot_id);
  entry.accepted_ms = time_ms;
  waiting_.add(entry);
  by_sequence_.add(entry);
  forget_if_settled(entry);
}

// A log that lost its end, accepted so, has given the attempt out anew: what is settled is said in its numbers now.
void Book::renumber(Entry& entry, std::uint64_t sequence) {
  if (sequence == entry.sequence) return;
  const bool waits = entry.phase == Phase::accepted;
  by_sequence_.remove(entry);
  if (waits) waiting_.remove(entry);
  entry.sequence = sequence;
  by_sequence_.add(entry);
  if (waits) waiting_.add(entry);
}

void Book::start(Started&& started, TimeMs time_ms) {
  Entry* entry = known(started.step);
  if (entry == nullptr || entry->phase != Phase::accepted) return;
  entry->phase = Phase::started;
  entry->was_started = true;
  entry->started_ms = time_ms;
  entry->boot_id = std::move(started.boot_id);
  entry->action.reset();
  waiting_.remove(*entry);
  started_.push_back(entry);
}

void Book::end(StepEnded&& ended, TimeMs time_ms) {
  Entry* entry = known(ended.step);
  if (entry == nullptr || entry->phase == Phase::ended) return;
  if (entry->phase == Phase::started) std::erase(started_, entry);
  if (entry->phase == Phase::accepted) waiting_.remove(*entry);
  entry->phase = Phase::ended;
  entry->ended_ms = time_ms;
  if (ended.verdict != silent_success()) {
    entry->other_verdict = std::make_unique<const Verdict>(std::move(ended.verdict));
  }
  entry->action.reset();
}

void Book::report(const Reported& reported) {
  Entry* entry = known(reported.step);
  if (entry == nullptr) return;
  if (entry->phase == Phase::ended) entry->reported = true;
  forget_if_settled(*entry);
}

void Book::forget(const BySequence::Place& from, const BySequence::Place& past) {
  if (from == past) return;
  const auto is_forgotten = [&](const BySequence::Item& item) {
    const Entry& entry = *item.entry;
    if (is_needed(entry)) return false;
    if (entry.phase == Phase::accepted) waiting_.remove(entry);
    forgotten_.push_back(entry.step);
    entries_.erase(forgotten_.back());
    return true;
  };
  by_sequence_.cut(std::remove_if(from, past, is_forgotten), past);
}

void Book::forget_if_settled(const Entry& entry) {
  if (entry.sequence > seen_.settled_through) return;
  const auto at = by_sequence_.place_of(entry);
  forget(at, at + 1);
}

Offer Book::offer(const wire::Order& order) const {
  const StepId step = id_of(order);
  bool later = false;  // attempts of a task share a bucket
  const std::size_t bucket = entries_.bucket(step);
  for (auto at = entries_.cbegin(bucket); at != entries_.cend(bucket); ++at) {
    if (at->first == step) return Offer::known;
    later = later || (at->first.task == step.task && at->first.attempt > step.attempt);
  }
  if (order.sequence <= seen_.settled_through || later) return Offer::stale;
  if (unended() >= capacity_ || entries_.size() >= kMaxRemembered) return Offer::full;
  if (order.sequence <= distrust_through_) return Offer::distrust;
  return Offer::take;
}

Recovery Book::recover(const Entry& entry, const BootId& boot_id) {
  switch (entry.phase) {
    case Phase::ended: return Recovery::nothing;
    case Phase::started: return Recovery::adopt;
    case Phase::accepted:
      if (entry.distrusted) return Recovery::doubt;
      return entry.boot_id == boot_id ? Recovery::nothing : Recovery::interrupt;
  }
  return Recovery::nothing;
}

std::vector<const Entry*> Book::startable(const std::function<bool(const Entry&)>& ready) const {
  std::vector<const Entry*> out;
  if (waiting_.empty() || started_.size() >= parallel_) return out;
  const std::size_t most = std::min(parallel_ - started_.size(), waiting_.size());
  out.reserve(most);
  const auto any = [&](const auto& holds) {  // of those that run, and of those that are about to
    return std::any_of(started_.begin(), started_.end(), holds) || std::any_of(out.begin(), out.end(), holds);
  };
  bool exclusive_runs = any([](const Entry* entry) { return entry->exclusive; });
  for (const auto& [sequence, entry] : waiting_) {
    if (out.size() == most) break;
    const auto is_of_its_task = [&task = entry->step.task](const Entry* other) { return other->step.task == task; };
    if ((entry->exclusive && exclusive_runs) || any(is_of_its_task) || !ready(*entry)) continue;
    exclusive_runs = exclusive_runs || entry->exclusive;
    out.push_back(entry);
  }
  return out;
}

Entry* Book::known(const StepId& step) {
  const auto it = entries_.find(step);
  return it == entries_.end() ? nullptr : &it->second;
}

const Entry* Book::find(const StepId& step) const {
  const auto it = entries_.find(step);
  return it == entries_.end() ? nullptr : &it->second;
}

std::vector<Record> Book::condensed() const {
  std::vector<Record> out;
  if (identity_) out.push_back({0, *identity_});
  for (const auto& [sequence, each] : by_sequence_) {
    const Entry& entry = *each;
    out.push_back({entry.accepted_ms, Assigned{entry.order(), entry.order_digest, entry.boot_id}});
    if (entry.was_started) out.push_back({entry.started_ms, Started{entry.step, entry.boot_id}});
    if (entry.phase == Phase::ended) out.push_back({entry.ended_ms, StepEnded{entry.step, entry.verdict()}});
    if (entry.reported) out.push_back({entry.ended_ms, Reported{entry.step}});
  }
  // Behind the orders: those that were taken before it are not under it.
  if (distrust_through_ > seen_.settled_through) out.push_back({0, Distrust{distrust_through_}});
  out.push_back({0, seen_});  // last: a step that still runs may be settled already, and must not be forgotten
  return out;
}

}  // namespace prov::agent
