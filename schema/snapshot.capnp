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
  logId @0 :Data;
  sequence @1 :UInt64;
  logTimeMs @2 :UInt64;
  epoch @3 :UInt32;
  workspaces @4 :List(Text);
  joinTokens @5 :List(JoinToken);
  agents @6 :List(Agent);
  servers @7 :List(Server);
  taskservs @8 :List(Taskserv);
  workflows @9 :List(Workflow);
  sessions @10 :List(Session);
  secrets @11 :List(Secret);
  answers @12 :List(Answer);
  frozen @13 :List(Frozen);
  endedWorkflows @14 :UInt64;      # of all time; ended ones leave the working set after a while
  endedOrder @16 :List(Data);      # ids of the ended workflows above, in the order they ended
  acceptedEpoch @15 :UInt32;       # the epoch that began when an operator last accepted a damaged or shorter log
  clusters @17 :List(Cluster);
  durations @18 :List(Duration);   # what kinds of steps took: what estimates are made of
}
struct JoinToken { id @0 :Data; secretHash @1 :Data; workspace @2 :Text; server @3 :Text; expiresMs @4 :UInt64; }
struct Agent {
  key @0 :Data; sealKey @1 :Data; workspace @2 :Text; server @3 :Text; draining @4 :Bool; reachable @5 :Bool;
  facts @6 :Facts; enrolledMs @7 :UInt64;
}
struct Server {
  workspace @0 :Text; spec @1 :ServerSpec; status @2 :Text; providerId @3 :Text; address @4 :Text;
  coordinatorAddress @5 :Text; createdMs @6 :UInt64; runtime @7 :Text;
}
struct Taskserv {
  workspace @0 :Text; infra @1 :Text; spec @2 :TaskservSpec; status @3 :Text; installedVersion @4 :Text;
  installedMs @5 :UInt64; message @6 :Text;
}
struct Cluster { workspace @0 :Text; spec @1 :ClusterSpec; status @2 :Text; readyMs @3 :UInt64; }
struct Workflow {
  id @0 :Data; workspace @1 :Text; kind @2 :Text; name @3 :Text; infra @4 :Text; parallelLimit @5 :UInt32;
  subject @6 :Text; credential @7 :Text; submittedMs @8 :UInt64; endedMs @9 :UInt64; outcome @10 :Outcome;
  ended @11 :Bool; cancelling @12 :Bool; tasks @13 :List(Task); transport @14 :Transport;
  operations @15 :List(Operation); # none: one, of all tasks, whose course follows from theirs
  params @16 :List(Pair); paused @17 :Bool; preserveSuccessful @18 :Bool;
  rollsBack @19 :Data;             # the workflow that this one undoes; empty: none
  rollbacks @20 :UInt32;           # that were begun of this one
  retries @21 :UInt32;             # by an operator's wish; each gives every task as many attempts again
  checkpoints @22 :List(Checkpoint); approvals @23 :List(Approval); notes @24 :List(Text);
}
struct Operation {
  plan @0 :OperationPlan;
  status @1 :Text;                 # waiting, due, open, ended
  outcome @2 :Outcome;             # once it has ended
  unneeded @3 :Bool;               # its condition was false
  message @4 :Text;                # why it was skipped or stopped
  wavesOpened @5 :UInt32;
}
struct Checkpoint { name @0 :Text; sequence @1 :UInt64; }   # sequence: of the event by which it was reached
struct Approval {
  task @0 :UInt32;                 # index
  approved @1 :Bool; subject @2 :Text; credential @3 :Text; transport @4 :Transport; atMs @5 :UInt64; comment @6 :Text;
}
struct Task {
  plan @0 :TaskPlan; status @1 :Text; attempt @2 :UInt32; agent @3 :Data; dispatchSequence @4 :UInt64;
  readyMs @5 :UInt64; startedMs @6 :UInt64; endedMs @7 :UInt64; deadlineMs @8 :UInt64; outcome @9 :Outcome;
  exitCode @10 :Int32; message @11 :Text; outputBytes @12 :UInt64; outputDigest @13 :Data; retryAtMs @14 :UInt64;
  endedSequence @15 :UInt64;       # of the event by which it ended
  outputs @16 :List(Pair);
}
struct Duration { kind @0 :Text; count @1 :UInt32; meanMs @2 :UInt64; }   # kind: e.g. "install postgres"
struct Session { id @0 :Data; workspace @1 :Text; agent @2 :Data; server @3 :Text; openedMs @4 :UInt64; }
struct Secret { workspace @0 :Text; reference @1 :Text; }
struct Answer { subject @0 :Text; workspace @1 :Text; commandId @2 :Data; sequence @3 :UInt64; logTimeMs @4 :UInt64;
                subjectId @5 :Data; }   # subjectId: the workflow or token that the command made
struct Frozen { aggregateKind @0 :UInt16; aggregateId @1 :Data; sequence @2 :UInt64; reason @3 :Text; }
