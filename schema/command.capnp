@0xd2b8e5f18c604e03;
# What an operator can ask for, as bytes: coordinator/event_log/command_codec.h writes and reads them. The routes of
# docs/formats/rest.md make the same out of JSON. What agents report and what comes from inside is no part of this.
#
# The log keeps no commands, only what followed from them. It keeps a digest of what was asked for beside each command's
# id (Event.commandDigest), taken over `body` in Cap'n Proto's canonical form, where a field that holds its default
# takes no place: so fields that a later release adds change the digest of no command that does not use them.
#
# Rules: as in event.capnp. Ordinals are never reused, fields are only added. Ids are 16 bytes, keys and digests 32
# (BLAKE2b-256); empty data is none. Texts are UTF-8. Nothing here is believed because it decodes: whether hosts exist
# and expressions make sense is decided by the coordinator, against its state.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("schema");
using import "event.capnp".ClusterSpec;
using import "event.capnp".DependencyKind;
using import "event.capnp".OnFailure;
using import "event.capnp".OperationKind;
using import "event.capnp".OrderMode;
using import "event.capnp".Pair;
using import "event.capnp".RetryPolicy;
using import "event.capnp".ServerSpec;
using import "event.capnp".TaskservSpec;
using import "event.capnp".Transport;

struct Command {
  id @0 :Data;                   # 16 bytes, chosen by the caller; the same id from the same subject in the same
                                 # workspace: the same answer. With another body it is refused. Empty: not remembered
  workspace @1 :Text;            # name; empty for what concerns the platform itself
  subject @2 :Text;              # who asks, e.g. "uid:0"; set by the transport, never by the message
  credential @3 :Text;           # how that was proved, e.g. "peer", "token:<id>"
  transport @4 :Transport;       # by which way it came
  body :union {
    registerWorkspace @5 :Void;  # the workspace above becomes known
    createServers @6 :CreateServers;
    deleteServers @7 :DeleteServers;
    createTaskservs @8 :CreateTaskservs;
    deleteTaskservs @9 :DeleteTaskservs;
    exec @10 :RunExec;
    noop @11 :RunNoop;
    cancelWorkflow @12 :Data;    # id of a workflow: what has not begun of it is cancelled
    createJoinToken @13 :CreateJoinToken;
    drainAgent @14 :Data;        # key of an agent, which gets no further work
    undrainAgent @15 :Data;      # key of an agent, which gets work again
    removeAgent :group {
      agent @16 :Data;           # key of an agent, which is served no more
      reason @18 :Text;          # why, for people
    }
    storeBlob :group {           # the bytes themselves are handed over beside the command
      digest @17 :Data;          # of them
      bytes @19 :UInt64;         # how many they are
      kind @20 :Text;            # what they are, e.g. "bundle"
      name @21 :Text;            # for people, e.g. the extension's name
    }
    checkTaskservs @22 :CheckTaskservs;
    openSession @23 :OpenSession;
    acceptDamage @24 :AcceptDamage;
    submitBatch @25 :SubmitBatch;
    pauseWorkflow @26 :PauseWorkflow;
    resumeWorkflow @27 :Data;    # id of a paused workflow, which goes on
    retryWorkflow @28 :RetryWorkflow;
    rollbackWorkflow @29 :RollbackWorkflow;
    approveTask @30 :ApproveTask;
  }
  plan @31 :Data;                # digest of a plan (docs/formats/rest.md): done only if it would still do exactly that;
                                 # empty: whatever follows now
}

# ---- servers and task services

struct CreateServers {
  infra @0 :Text;                # that they belong to
  servers @1 :List(ServerSpec);  # each hostname once
}
struct DeleteServers {
  infra @0 :Text;                # that they must belong to; empty: any
  hostnames @1 :List(Text);
}
struct CreateTaskservs {
  infra @0 :Text;                # of the hosts
  taskservs @1 :List(Requirement);  # in the order of installation
  again @2 :Bool;                # also those that are installed as described
}
struct Requirement {
  spec @0 :TaskservSpec;
  after @1 :List(UInt32);        # indexes into the same list, smaller than its own: what must be installed before
}
struct DeleteTaskservs {
  infra @0 :Text;                # of the hosts
  taskservs @1 :List(TaskservSpec);  # as they were installed, in the order of removal
}
struct CheckTaskservs {
  # Runs their check scripts and changes nothing.
  infra @0 :Text;                # of the hosts
  taskservs @1 :List(TaskservSpec);  # as they were installed
}

# ---- plain work

struct RunExec {
  servers @0 :List(Text);        # hostnames
  argv @1 :List(Text);           # the program and its arguments; no shell in between
  stdin @2 :Data;                # what it reads from standard input
  timeoutS @3 :UInt32;           # seconds that one run may take
}
struct RunNoop {
  servers @0 :List(Text);        # hostnames over which the tasks are spread
  count @1 :UInt32;              # tasks that do nothing
}

# ---- batches: a batch file as the client resolved it (docs/formats/batch.md). Expressions are texts, so that an error
# can quote them.

struct SubmitBatch {
  name @0 :Text;                 # of the batch, for people
  version @1 :Text;              # of its file, for people
  infra @2 :Text;                # of the hosts
  parallelLimit @3 :UInt32;      # tasks that may be out at once; 0: the platform's own limit
  preserveSuccessful @4 :Bool;   # a rollback leaves alone what succeeded
  params @5 :List(Pair);         # what conditions and arguments may read, sorted by key
  operations @6 :List(BatchOperation);
}
struct BatchOperation {
  id @0 :Text;                   # unique in the batch
  kind @1 :OperationKind;
  dependencies @2 :List(BatchDependency);
  when @3 :Text;                 # a condition; empty: always
  targets @4 :Text;              # an expression over hosts; empty: every host that the operation itself names
  limit @5 :Text;                # "5" or "10%" of the targets; empty: all
  seed @6 :UInt64;               # chooses which ones those are
  forEachTargets @7 :Text;       # an expression: once for each host, {{item}} is its name; empty: once
  rolling @8 :Rolling;           # null: all hosts at once
  retries @9 :UInt32;            # further attempts that each task has
  timeoutS @10 :UInt32;          # seconds of one attempt; 0: the kind's own
  retry @11 :RetryPolicy;        # null: its defaults
  priority @12 :Int32;           # -100 to 100, higher first
  onFailure @13 :OnFailure;
  maxFailures @14 :Text;         # "2" or "10%" of its hosts; empty: none is tolerated, and none stops the others
  concurrencyGroup @15 :Text;    # shared by all workflows of the workspace; empty: none
  groupLimit @16 :UInt32;        # tasks of that group that may be out at once
  checkpoint @17 :Text;          # the name of what is reached when it has succeeded; empty: nothing
  outputs @18 :List(Text);       # names that its steps must say; conditions may read these alone
  mode @19 :OrderMode;           # how far the agents may go
  # What follows belongs to one kind or another, and is empty in the others.
  servers @20 :List(ServerSpec);      # serverCreate
  hostnames @21 :List(Text);          # serverDelete
  taskservs @22 :List(Requirement);   # of task services and clusters, in the order of installation; one whose spec
                                      # names no server is for every target that has no entry of its own
  cluster @23 :ClusterSpec;           # of clusters; null: none
  script @24 :BatchScript;            # script; null: none
  undo @25 :BatchScript;              # script: what takes it back; null: nothing does
  waitS @26 :UInt32;                  # wait: seconds
  until @27 :Text;                    # wait: a condition; empty: the time alone
  prompt @28 :Text;                   # approval: what a person is asked
}
struct BatchDependency {
  id @0 :Text;                   # of another operation of the batch
  kind @1 :DependencyKind;
}
struct Rolling {
  batch @0 :Text;                # hosts at once: "10" or "20%"; empty: all
  canary @1 :UInt32;             # hosts of a first wave of its own; 0: there is none
  pauseS @2 :UInt32;             # seconds between waves
  healthCheck @3 :Bool;          # a host counts as done when its task services' checks say so
}
struct BatchScript {
  argv @0 :List(Text);           # of a script in a bundle: its arguments, without its name
  stdin @1 :Data;                # what it reads from standard input
  bundle @2 :Data;               # digest; empty: argv[0] is the program, else `script` of that bundle is
  script @3 :Text;               # path within the bundle
  environment @4 :List(Pair);    # beyond the agent's own, sorted by name
}

# ---- the course of a workflow

struct PauseWorkflow {
  workflow @0 :Data;             # id; nothing new of it begins, what is out goes on
  reason @1 :Text;               # why, for people
}
struct RetryWorkflow {
  workflow @0 :Data;             # id
  operations @1 :List(Text);     # ids of the operations that are tried again, with those behind them; none: all
  inDoubt @2 :Bool;              # also what may have been done
}
struct RollbackWorkflow {
  workflow @0 :Data;             # id
  checkpoint @1 :Text;           # back to there; empty: everything
}
struct ApproveTask {
  task @0 :Data;                 # id; or its workflow's, where one approval is open
  approved @1 :Bool = true;      # false: it must not go on
  comment @2 :Text;              # for people
}

# ---- the rest

struct CreateJoinToken {
  server @0 :Text;               # hostname that may enrol with it
  validS @1 :UInt32;             # seconds
  secretHash @2 :Data;           # BLAKE2b-256 of the secret, which the coordinator draws: no part of the digest of what
                                 # was asked for
}
struct OpenSession {
  server @0 :Text;               # hostname
  argv @1 :List(Text);           # the program and its arguments; none: the host's shell
  terminal @2 :Bool;             # in a terminal of its own
}
struct AcceptDamage {
  reason @0 :Text;               # why, for people; it stands in the log
  attestedEpoch @1 :UInt32;      # the highest epoch that an agent has seen. The coordinator knows it where it is 0, so
                                 # it is no part of the digest of what was asked for
}
