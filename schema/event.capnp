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
  commandDigest @18 :UInt32;   # of what the command asked for (command.capnp), so that its id with another content is
                               # refused; 0: not known, which goes with anything (an older release, or nobody's command)
}

enum AggregateKind {
  # What an event is about, and what Event.aggregateId then holds.
  platform @0;                 # nothing: there is one
  workspace @1;                # its name
  server @2;                   # its hostname
  taskserv @3;                 # "hostname/name"
  agent @4;                    # its key
  joinToken @5;                # its id
  workflow @6;                 # its id
  task @7;                     # its id
  session @8;                  # its id
  secret @9;                   # its reference
  blob @10;                    # its digest
  cluster @11;                 # its name
  lock @12;                    # its name; no event of today
}

enum Transport {
  # By which way a command came.
  internal @0;                 # from within the coordinator
  unixSocket @1;               # REST; the kernel says who it is
  tcp @2;                      # REST; a bearer token says who it is
  agentLink @3;                # from an agent; its CURVE key says who it is
}

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

struct LogCreated {
  # The first event of every log.
  logId @0 :Data;              # 16 bytes, drawn at random
  software @1 :Text;           # that made it, with its version
}
struct CoordinatorStarted {
  # A coordinator began to write, with a new epoch.
  epoch @0 :UInt32;            # rises at each start
  software @1 :Text;           # that runs, with its version
  host @2 :Text;               # name of the machine that it runs on
  attestedEpoch @3 :UInt32;    # the highest epoch that an agent had seen when an operator accepted a shorter log, or 0
}
struct CheckpointSigned {
  # Vouches for everything up to a commit; what it says can be verified with the public key alone.
  commit @0 :UInt64;           # the last commit that it covers
  sequence @1 :UInt64;         # the last event of that commit
  commitHash @2 :Data;         # of that commit: 32 bytes
  keyId @3 :Data;              # first 8 bytes of BLAKE2b-256 of the public key
  signature @4 :Data;          # Ed25519 over "provisioning-checkpoint-1" logId commit(LE) sequence(LE) commitHash
}
struct SecurityAlarm {
  # Somebody tried what nobody may.
  kind @0 :Text;               # what was tried, e.g. "foreign_task"
  peer @1 :Text;               # who or whence, as far as it is known
  detail @2 :Text;             # may quote what a stranger sent; at most 300 bytes
  count @3 :UInt32;            # times that it happened since the last such event of that peer
}
struct DamageAccepted {
  # An operator has decided that the platform goes on with the log as it is.
  reason @0 :Text;             # the operator's
  detail @1 :Text;             # what was damaged or missing
  newEpoch @2 :UInt32;         # begins with it; agents refuse older ones
}

# ---- workspace

struct WorkspaceRegistered {
  name @0 :Text;               # known from here on
}

# ---- agents

struct JoinTokenCreated {
  id @0 :Data;                 # 16 bytes, of the token
  secretHash @1 :Data;         # BLAKE2b-256 of the secret, which itself is nowhere in the log
  workspace @2 :Text;          # of the host
  server @3 :Text;             # the host that it is for
  expiresMs @4 :UInt64;        # log time from which it is worth nothing
}
struct JoinTokenExpired {
  id @0 :Data;                 # of a token that nobody used in time
}

struct Facts {
  # What an agent says about its host, each time that it connects.
  hostname @0 :Text;           # as the host calls itself
  os @1 :Text;                 # e.g. "debian"
  osVersion @2 :Text;          # e.g. "12"
  kernel @3 :Text;             # release, e.g. "6.1.0-18-amd64"
  arch @4 :Text;               # e.g. "x86_64"
  cores @5 :UInt32;            # processors that can be used
  memoryBytes @6 :UInt64;      # main memory
  addresses @7 :List(Text);    # numeric, without those of the host to itself
  init @8 :Text;               # "systemd" or "none"
  bootId @9 :Text;             # another one after each boot
  agentVersion @10 :Text;      # of the agent program
  diskBytes @11 :UInt64;       # size of the file system at /; 0: an agent that did not tell
  interpreters @12 :List(Text);         # well-known ones that steps find on their PATH, e.g. "python3"; sorted
  missingInterpreters @13 :List(Text);  # those that were looked for too and are not there; sorted
}
struct AgentEnrolled {
  key @0 :Data;                # CURVE public key: the agent's identity
  sealKey @1 :Data;            # X25519 public key to which secrets are sealed
  workspace @2 :Text;          # of its host
  server @3 :Text;             # hostname of its host
  tokenId @4 :Data;            # the join token, which is used up by it
}
struct AgentConnected {
  key @0 :Data;                # of the agent, which can be reached from here on
  facts @1 :Facts;             # about its host
}
struct AgentLost {
  key @0 :Data;                # of the agent, which cannot be reached any more
  lastHeardMs @1 :UInt64;      # wall clock of the coordinator when it last said something
  reason @2 :Text;             # why it counts as lost, for people
}
struct AgentDrainChanged {
  key @0 :Data;                # of the agent
  draining @1 :Bool;           # it gets no further work, or gets some again
  reason @2 :Text;             # why, for people
}
struct AgentRemoved {
  key @0 :Data;                # of the agent, which is served no more
  reason @1 :Text;             # why, for people
}

# ---- servers and task services

struct ServerSpec {
  # A server as an operator wants it.
  hostname @0 :Text;           # unique in its workspace: lower case, digits, "-" and "."; at most 253 bytes
  infra @1 :Text;              # that it belongs to
  provider @2 :Text;           # name of the provider that makes it
  providerBundle @3 :Data;     # digest of the provider extension that was resolved
  runtime @4 :Text;            # which of the provider's ways, e.g. "container"; empty: the provider's own choice
  plan @5 :Text;               # size, as the provider names it
  labels @6 :List(Pair);       # sorted by key
  params @7 :List(Pair);       # for the provider, sorted by key
}
struct Pair {
  key @0 :Text;                # each one once in a list
  value @1 :Text;
}

struct ServerDeclared {
  spec @0 :ServerSpec;         # replaces an earlier one of that hostname
}
struct ServerCreated {
  # The provider has made it; its agent is not there yet.
  hostname @0 :Text;
  providerId @1 :Text;         # by which the provider knows it
  address @2 :Text;            # at which it is reached; empty: not known
  runtime @3 :Text;            # that the provider took
  coordinatorAddress @4 :Text; # at which the coordinator is reached from there; empty: by the first one that it has
}
struct ServerDeleted {
  hostname @0 :Text;           # with it go the task services on it
}

struct SecretRef {
  parameter @0 :Text;          # that gets the secret's value, on the host alone
  reference @1 :Text;          # "<name>" within the workspace
}
struct TaskservSpec {
  # A task service on a host, resolved.
  server @0 :Text;             # hostname
  name @1 :Text;               # of the extension, e.g. "postgres"
  version @2 :Text;            # that was chosen
  bundle @3 :Data;             # digest of the extension's bundle
  params @4 :List(Pair);       # resolved, sorted by key; a list is joined by spaces
  secrets @5 :List(SecretRef); # sorted by parameter
  retrySafe @6 :Bool;          # an attempt that was interrupted may be repeated
  timeoutS @7 :UInt32;         # seconds that one attempt may take
}
struct TaskservDeclared {
  infra @0 :Text;              # of its host
  spec @1 :TaskservSpec;       # replaces an earlier one of that host and name
}
struct TaskservInstalled {
  server @0 :Text;             # hostname
  name @1 :Text;
  version @2 :Text;            # that is there now
  bundle @3 :Data;             # digest of the extension's bundle that was run
  changed @4 :Bool;            # false: it was there already, just so
}
struct TaskservRemoved {
  server @0 :Text;             # hostname
  name @1 :Text;               # it is there no more
}

# ---- workflows and tasks
#
# A task's id is its workflow's id with the task's index + 1 in the last four bytes (big-endian); those four bytes are
# zero in a workflow's id. So no table from task to workflow is needed anywhere.

struct WorkflowSubmitted {
  id @0 :Data;                 # 16 bytes; the last four are zero
  kind @1 :Text;               # what was asked for: server_create, taskserv_delete, exec, batch, rollback, ...
  name @2 :Text;               # for people
  infra @3 :Text;              # of its hosts; empty: of several, or none
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
    noop @6 :Void;             # nothing, all the way to the agent and back
    serverCreate @7 :Text;     # hostname
    serverDelete @8 :Text;     # hostname
    awaitAgent @9 :Text;       # hostname: done when its agent is connected
    taskserv :group {
      verb @10 :TaskservVerb;  # which of its scripts runs
      spec @11 :TaskservSpec;  # and with what
    }
    exec :group {              # {{NAME}} in arguments and environment is replaced when the order leaves
      argv @12 :List(Text);    # of a script: its arguments, without its name
      stdin @13 :Data;         # what it reads from standard input
      bundle @15 :Data;        # digest; empty: argv[0] is the program, else `script` of that bundle is
      script @16 :Text;        # path within the bundle
      environment @17 :List(Pair);  # beyond the agent's own, sorted by name
    }
    wait :group {
      until @18 :Text;         # a condition; empty: done when timeoutS has passed
    }
    approval :group {
      prompt @19 :Text;        # what a person is asked before it goes on
    }
  }
  undo @20 :Action;            # what takes it back; null: nothing can, or there is nothing to take back
}
struct Action {
  # The action of an undo; its members mean what TaskPlan's mean.
  union {
    noop @0 :Void;
    serverCreate @1 :Text;     # hostname
    serverDelete @2 :Text;     # hostname
    awaitAgent @3 :Text;       # hostname
    taskserv :group {
      verb @4 :TaskservVerb;
      spec @5 :TaskservSpec;
    }
    exec :group {
      argv @6 :List(Text);
      stdin @7 :Data;
      bundle @8 :Data;         # digest, or empty
      script @9 :Text;         # path within the bundle
      environment @10 :List(Pair);  # sorted by name
    }
    wait :group {
      until @11 :Text;         # a condition, or empty
    }
    approval :group {
      prompt @12 :Text;
    }
  }
}
enum TaskservVerb {
  # The scripts of a task service's extension.
  install @0;
  check @1;                    # says whether it is there, and changes nothing
  uninstall @2;
}
enum OrderMode {
  # How far the agent may go. What a check or a rehearsal says changes nothing in the state.
  apply @0;                    # do it
  check @1;                    # find out what is there
  rehearse @2;                 # do it in a copy of the host that is thrown away
}

struct OperationPlan {
  # What dependencies, conditions, waves and policies are about: a part of a workflow, with its tasks.
  id @0 :Text;                 # unique in its workflow; "web[eu]" of a loop, "outer/inner" of a nested batch
  kind @1 :OperationKind;      # what its tasks have in common
  dependsOn @2 :List(Dependency);  # on earlier operations
  when @3 :Text;               # a condition, looked at once nothing before it is missing; empty: always
  firstTask @4 :UInt32;        # its tasks stand together; the operations' ranges follow one another and cover all tasks
  taskCount @5 :UInt32;        # how many they are; 0: none
  priority @6 :Int32;          # -100 to 100, higher first
  onFailure @7 :OnFailure = continue;  # what a failure of it means for the others
  maxFailures @8 :UInt32 = 0xffffffff;  # so many failed tasks are tolerated, one more stops it; the default: any one
                               # makes it a failure, none stops the others
  waves @9 :List(UInt32);      # where each wave ends, counted in its tasks; the last is taskCount; empty: one wave
  pauseMs @10 :UInt32;         # milliseconds between waves
  concurrencyGroup @11 :Text;  # shared by all workflows of the workspace; empty: none
  groupLimit @12 :UInt32;      # tasks of that group that may be out at once
  retry @13 :RetryPolicy;      # null: its defaults
  checkpoint @14 :Text;        # the name of what is reached when it has succeeded; empty: nothing
  note @15 :Text;              # for people, e.g. why nothing is to be done
  cluster @16 :Text;           # of clusterCreate and clusterDelete: which one becomes ready, or is removed, by its success
  removed @17 :ClusterSpec;    # of clusterDelete: what it removes, for an undo to declare it again; null: not known
}
enum OperationKind {
  tasks @0;                    # of a plain command: its tasks are all there is to it
  serverCreate @1;             # a provider makes servers, and their agents arrive
  serverDelete @2;             # a provider removes servers
  taskservCreate @3;           # task services are installed
  taskservDelete @4;           # task services are removed
  taskservCheck @5;            # task services are looked at
  clusterCreate @6;            # task services on several hosts, as one thing
  clusterDelete @7;            # the same, removed
  script @8;                   # a command or a script on hosts
  wait @9;                     # for a time, or a condition
  approval @10;                # for a person
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
  delayMs @0 :UInt32;          # milliseconds before the second attempt; 0: the platform's own
  maxDelayMs @1 :UInt32 = 300000;  # milliseconds; what it grows to at most
  exponential @2 :Bool = true; # doubles with each attempt
  jitterPercent @3 :UInt32;    # the delay varies by so much either way, at most 100
  onFailure @4 :Bool;          # also after an ordinary failure, not only interruptions and "try later"
}

struct WorkflowCancelRequested {
  # What has not begun of it is cancelled; what is out is asked to end.
  id @0 :Data;                 # of the workflow
  reason @1 :Text;             # why, for people
}
struct WorkflowEnded {
  # Every task of it has ended. The counts add up to its tasks.
  id @0 :Data;                 # of the workflow
  outcome @1 :Outcome;         # of all of it
  done @2 :UInt32;             # tasks that succeeded, changed something or not
  failed @3 :UInt32;           # tasks that failed, took too long, were interrupted or refused
  skipped @4 :UInt32;          # tasks that never began: skipped or cancelled
  inDoubt @5 :UInt32;          # tasks of which nobody knows
  notDelivered @6 :UInt32;     # tasks whose host was away for too long
  leaves @7 :Bool;             # the working set at once: it is large, and nothing of it can be retried or undone
}

struct TaskDispatched {
  # From here on it may run. What is sent is rendered from the log as it is by now.
  task @0 :Data;               # its id
  attempt @1 :UInt32;          # 1, 2, ...
  agent @2 :Data;              # key; empty: the coordinator itself runs it
  deadlineMs @3 :UInt64;       # log time: without a word until then it is in doubt
}
struct TaskStarted {
  # Not logged where the word of the end came with it: TaskEnded.started.
  task @0 :Data;               # its id
  attempt @1 :UInt32;          # that the agent has begun
}
enum Outcome {
  done @0;                     # as it was to be
  unchanged @1;                # the same, and nothing had to change
  failed @2;                   # its step said so
  interrupted @3;              # it did not end by itself, and none of its processes is left
  timedOut @4;                 # it took longer than it may
  cancelled @5;                # an operator did not want it any more
  skipped @6;                  # what it needs did not succeed, or its condition was false
  notDelivered @7;             # its host was away for too long; it has not run
  inDoubt @8;                  # nobody knows whether it ran; a later word of the agent settles it
  refused @9;                  # the agent or the platform would not do it
}
struct TaskEnded {
  task @0 :Data;               # its id
  attempt @1 :UInt32;          # 0: it ended before any attempt (skipped, cancelled, not delivered)
  outcome @2 :Outcome;         # of this attempt
  exitCode @3 :Int32;          # of the step; -signal when killed; 0 where there was no step
  message @4 :Text;            # why, for people
  outputBytes @5 :UInt64;      # as stored; the output itself stands outside the chain
  outputDigest @6 :Data;       # of the output as stored
  orderDigest @7 :Data;        # of the order as the agent received and ran it (rendered templates included)
  retryAtMs @8 :UInt64;        # not 0: this attempt ended so, and the next one starts then
  outputs @9 :List(Pair);      # what it said for later operations, sorted by name: [a-z][a-z0-9_]*, at most 64 long
  started @10 :Bool;           # it began too, and no TaskStarted says so: the agent told of both in one message,
  tookMs @11 :UInt64;          # and by its clock so much lay between them
}
struct TaskInDoubt {
  # Its deadline passed, or what knew of it was lost.
  task @0 :Data;               # its id
  attempt @1 :UInt32;          # that may have run
  reason @2 :Text;             # why nobody knows, for people
}

# ---- the course of a workflow

struct OperationOpened {
  # Its condition holds, or its next wave may go. The first wave of an operation without a condition needs no such word:
  # it may go once everything before it has ended.
  workflow @0 :Data;           # id
  operation @1 :UInt32;        # index
  wave @2 :UInt32;             # 0, 1, 2, ...
}
struct OperationSkipped {
  # None of its tasks will run; each of them ends so.
  workflow @0 :Data;           # id
  operation @1 :UInt32;        # index
  outcome @2 :Outcome = skipped;  # or cancelled
  unneeded @3 :Bool;           # its condition is false: what depends on it may go on
  reason @4 :Text;             # why, for people
}
struct WorkflowPaused {
  # Nothing new of it begins; what is out goes on.
  id @0 :Data;                 # of the workflow
  reason @1 :Text;             # why, for people
}
struct WorkflowResumed {
  id @0 :Data;                 # of the workflow, which goes on
}
struct WorkflowRetried {
  # What did not succeed, and what was skipped, is to run again: an ended workflow goes on.
  id @0 :Data;                 # of the workflow
  operations @1 :List(UInt32); # of these (indexes, ascending); not exact: and those behind them; none: of all of them
  inDoubt @2 :Bool;            # also what may have been done
  exact @3 :Bool;              # of these alone, each task with all its attempts anew; what else had failed is set aside:
                               # it stops and undoes nothing any more. False in logs of release 0.1
}
struct ApprovalGiven {
  # By whom: the event's principal.
  task @0 :Data;               # id of the task that asks
  approved @1 :Bool;           # false: the task is refused
  comment @2 :Text;            # for people
}

# ---- clusters

struct ClusterSpec {
  # Task services on several hosts that are one thing to their users.
  name @0 :Text;               # unique in its workspace
  infra @1 :Text;              # of its hosts
  version @2 :Text;            # of the extension
  servers @3 :List(Text);      # hostnames, sorted
  taskservs @4 :List(Text);    # in the order of installation
}
struct ClusterDeclared {
  spec @0 :ClusterSpec;        # replaces an earlier one of that name
}
struct ClusterReady {
  name @0 :Text;               # everything of it is installed
}
struct ClusterRemoved {
  name @0 :Text;               # nothing of it is left
}

# ---- the rest

struct SessionOpened {
  # A shell on a host, for the operator who is the event's principal. What is said in it is not logged.
  id @0 :Data;                 # 16 bytes, of the session
  agent @1 :Data;              # key of the agent that runs it
  server @2 :Text;             # hostname
  argv @3 :List(Text);         # the program and its arguments; none: the host's shell
  terminal @4 :Bool;           # it has a terminal of its own
}
struct SessionClosed {
  id @0 :Data;                 # of the session
  exitCode @1 :Int32;          # of its program; -signal when killed
  reason @2 :Text;             # why it ended, where it did not by itself
}
struct SecretCreated {
  # The value is in the coordinator's secret store, and nowhere in the log.
  reference @0 :Text;          # "<name>" within the workspace
  generated @1 :Bool;          # drawn by the coordinator; false: given by an operator
}
struct BlobStored {
  # The bytes are beside the chain, under their digest.
  digest @0 :Data;             # BLAKE2b-256 of the bytes
  bytes @1 :UInt64;            # how many they are
  kind @2 :Text;               # what they are, e.g. "bundle"
  name @3 :Text;               # for people, e.g. the extension's name
}
