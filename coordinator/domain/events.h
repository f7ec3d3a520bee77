#pragma once
// What can happen, as values: one struct per payload of schema/event.capnp, and the envelope that each event wears.
// First stop of everything that changes: decide makes events, the log keeps them, evolve folds them.
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "common/ids.h"
#include "common/time.h"
#include "coordinator/domain/inventory_events.h"
#include "coordinator/domain/platform_events.h"
#include "coordinator/domain/shared.h"
#include "coordinator/domain/workflow_events.h"

namespace prov::domain {

using EventVariant =
    std::variant<UnknownEvent, LogCreated, CoordinatorStarted, CheckpointSigned, SecurityAlarm, DamageAccepted,
                 WorkspaceRegistered, JoinTokenCreated, JoinTokenExpired, AgentEnrolled, AgentConnected, AgentLost,
                 AgentDrainChanged, AgentRemoved, ServerDeclared, ServerCreated, ServerDeleted, TaskservDeclared,
                 TaskservInstalled, TaskservRemoved, WorkflowSubmitted, WorkflowCancelRequested, WorkflowEnded,
                 TaskDispatched, TaskStarted, TaskEnded, TaskInDoubt, SessionOpened, SessionClosed, SecretCreated,
                 BlobStored, OperationOpened, OperationSkipped, WorkflowPaused, WorkflowResumed, WorkflowRetried,
                 ApprovalGiven, ClusterDeclared, ClusterReady, ClusterRemoved>;
// The index in the variant is the number in schema EventType.
inline constexpr std::size_t kEventTypes = std::variant_size_v<EventVariant>;
static_assert(kEventTypes == 40);

// What copies, moves and destroys forty types is compiled once, not in each unit that holds an event.
struct EventBody : EventVariant {
  using EventVariant::EventVariant;
  EventBody();
  EventBody(const EventBody& other);
  EventBody(EventBody&& other) noexcept;
  EventBody& operator=(const EventBody& other);
  EventBody& operator=(EventBody&& other) noexcept;
  ~EventBody();
};

enum class Transport : std::uint16_t { internal, unix_socket, tcp, agent_link };
enum class AggregateKind : std::uint16_t {
  platform,
  workspace,
  server,
  taskserv,
  agent,
  join_token,
  workflow,
  task,
  session,
  secret,
  blob,
  cluster,
  lock,
};

struct Principal {         // who asks; set by the transport, never by the message
  std::string subject;     // "uid:0", "agent:<hex key>", "system"
  std::string credential;  // "peer", "token:<id>", "curve", ""
  Transport transport = Transport::internal;
  bool operator==(const Principal&) const = default;
};

// Which one of its kind: a name, or the bytes of an id, a key or a digest, which need no memory of their own.
class AggregateId {
  struct Sixteen : Id {
    operator std::string_view() const { return view(); }
  };
  struct ThirtyTwo : Key {
    operator std::string_view() const { return view(); }
  };

 public:
  AggregateId() = default;
  AggregateId(std::string_view bytes);
  AggregateId(const Id& id) : bytes_(Sixteen{id}) {}
  AggregateId(const std::string& bytes) : AggregateId(std::string_view(bytes)) {}
  bool empty() const { return std::string_view(*this).empty(); }
  operator std::string_view() const {
    return std::visit([](const auto& bytes) { return std::string_view(bytes); }, bytes_);
  }

 private:
  std::variant<std::string, Sixteen, ThirtyTwo> bytes_;
};
inline bool operator==(const AggregateId& a, std::string_view b) { return std::string_view(a) == b; }
inline bool operator==(const AggregateId& a, const AggregateId& b) { return a == std::string_view(b); }

struct Envelope {
  Id log_id;
  std::uint32_t epoch = 0;
  std::uint64_t sequence = 0;
  std::string workspace;
  AggregateKind aggregate_kind = AggregateKind::platform;
  AggregateId aggregate_id;
  Shared<Principal> principal;  // what one speaker has said mostly shares one
  Id command_id, correlation;
  std::uint64_t causation = 0;
  TimeMs log_time_ms = 0, wall_time_ms = 0, agent_time_ms = 0;
  std::uint32_t command_digest = 0;  // of what that command asked for; 0: not known
};

struct Event {
  Envelope meta;
  EventBody body;
};

const char* name_of(const EventBody& body);  // "WorkflowSubmitted"
struct Aggregate {
  AggregateKind kind;
  AggregateId id;
};
Aggregate aggregate_of(const EventBody& body);

// What a command's caller is told that it made: a workflow, a join token, a session; zero for other events.
Id made_by(const EventBody& body);

}  // namespace prov::domain
