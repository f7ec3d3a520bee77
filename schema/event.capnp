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
  operationOpened @31;
  operationSkipped @32;
  workflowPaused @33;
  workflowResumed @34;
  workflowRetried @35;
  approvalGiven @36;
  clusterDeclared @37;
  clusterReady @38;
  clusterRemoved @39;
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
  kind @1 :Text;               # what was asked for: server_create, taskserv_delete, exec, batch, rollback, ...
  name @2 :Text;
  infra @3 :Text;
  parallelLimit @4 :UInt32;    # tasks of this workflow that may be out at once
  tasks @5 :List(TaskPlan);    # operation by operation
  operations @6 :List(OperationPlan);  # none: one of kind `tasks`, of all tasks
  params @7 :List(Pair);       # what conditions and arguments may read, sorted by key
  preserveSuccessful @8 :Bool; # a rollback of it leaves alone what succeeded
  rollsBack @9 :Data;          # the workflow that this one undoes; empty: none
  notes @10 :List(Text);       # for people: what cannot be undone, what a soft dependency is missing
}
struct TaskPlan {
  name @0 :Text;               # for people, e.g. "db-1: install postgres"
  server @1 :Text;             # the host whose agent runs it; empty: the coordinator itself (providers, waits)
  dependsOn @2 :List(UInt32);  # hard, of the same operation: indexes smaller than its own, so no cycle can be written
  timeoutS @3 :UInt32;         # of one attempt, from its start
  maxAttempts @4 :UInt32;      # at least 1; only a retry-safe task has more
  exclusive @5 :Bool;          # no other exclusive task runs on that host at the same time
  mode @14 :OrderMode;
  action :union {              # what is added here is added to Action, too
    noop @6 :Void;
    serverCreate @7 :Text;     # hostname
    serverDelete @8 :Text;     # hostname
    awaitAgent @9 :Text;       # hostname: done when its agent is connected
    taskserv :group { verb @10 :TaskservVerb; spec @11 :TaskservSpec; }
    exec :group {              # {{NAME}} in arguments and environment is replaced when the order leaves
      argv @12 :List(Text);    # of a script: its arguments, without its name
      stdin @13 :Data;
      bundle @15 :Data;        # digest; empty: argv[0] is the program, else `script` of that bundle is
      script @16 :Text;        # path within the bundle
      environment @17 :List(Pair);  # beyond the agent's own, sorted by name
    }
    wait :group { until @18 :Text; }       # a condition; empty: done when timeoutS has passed
    approval :group { prompt @19 :Text; }  # what a person is asked before it goes on
  }
  undo @20 :Action;            # what takes it back; null: nothing can, or there is nothing to take back
}
struct Action {
  # The action of an undo; its members mean what TaskPlan's mean.
  union {
    noop @0 :Void;
    serverCreate @1 :Text;
    serverDelete @2 :Text;
    awaitAgent @3 :Text;
    taskserv :group { verb @4 :TaskservVerb; spec @5 :TaskservSpec; }
    exec :group { argv @6 :List(Text); stdin @7 :Data; bundle @8 :Data; script @9 :Text; environment @10 :List(Pair); }
    wait :group { until @11 :Text; }
    approval :group { prompt @12 :Text; }
  }
}
enum TaskservVerb { install @0; check @1; uninstall @2; }
enum OrderMode {
  # How far the agent may go. What a check or a rehearsal says changes nothing in the state.
  apply @0;                    # do it
  check @1;                    # find out what is there
  rehearse @2;                 # do it in a copy of the host that is thrown away
}

struct OperationPlan {
  # What dependencies, conditions, waves and policies are about: a part of a workflow, with its tasks.
  id @0 :Text;                 # unique in its workflow; "web[eu]" of a loop, "outer/inner" of a nested batch
  kind @1 :OperationKind;
  dependsOn @2 :List(Dependency);
  when @3 :Text;               # a condition, looked at once nothing before it is missing; empty: always
  firstTask @4 :UInt32;        # its tasks stand together; the operations' ranges follow one another and cover all tasks
  taskCount @5 :UInt32;
  priority @6 :Int32;          # -100 to 100, higher first
  onFailure @7 :OnFailure = continue;
  maxFailures @8 :UInt32 = 0xffffffff;  # so many failed tasks are tolerated, one more stops it; the default: any one
                               # makes it a failure, none stops the others
  waves @9 :List(UInt32);      # where each wave ends, counted in its tasks; the last is taskCount; empty: one wave
  pauseMs @10 :UInt32;         # between waves
  concurrencyGroup @11 :Text;  # shared by all workflows of the workspace; empty: none
  groupLimit @12 :UInt32;      # tasks of that group that may be out at once
  retry @13 :RetryPolicy;      # null: its defaults
  checkpoint @14 :Text;        # the name of what is reached when it has succeeded; empty: nothing
  note @15 :Text;              # for people, e.g. why nothing is to be done
}
enum OperationKind {
  tasks @0;                    # of a plain command: its tasks are all there is to it
  serverCreate @1;
  serverDelete @2;
  taskservCreate @3;
  taskservDelete @4;
  taskservCheck @5;
  clusterCreate @6;
  clusterDelete @7;
  script @8;
  wait @9;
  approval @10;
  batch @11;                   # has no tasks: where the operations of a nested batch or of a loop come together
}
struct Dependency {
  before @0 :UInt32;           # index of an operation, smaller than the dependent's own
  kind @1 :DependencyKind;
}
enum DependencyKind {
  hard @0;                     # it must have succeeded, or its condition was false
  soft @1;                     # it must have ended, however
}
enum OnFailure {
  fail @0;                     # what has not begun of the workflow is skipped
  continue @1;                 # only what needs it is skipped
  rollback @2;                 # as fail; then what was done is undone
}
struct RetryPolicy {
  delayMs @0 :UInt32;          # before the second attempt; 0: the platform's own
  maxDelayMs @1 :UInt32 = 300000;
  exponential @2 :Bool = true; # doubles with each attempt
  jitterPercent @3 :UInt32;    # the delay varies by so much either way, at most 100
  onFailure @4 :Bool;          # also after an ordinary failure, not only interruptions and "try later"
}

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
  outputs @9 :List(Pair);      # what it said for later operations, sorted by name: [a-z][a-z0-9_]*, at most 64 long
}
struct TaskInDoubt { task @0 :Data; attempt @1 :UInt32; reason @2 :Text; }

# ---- the course of a workflow

struct OperationOpened {
  # Its condition holds, or its next wave may go. The first wave of an operation without a condition needs no such word:
  # it may go once everything before it has ended.
  workflow @0 :Data;
  operation @1 :UInt32;        # index
  wave @2 :UInt32;             # 0, 1, 2, ...
}
struct OperationSkipped {
  # None of its tasks will run; each of them ends so.
  workflow @0 :Data;
  operation @1 :UInt32;
  outcome @2 :Outcome = skipped;  # or cancelled
  unneeded @3 :Bool;           # its condition is false: what depends on it may go on
  reason @4 :Text;
}
struct WorkflowPaused { id @0 :Data; reason @1 :Text; }   # nothing new of it begins; what is out goes on
struct WorkflowResumed { id @0 :Data; }
struct WorkflowRetried {
  # What did not succeed, and what was skipped, is to run again: an ended workflow goes on.
  id @0 :Data;
  operations @1 :List(UInt32); # of these (indexes) and those behind them; none: of all of them
  inDoubt @2 :Bool;            # also what may have been done
}
struct ApprovalGiven { task @0 :Data; approved @1 :Bool; comment @2 :Text; }   # by whom: the event's principal

# ---- clusters

struct ClusterSpec {
  # Task services on several hosts that are one thing to their users.
  name @0 :Text;
  infra @1 :Text;
  version @2 :Text;
  servers @3 :List(Text);      # sorted
  taskservs @4 :List(Text);    # in the order of installation
}
struct ClusterDeclared { spec @0 :ClusterSpec; }
struct ClusterReady { name @0 :Text; }
struct ClusterRemoved { name @0 :Text; }

# ---- the rest

struct SessionOpened { id @0 :Data; agent @1 :Data; server @2 :Text; argv @3 :List(Text); terminal @4 :Bool; }
struct SessionClosed { id @0 :Data; exitCode @1 :Int32; reason @2 :Text; }
struct SecretCreated { reference @0 :Text; generated @1 :Bool; }
struct BlobStored { digest @0 :Data; bytes @1 :UInt64; kind @2 :Text; name @3 :Text; }
