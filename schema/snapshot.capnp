@0xe3c7f6029d714e04;
# The folded state at one sequence: what a snapshot stores, what `audit replay --at` prints, and what the state hash
# is taken over (BLAKE2b-256 of the flat message as state_codec writes it: Cap'n Proto's canonical form in one segment,
# lists in key order). A field that holds its default takes no place there, so fields that a later release adds change
# the hash of no state that does not use them. Nothing volatile is in it: no connections, no heartbeats, no indexes that
# can be derived.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("schema");
using import "event.capnp".ClusterSpec;
using import "event.capnp".Facts;
using import "event.capnp".OperationPlan;
using import "event.capnp".Outcome;
using import "event.capnp".Pair;
using import "event.capnp".ServerSpec;
using import "event.capnp".TaskPlan;
using import "event.capnp".TaskservSpec;
using import "event.capnp".Transport;

struct State {
  logId @0 :Data;                  # 16 bytes
  sequence @1 :UInt64;             # of the last event that was folded
  logTimeMs @2 :UInt64;            # of that event
  epoch @3 :UInt32;                # of the coordinator that wrote it
  workspaces @4 :List(Text);       # names, sorted
  joinTokens @5 :List(JoinToken);  # that can still be used, by id
  agents @6 :List(Agent);          # by key
  servers @7 :List(Server);        # by workspace and hostname
  taskservs @8 :List(Taskserv);    # by workspace, hostname and name
  workflows @9 :List(Workflow);    # the working set, by id
  sessions @10 :List(Session);     # that are open, by id
  secrets @11 :List(Secret);       # that there are, without their values
  answers @12 :List(Answer);       # what repeated commands get again
  frozen @13 :List(Frozen);        # aggregates that missed an event
  endedWorkflows @14 :UInt64;      # of all time; ended ones leave the working set after a while
  endedOrder @16 :List(Data);      # ids of the ended workflows above, in the order they ended
  acceptedEpoch @15 :UInt32;       # the epoch that began when an operator last accepted a damaged or shorter log
  clusters @17 :List(Cluster);     # by workspace and name
  durations @18 :List(Duration);   # what kinds of steps took: what estimates are made of
}
struct JoinToken {
  id @0 :Data;                     # 16 bytes
  secretHash @1 :Data;             # BLAKE2b-256 of the secret
  workspace @2 :Text;              # of the host
  server @3 :Text;                 # the host that it is for
  expiresMs @4 :UInt64;            # log time
}
struct Agent {
  key @0 :Data;                    # CURVE public key, 32 bytes
  sealKey @1 :Data;                # X25519 public key, 32 bytes
  workspace @2 :Text;              # of its host
  server @3 :Text;                 # hostname of its host
  draining @4 :Bool;               # it gets no further work
  reachable @5 :Bool;              # between AgentConnected and AgentLost
  facts @6 :Facts;                 # as it last said
  enrolledMs @7 :UInt64;           # log time
}
struct Server {
  workspace @0 :Text;              # that it belongs to
  spec @1 :ServerSpec;             # as it is wanted
  status @2 :Text;                 # declared, created, ready, failed
  providerId @3 :Text;             # by which the provider knows it
  address @4 :Text;                # at which it is reached
  coordinatorAddress @5 :Text;     # at which the coordinator is reached from there
  createdMs @6 :UInt64;            # log time; 0: not yet
  runtime @7 :Text;                # that the provider took
}
struct Taskserv {
  workspace @0 :Text;              # of its host
  infra @1 :Text;                  # of its host
  spec @2 :TaskservSpec;           # as it is wanted
  status @3 :Text;                 # declared, installed, failed
  installedVersion @4 :Text;       # that is there; empty: none
  installedMs @5 :UInt64;          # log time; 0: not yet
  message @6 :Text;                # of the last attempt
}
struct Cluster {
  workspace @0 :Text;              # that it belongs to
  spec @1 :ClusterSpec;            # as it is wanted
  status @2 :Text;                 # declared, ready
  readyMs @3 :UInt64;              # log time; 0: not yet
}
struct Workflow {
  id @0 :Data;                     # 16 bytes; the last four are zero
  workspace @1 :Text;              # that it belongs to
  kind @2 :Text;                   # what was asked for, e.g. server_create
  name @3 :Text;                   # for people
  infra @4 :Text;                  # of its hosts
  parallelLimit @5 :UInt32;        # tasks of it that may be out at once
  subject @6 :Text;                # who asked for it; it is authorized again by them when a task goes out
  credential @7 :Text;             # how that was proved
  submittedMs @8 :UInt64;          # log time
  endedMs @9 :UInt64;              # log time; 0: not yet
  outcome @10 :Outcome;            # once it has ended
  ended @11 :Bool;                 # every task of it has
  cancelling @12 :Bool;            # nothing more of it begins
  tasks @13 :List(Task);           # operation by operation
  transport @14 :Transport;        # by which way it was asked for
  operations @15 :List(Operation); # none: one, of all tasks, whose course follows from theirs
  params @16 :List(Pair);          # what conditions and arguments may read, sorted by key
  paused @17 :Bool;                # nothing new of it begins until it is resumed
  preserveSuccessful @18 :Bool;    # a rollback of it leaves alone what succeeded
  rollsBack @19 :Data;             # the workflow that this one undoes; empty: none
  rollbacks @20 :UInt32;           # that were begun of this one
  retries @21 :UInt32;             # by an operator's wish
  checkpoints @22 :List(Checkpoint);  # that were reached, in that order
  approvals @23 :List(Approval);   # that were given or denied, in that order
  notes @24 :List(Text);           # for people
}
struct Operation {
  plan @0 :OperationPlan;          # as it was submitted
  status @1 :Text;                 # waiting, due, open, ended
  outcome @2 :Outcome;             # once it has ended
  unneeded @3 :Bool;               # its condition was false
  message @4 :Text;                # why it was skipped or stopped
  wavesOpened @5 :UInt32;          # that may go, of its plan's
  setAside @6 :Bool;               # a retry went on beside its failure, which stops and undoes nothing any more
}
struct Checkpoint {
  name @0 :Text;                   # as the operation gave it
  sequence @1 :UInt64;             # of the event by which it was reached
}
struct Approval {
  task @0 :UInt32;                 # index
  approved @1 :Bool;               # or denied
  subject @2 :Text;                # by whom
  credential @3 :Text;             # how that was proved
  transport @4 :Transport;         # by which way it came
  atMs @5 :UInt64;                 # log time
  comment @6 :Text;                # for people
}
struct Task {
  plan @0 :TaskPlan;               # as it was submitted
  status @1 :Text;                 # pending, ready, dispatched, running, ended
  attempt @2 :UInt32;              # the last one that was dispatched; 0: none
  agent @3 :Data;                  # key, of that attempt; empty: the coordinator
  dispatchSequence @4 :UInt64;     # of that attempt's TaskDispatched
  readyMs @5 :UInt64;              # log time since when it waits for its host, a slot or a retry
  startedMs @6 :UInt64;            # log time; 0: not yet
  endedMs @7 :UInt64;              # log time; 0: not yet
  deadlineMs @8 :UInt64;           # log time at which it is in doubt without a word
  outcome @9 :Outcome;             # of the last attempt that ended
  exitCode @10 :Int32;             # of its step
  message @11 :Text;               # why it ended so, for people
  outputBytes @12 :UInt64;         # as stored
  outputDigest @13 :Data;          # of the output as stored
  retryAtMs @14 :UInt64;           # log time of the next attempt; 0: none is due
  endedSequence @15 :UInt64;       # of the event by which it ended
  outputs @16 :List(Pair);         # what it said for later operations, sorted by name
  attemptsBefore @17 :UInt32;      # of `attempt`: those before a person last had it begun again
}
struct Duration {
  kind @0 :Text;                   # of step, e.g. "install postgres"
  count @1 :UInt32;                # of those that succeeded
  meanMs @2 :UInt64;               # what they took; the newer ones weigh more
}
struct Session {
  id @0 :Data;                     # 16 bytes
  workspace @1 :Text;              # of its host
  agent @2 :Data;                  # key of the agent that runs it
  server @3 :Text;                 # hostname
  openedMs @4 :UInt64;             # log time
}
struct Secret {
  workspace @0 :Text;              # that it belongs to
  reference @1 :Text;              # its name there
}
struct Answer {
  # An operator's command, by its key of three; kept for a day, as long as there are not too many.
  subject @0 :Text;                # who asked
  workspace @1 :Text;              # in which workspace
  commandId @2 :Data;              # by the id that the caller chose: 16 bytes
  sequence @3 :UInt64;             # of the last event of it
  logTimeMs @4 :UInt64;            # of that event
  subjectId @5 :Data;              # the workflow, token or session that it made; empty: none
  commandDigest @6 :UInt32;        # of what was asked for (Event.commandDigest); 0: not known
}
struct Frozen {
  aggregateKind @0 :UInt16;        # AggregateKind
  aggregateId @1 :Data;            # as in Event
  sequence @2 :UInt64;             # of the event that it missed
  reason @3 :Text;                 # why that could not be folded
}
