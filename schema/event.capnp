@0xb7f1c6f0a2d34e01;
# The event log's contract: the envelope that every event wears, and one payload struct per event type.
#
# Rules: ordinals are never reused, fields are only added, a type number never changes its meaning. A reader that
# does not know a type or version can still verify the chain and skip the event. Times are milliseconds since the
# Unix epoch, UTC. Ids are 16 bytes, keys and digests 32 bytes (BLAKE2b-256).

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("schema");

struct Event {
  logId @0 :Data;              # 16 bytes, drawn when the log was made: events of two logs cannot be mixed
  epoch @1 :UInt32;            # start number of the coordinator that wrote it; rises at each start
  sequence @2 :UInt64;         # 1, 2, 3, ... without a gap
  workspace @3 :Text;          # name; empty for events of the platform itself
  aggregateKind @4 :AggregateKind;
  aggregateId @5 :Data;        # UTF-8 name, 16-byte id or 32-byte key, by kind
  subject @6 :Text;            # principal: who asked, e.g. "uid:0", "agent:<key>", "system"
  credential @7 :Text;         # how it was proved, e.g. "peer", "token:<id>", "curve"
  transport @8 :Transport;
  commandId @9 :Data;          # 16 bytes, chosen by the caller: the same id gives the same answer
  correlation @10 :Data;       # 16 bytes: the workflow (or first command) that this belongs to
  causation @11 :UInt64;       # sequence of the event that led to this one, 0 for none
  logTimeMs @12 :UInt64;       # made by the writer, never goes back
  wallTimeMs @13 :UInt64;      # the machine's clock, may jump
  agentTimeMs @14 :UInt64;     # the agent's clock where the event reports something of an agent, else 0
  type @15 :UInt16;            # EventType
  version @16 :UInt16;         # of the payload, 1 for all of today's
  payload @17 :Data;           # the payload struct as a flat message, see below
}

enum AggregateKind { platform @0; workspace @1; server @2; taskserv @3; agent @4; joinToken @5; workflow @6; task @7;
                     session @8; secret @9; blob @10; cluster @11; lock @12; }

enum Transport { internal @0; unixSocket @1; tcp @2; agentLink @3; }

enum EventType {
  # Numbers as stored in Event.type. Gaps are not possible in a Cap'n Proto enum, so append at the end only.
  unknown @0;
  logCreated @1;
  coordinatorStarted @2;
  checkpointSigned @3;
  securityAlarm @4;
  damageAccepted @5;
  workspaceRegistered @6;
  joinTokenCreated @7;
  joinTokenExpired @8;
  agentEnrolled @9;
  agentConnected @10;
  agentLost @11;
  agentDrainChanged @12;
  agentRemoved @13;
  serverDeclared @14;
  serverCreated @15;
  serverDeleted @16;
  taskservDeclared @17;
  taskservInstalled @18;
  taskservRemoved @19;
  workflowSubmitted @20;
  workflowCancelRequested @21;
  workflowEnded @22;
  taskDispatched @23;
  taskStarted @24;
  taskEnded @25;
  taskInDoubt @26;
  sessionOpened @27;
  sessionClosed @28;
  secretCreated @29;
  blobStored @30;
}

# ---- platform

struct LogCreated { logId @0 :Data; software @1 :Text; }
struct CoordinatorStarted { epoch @0 :UInt32; software @1 :Text; host @2 :Text; attestedEpoch @3 :UInt32;
  # attestedEpoch: the highest epoch that an agent had seen when an operator accepted a shorter log, else 0
}
struct CheckpointSigned {
  commit @0 :UInt64;           # the last commit that it covers
  sequence @1 :UInt64;         # the last event of that commit
  commitHash @2 :Data;
  keyId @3 :Data;              # first 8 bytes of BLAKE2b-256 of the public key
  signature @4 :Data;          # Ed25519 over "provisioning-checkpoint-1" logId commit(LE) sequence(LE) commitHash
}
struct SecurityAlarm { kind @0 :Text; peer @1 :Text; detail @2 :Text; count @3 :UInt32; }
struct DamageAccepted { reason @0 :Text; detail @1 :Text; newEpoch @2 :UInt32; }

# ---- workspace

struct WorkspaceRegistered { name @0 :Text; }

# ---- agents

struct JoinTokenCreated {
  id @0 :Data;
  secretHash @1 :Data;         # BLAKE2b-256 of the secret, which itself is nowhere in the log
  workspace @2 :Text;
  server @3 :Text;             # the host that it is for
  expiresMs @4 :UInt64;
}
struct JoinTokenExpired { id @0 :Data; }

struct Facts {
  hostname @0 :Text;  os @1 :Text;  osVersion @2 :Text;  kernel @3 :Text;  arch @4 :Text;
  cores @5 :UInt32;   memoryBytes @6 :UInt64;  addresses @7 :List(Text);  init @8 :Text;   # "systemd" or "none"
  bootId @9 :Text;    agentVersion @10 :Text;
}
struct AgentEnrolled {
  key @0 :Data;                # CURVE public key: the agent's identity
  sealKey @1 :Data;            # X25519 public key to which secrets are sealed
  workspace @2 :Text;
  server @3 :Text;
  tokenId @4 :Data;
}
struct AgentConnected { key @0 :Data; facts @1 :Facts; }
struct AgentLost { key @0 :Data; lastHeardMs @1 :UInt64; reason @2 :Text; }
struct AgentDrainChanged { key @0 :Data; draining @1 :Bool; reason @2 :Text; }
struct AgentRemoved { key @0 :Data; reason @1 :Text; }

# ---- servers and task services

struct ServerSpec {
  hostname @0 :Text;
  infra @1 :Text;
  provider @2 :Text;
  providerBundle @3 :Data;     # digest of the provider extension that was resolved
  runtime @4 :Text;
  plan @5 :Text;
  labels @6 :List(Pair);       # sorted by key
  params @7 :List(Pair);       # for the provider, sorted by key
}
struct Pair { key @0 :Text; value @1 :Text; }

struct ServerDeclared { spec @0 :ServerSpec; }
struct ServerCreated { hostname @0 :Text; providerId @1 :Text; address @2 :Text; runtime @3 :Text;
                       coordinatorAddress @4 :Text; }
struct ServerDeleted { hostname @0 :Text; }

struct SecretRef { parameter @0 :Text; reference @1 :Text; }   # reference: "<name>" within the workspace
struct TaskservSpec {
  server @0 :Text;
  name @1 :Text;
  version @2 :Text;
  bundle @3 :Data;             # digest of the extension's bundle
  params @4 :List(Pair);       # resolved, sorted by key; a list is joined by spaces
  secrets @5 :List(SecretRef); # sorted by parameter
  retrySafe @6 :Bool;
  timeoutS @7 :UInt32;
}
struct TaskservDeclared { infra @0 :Text; spec @1 :TaskservSpec; }
struct TaskservInstalled { server @0 :Text; name @1 :Text; version @2 :Text; bundle @3 :Data; changed @4 :Bool; }
struct TaskservRemoved { server @0 :Text; name @1 :Text; }

# ---- workflows and tasks
#
# A task's id is its workflow's id with the task's index + 1 in the last four bytes (big-endian); those four bytes are
# zero in a workflow's id. So no table from task to workflow is needed anywhere.

struct WorkflowSubmitted {
  id @0 :Data;
  kind @1 :Text;               # server_create, server_delete, taskserv_create, taskserv_delete, exec, noop
  name @2 :Text;
  infra @3 :Text;
  parallelLimit @4 :UInt32;    # tasks of this workflow that may be out at once
  tasks @5 :List(TaskPlan);
}
struct TaskPlan {
  name @0 :Text;               # for people, e.g. "db-1: install postgres"
  server @1 :Text;             # the host whose agent runs it; empty: the coordinator itself (providers)
  dependsOn @2 :List(UInt32);  # hard: indexes smaller than its own, so a cycle cannot be written
  timeoutS @3 :UInt32;         # of one attempt, from its start
  maxAttempts @4 :UInt32;      # at least 1; only a retry-safe task has more
  exclusive @5 :Bool;          # no other exclusive task runs on that host at the same time
  action :union {
    noop @6 :Void;
    serverCreate @7 :Text;     # hostname
    serverDelete @8 :Text;     # hostname
    awaitAgent @9 :Text;       # hostname: done when its agent is connected
    taskserv :group { verb @10 :TaskservVerb; spec @11 :TaskservSpec; }
    exec :group { argv @12 :List(Text); stdin @13 :Data; }
  }
}
enum TaskservVerb { install @0; check @1; uninstall @2; }

struct WorkflowCancelRequested { id @0 :Data; reason @1 :Text; }
struct WorkflowEnded { id @0 :Data; outcome @1 :Outcome; done @2 :UInt32; failed @3 :UInt32; skipped @4 :UInt32;
                       inDoubt @5 :UInt32; notDelivered @6 :UInt32; }

struct TaskDispatched { task @0 :Data; attempt @1 :UInt32; agent @2 :Data; deadlineMs @3 :UInt64; }
  # agent: empty when the coordinator runs it. deadlineMs (log time): without a word until then it is in doubt
struct TaskStarted { task @0 :Data; attempt @1 :UInt32; }
enum Outcome { done @0; unchanged @1; failed @2; interrupted @3; timedOut @4; cancelled @5; skipped @6;
               notDelivered @7; inDoubt @8; refused @9; }
struct TaskEnded {
  task @0 :Data;
  attempt @1 :UInt32;          # 0: it ended before any attempt (skipped, cancelled, not delivered)
  outcome @2 :Outcome;
  exitCode @3 :Int32;          # of the step; -signal when killed; 0 where there was no step
  message @4 :Text;            # why, for people
  outputBytes @5 :UInt64;      # as stored; the output itself stands outside the chain
  outputDigest @6 :Data;
  orderDigest @7 :Data;        # of the order as the agent received and ran it (rendered templates included)
  retryAtMs @8 :UInt64;        # not 0: this attempt ended so, and the next one starts then
}
struct TaskInDoubt { task @0 :Data; attempt @1 :UInt32; reason @2 :Text; }

# ---- the rest

struct SessionOpened { id @0 :Data; agent @1 :Data; server @2 :Text; argv @3 :List(Text); terminal @4 :Bool; }
struct SessionClosed { id @0 :Data; exitCode @1 :Int32; reason @2 :Text; }
struct SecretCreated { reference @0 :Text; generated @1 :Bool; }
struct BlobStored { digest @0 :Data; bytes @1 :UInt64; kind @2 :Text; name @3 :Text; }
