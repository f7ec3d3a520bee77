#pragma once
// What can be asked for. Operators' commands mirror schema/command.capnp; the others come from inside (agent link,
// dispatcher, timer) and enter by the same door.
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "coordinator/domain/events.h"
#include "coordinator/domain/specs.h"

namespace prov::domain {

// ---- operators
struct RegisterWorkspace {};
struct CreateServers {
  std::string infra;
  std::vector<ServerSpec> servers;
};
struct DeleteServers {
  std::string infra;  // empty: any
  std::vector<std::string> hostnames;
};
struct TaskservRequirement {
  TaskservSpec spec;
  std::vector<std::uint32_t> after;  // indexes into the same list that are installed before
};
struct CreateTaskservs {
  std::string infra;
  std::vector<TaskservRequirement> taskservs;
  bool again = false;  // also those that are installed as described: what was changed by hand comes back
};
struct DeleteTaskservs {
  std::string infra;
  std::vector<TaskservSpec> taskservs;
};
struct CheckTaskservs {  // runs their check scripts; changes nothing
  std::string infra;
  std::vector<TaskservSpec> taskservs;
};

// ---- batches: a batch file as the client resolved it. Expressions are texts here, so that an error can quote them.
struct BatchDependency {
  std::string id;
  DependencyKind kind = DependencyKind::hard;
};
struct Rolling {
  std::string batch;         // hosts at once: "10" or "20%"; empty: all
  std::uint32_t canary = 0;  // hosts of a first wave of its own
  std::uint32_t pause_s = 0;
  bool health_check = false;  // a host counts when its task services' checks say so
};
struct BatchTaskserv {
  TaskservSpec spec;                 // without a server: for every target that has no entry of its own
  std::vector<std::uint32_t> after;  // indexes into the same list that are installed before, on the same host
};
struct BatchOperation {
  std::string id;
  OperationKind kind = OperationKind::script;
  std::vector<BatchDependency> dependencies;
  std::string when;
  std::string targets;  // an expression over hosts; empty: every host that the operation itself names
  std::string limit;    // "5" or "10%" of the targets, chosen by `seed`
  std::uint64_t seed = 0;
  std::string for_each_targets;  // once for each host: {{item}} is its name
  Rolling rolling;
  std::uint32_t retries = 0, timeout_s = 0;  // timeout_s 0: the kind's own
  RetryPolicy retry;
  std::int32_t priority = 0;
  OnFailure on_failure = OnFailure::fail;
  std::string max_failures;  // "2" or "10%" of its hosts; empty: none is tolerated, and none stops the others
  std::string concurrency_group;
  std::uint32_t group_limit = 0;
  std::string checkpoint;
  std::vector<std::string> outputs;  // names that its steps must say; conditions may read these alone
  OrderMode mode = OrderMode::apply;
  // by kind
  std::vector<ServerSpec> servers;       // server_create
  std::vector<std::string> hostnames;    // server_delete
  std::vector<BatchTaskserv> taskservs;  // taskserv_*, cluster_*: in the order of installation
  std::optional<ClusterSpec> cluster;    // cluster_*
  ExecAction exec, undo;                 // script; undo without argv and bundle: there is none
  std::uint32_t wait_s = 0;              // wait
  std::string until;                     // wait: a condition
  std::string prompt;                    // approval
};
struct SubmitBatch {
  std::string name, version, infra;
  std::uint32_t parallel_limit = 0;  // 0: the platform's own
  bool preserve_successful = false;
  Pairs params;
  std::vector<BatchOperation> operations;
};
struct PauseWorkflow {
  Id workflow;
  std::string reason;
};
struct ResumeWorkflow {
  Id workflow;
};
struct RetryWorkflow {
  Id workflow;
  std::vector<std::string> operations;  // empty: all
  bool in_doubt = false;
};
struct RollbackWorkflow {
  Id workflow;
  std::string checkpoint;  // empty: everything
};
struct ApproveTask {
  Id task;  // or its workflow, when one approval is open there
  bool approved = true;
  std::string comment;
};

struct RunExec {
  std::vector<std::string> servers;
  std::vector<std::string> argv;
  std::string stdin_data;
  std::uint32_t timeout_s = 300;
};
struct RunNoop {  // `count` tasks that do nothing, spread over the servers: measures the platform itself
  std::vector<std::string> servers;
  std::uint32_t count = 1;
};
struct CancelWorkflow {
  Id workflow;
};
struct CreateJoinToken {
  std::string server;
  Digest secret_hash;
  std::uint32_t valid_s = 3600;
};
struct DrainAgent {
  Key agent;
  bool draining = true;
};
struct RemoveAgent {
  Key agent;
  std::string reason;
};
struct StoreBlob {  // the bytes were handed to the log beside the command
  Digest digest;
  std::uint64_t bytes = 0;
  std::string kind, name;
};
struct OpenSession {
  std::string server;
  std::vector<std::string> argv;
  bool terminal = false;
};
struct AcceptDamage {
  std::string reason;
  std::uint32_t attested_epoch = 0;
};

// ---- the agent link
struct EnrolAgent {
  Key key, seal_key;
  Id token_id;
  Digest secret_hash;
};
struct ConnectAgent {
  Key agent;
  Facts facts;
};
struct LoseAgent {
  Key agent;
  TimeMs last_heard_ms = 0;
  std::string reason;
};
struct ReportStarted {
  Key agent;  // zero: the coordinator itself
  Id task;
  std::uint32_t attempt = 0;
  TimeMs agent_time_ms = 0;
};
struct ReportEnded {
  Key agent;
  TaskEnded ended;  // retry_at_ms is decide's to set
  TimeMs agent_time_ms = 0;
  std::optional<ServerCreated> created;  // what a provider made
};
struct CloseSession {
  Id id;
  std::int32_t exit_code = 0;
  std::string reason;
};

// ---- inside
struct Tick {};  // time has passed: deadlines
struct RaiseAlarm {
  SecurityAlarm alarm;
};
struct RecordSecret {
  std::string reference;
};
struct RecordCheckpoint {
  CheckpointSigned checkpoint;
};

using CommandVariant =
    std::variant<RegisterWorkspace, CreateServers, DeleteServers, CreateTaskservs, DeleteTaskservs, CheckTaskservs,
                 RunExec, RunNoop, CancelWorkflow, CreateJoinToken, DrainAgent, RemoveAgent, StoreBlob, OpenSession,
                 AcceptDamage, EnrolAgent, ConnectAgent, LoseAgent, ReportStarted, ReportEnded, CloseSession, Tick,
                 RaiseAlarm, RecordSecret, RecordCheckpoint, SubmitBatch, PauseWorkflow, ResumeWorkflow, RetryWorkflow,
                 RollbackWorkflow, ApproveTask>;
inline constexpr std::size_t kCommandTypes = std::variant_size_v<CommandVariant>;

// As EventBody.
struct CommandBody : CommandVariant {
  using CommandVariant::CommandVariant;
  CommandBody();
  CommandBody(const CommandBody& other);
  CommandBody(CommandBody&& other) noexcept;
  CommandBody& operator=(const CommandBody& other);
  CommandBody& operator=(CommandBody&& other) noexcept;
  ~CommandBody();
};

struct Command {
  Id id;                  // zero for inside commands: they are not remembered
  std::string workspace;  // empty for platform-wide ones
  CommandBody body;
  std::optional<Digest> plan = {};  // Core::check's of this command: done only if it would still do exactly that
};

const char* name_of(const CommandBody& body);  // "CreateServers"

// What the caller gets. `made` is the workflow, token or session that the command made (zero: none was needed).
struct Answer {
  Id made;
  std::uint64_t sequence = 0;  // the command's last event; 0: nothing had to change
  bool repeated = false;       // the same command id was answered before: this is that answer
};

}  // namespace prov::domain
