#pragma once
// The orders of this host and how far each has come. Pure: no I/O, no clock; the state is the fold of the records that
// went through apply(), so what a restart replays is what the living agent had.
//
//   (offered) --Assigned--> accepted --Started--> started --StepEnded--> ended --Reported--> (waits to be settled)
//                               \------------------StepEnded-----------------^      Seen.settled_through: forgotten
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "agent/step/by_sequence.h"
#include "agent/step/judge.h"
#include "agent/step/record.h"

namespace prov::agent {

enum class Phase : std::uint8_t { accepted, started, ended };

// An order and how far it has come. There are thousands, and each is gone through a few times in its life: it is small,
// and that of a no-op keeps nothing elsewhere.
struct Entry {
  StepId step;
  std::uint32_t timeout_s = 0;
  std::uint64_t sequence = 0;
  Phase phase = Phase::accepted;
  wire::Mode mode = wire::Mode::apply;
  bool exclusive = false;
  bool was_started = false;
  bool distrusted = false;  // it was unknown, and may have run: it ends in doubt (Offer::distrust)
  bool reported = false;
  std::unique_ptr<Action> action;  // of the order; none: nothing is to be run, or its step has been started
  Digest order_digest;
  TimeMs accepted_ms = 0, started_ms = 0, ended_ms = 0;
  BootId boot_id;                                // in which it was accepted or, once it was, started
  std::unique_ptr<const Verdict> other_verdict;  // when ended; none: silent_success()

  wire::Order order() const;  // as it was given, but for an action that is not kept any more
  const Verdict& verdict() const { return other_verdict ? *other_verdict : silent_success(); }  // when ended
};

// What to do with an order that comes in.
enum class Offer {
  take,      // new
  known,     // has it already: answer with where it stands
  stale,     // settled, or an attempt older than one that it knows: never to be run
  full,      // beyond the capacity: not taken, it comes again
  distrust,  // unknown, but from before a journal or the log's end was lost: it may have run, so it must not run now
};

// What to do with a step after the agent was started again.
enum class Recovery {
  nothing,    // ended, or accepted in this boot: it goes on by itself
  adopt,      // started: the runner knows, or finds out, what became of it
  interrupt,  // accepted before the host was booted: nobody waits for it in this life
  doubt,      // accepted under distrust, and the verdict that went with it was torn off
};

// Steps that are remembered, those included that ended and may not be forgotten yet because an older one still runs.
inline constexpr std::size_t kMaxRemembered = wire::kMaxUnfinished;

class Book {
 public:
  // `capacity`: of orders that have not ended. What has ended does not count: the coordinator takes its order's credit
  // as given back then, and an older order that it sends again must always find room.
  Book(std::uint32_t parallel, std::uint32_t capacity) : parallel_(parallel), capacity_(capacity) {}

  // The fold. Total: a record that makes no sense (a start of an unknown step) changes nothing.
  // Returns what it forgot, until the next call: steps whose folder and reports nobody wants any more.
  const std::vector<StepId>& apply(Record&& record);
  const std::vector<StepId>& apply(const Record& record) { return apply(Record(record)); }

  Offer offer(const wire::Order& order) const;
  static Recovery recover(const Entry& entry, const BootId& boot_id);

  // Accepted steps that may start now, oldest order first: within the parallel limit, one exclusive step at a time,
  // one attempt of a task at a time, and only those that `ready` says have all they need.
  // They can be used until something is forgotten.
  std::vector<const Entry*> startable(const std::function<bool(const Entry&)>& ready) const;

  const Entry* find(const StepId& step) const;
  // All of them, the oldest order first: an order that is the same in every life and on every machine.
  const BySequence& entries() const { return by_sequence_; }
  const Seen& seen() const { return seen_; }
  std::uint64_t distrust_through() const { return distrust_through_; }
  std::optional<Identity> identity() const { return identity_; }
  std::uint32_t running() const { return static_cast<std::uint32_t>(started_.size()); }
  std::uint32_t accepted() const { return static_cast<std::uint32_t>(waiting_.size()); }
  std::size_t unended() const { return waiting_.size() + started_.size(); }

  // The fewest records whose fold is this book: a compacted journal.
  std::vector<Record> condensed() const;

 private:
  void assign(Assigned&& assigned, TimeMs time_ms);
  void renumber(Entry& entry, std::uint64_t sequence);
  void start(Started&& started, TimeMs time_ms);
  void end(StepEnded&& ended, TimeMs time_ms);
  void report(const Reported& reported);
  void see(const Seen& seen);
  Entry* known(const StepId& step);
  // Those of them that nobody needs any more.
  void forget(const BySequence::Place& from, const BySequence::Place& past);
  void forget_if_settled(const Entry& entry);

  std::uint32_t parallel_, capacity_;
  std::optional<Identity> identity_;
  Seen seen_;
  std::uint64_t distrust_through_ = 0;
  std::unordered_map<StepId, Entry, TaskHash> entries_;  // owns them; what depends on an order asks `by_sequence_`
  BySequence by_sequence_;
  BySequence waiting_;                 // accepted
  std::vector<const Entry*> started_;  // and not ended: no more than `parallel`, but where a restart has lowered that
  std::vector<StepId> forgotten_;      // by the last record
};

}  // namespace prov::agent
