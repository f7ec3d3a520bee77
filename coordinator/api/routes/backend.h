#pragma once
// What the routes need of the platform, as narrow ports: the live side on the owner's thread, the log's side on a
// reader's thread. The real ones stand in coordinator/api/server; tests bring small fakes.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/ports/random.h"
#include "common/ports/record_log.h"
#include "common/ports/timers.h"
#include "common/result.h"
#include "coordinator/domain/authorize.h"
#include "coordinator/domain/commands.h"
#include "coordinator/domain/state.h"
#include "coordinator/event_log/event_filter.h"
#include "coordinator/event_log/plan_digest.h"
#include "coordinator/event_log/workflow_history.h"
#include "coordinator/projection/status.h"
#include "coordinator/projection/view.h"

namespace prov::api {

// Everything on the owner's thread.
class Backend {
 public:
  using Submitted = std::function<void(Result<domain::Answer>)>;

  virtual ~Backend() = default;
  virtual const domain::State& state() const = 0;
  virtual projection::AgentNow agent_now(const Key& agent) const = 0;
  virtual projection::PlatformFacts facts() const = 0;
  // As Core's: `reply` and `done` run behind the output gate, or at once with an error.
  virtual void submit(const domain::Command& command, const domain::Principal& who, Submitted reply,
                      std::vector<SideRecord> sides) = 0;
  virtual Result<event_log::Planned> check(const domain::Command& command, const domain::Principal& who) const = 0;
  virtual void when_durable(std::function<void()> done) = 0;
  virtual Result<void> flowing() const { return {}; }  // as Core's: an error tells why nothing becomes durable now
  virtual void cover(std::function<void()> done) = 0;  // by a signed checkpoint, when that can be written
  // Runs `done` with its outcome behind the gate, when the workflow has ended; with nullopt when it has not within that
  // time, or there is no such workflow (any more).
  virtual void when_ended(const Id& workflow, std::uint64_t within_ms,
                          std::function<void(std::optional<Outcome>)> done) = 0;
};

struct EventQuery {
  event_log::EventFilter filter = {};
  std::size_t limit = 50;
  bool newest = false;  // the last `limit` that match, instead of the first
};
struct EventPage {
  std::vector<std::string> items;          // each one JSON object, in order
  std::optional<std::uint64_t> next_from;  // there may be more from here on
};

// What is on disk. Every call may take long, and runs on a reader's thread.
class Archive {
 public:
  virtual ~Archive() = default;
  virtual Result<EventPage> events(const EventQuery& query) = 0;
  virtual Result<std::string> state_at(std::uint64_t sequence, std::optional<std::uint64_t> to) = 0;  // JSON
  virtual Result<std::string> verify() = 0;                                                           // JSON
  virtual Result<bool> has_blob(const Digest& digest) = 0;
  virtual Result<std::uint64_t> output_bytes(const Id& task, std::uint32_t attempt) = 0;  // stored so far
  virtual Result<std::string> output(const Id& task, std::uint32_t attempt, std::uint64_t offset,
                                     std::size_t limit) = 0;
};

// Workflows of all time, also those that left the working set. Every call runs on a reader's thread. Errors as
// event_log/workflow_history.h has them.
class History {
 public:
  virtual ~History() = default;
  virtual Result<event_log::HistoryPage> page(const event_log::HistoryQuery& query) = 0;
  virtual Result<std::shared_ptr<const domain::State>> one(const Id& workflow) = 0;  // nullptr: there is none
};

struct BackupDone {
  std::string folder;
  std::uint64_t sequence = 0, bytes = 0;
};

// All that a handler can reach; outlives every call.
struct Services {
  Backend& backend;
  Archive& archive;
  History& history;
  Executor& owner;   // brings work to the owner's thread
  Executor& reader;  // and to a reader's
  Random& random;    // owner's thread
  domain::Policy policy;
  std::function<void(std::string folder, std::function<void(Result<BackupDone>)>)> backup;  // owner's thread
  std::function<void()> stop;                                                               // any thread
};

}  // namespace prov::api
