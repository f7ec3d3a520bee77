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
};
struct DeleteTaskservs {
  std::string infra;
  std::vector<TaskservSpec> taskservs;
};
struct CheckTaskservs {  // runs their check scripts; changes nothing
  std::string infra;
  std::vector<TaskservSpec> taskservs;
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

using CommandBody =
    std::variant<RegisterWorkspace, CreateServers, DeleteServers, CreateTaskservs, DeleteTaskservs, CheckTaskservs,
                 RunExec, RunNoop, CancelWorkflow, CreateJoinToken, DrainAgent, RemoveAgent, StoreBlob, OpenSession,
                 AcceptDamage, EnrolAgent, ConnectAgent, LoseAgent, ReportStarted, ReportEnded, CloseSession, Tick,
                 RaiseAlarm, RecordSecret, RecordCheckpoint>;

struct Command {
  Id id;                  // zero for inside commands: they are not remembered
  std::string workspace;  // empty for platform-wide ones
  CommandBody body;
};

const char* name_of(const CommandBody& body);  // "CreateServers"

// What the caller gets. `made` is the workflow, token or session that the command made (zero: none was needed).
struct Answer {
  Id made;
  std::uint64_t sequence = 0;  // the command's last event; 0: nothing had to change
  bool repeated = false;       // the same command id was answered before: this is that answer
};

}  // namespace prov::domain
