@0xd59a1c7e4b20f863;
# The index of workflows beside the log (coordinator/event_log/workflow_index.h): what a list tells of a workflow, so
# that a page of old runs is read without the events behind it. Derived from the log, and made again from there.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("schema");
using import "event.capnp".Outcome;
using import "event.capnp".Transport;

struct IndexedSubmission {
  commit @0 :UInt64;           # that holds the event
  sequence @1 :UInt64;         # of the event
  logTimeMs @2 :UInt64;
  workspace @3 :Text;
  kind @4 :Text;
  name @5 :Text;
  infra @6 :Text;
  subject @7 :Text;            # who asked
  credential @8 :Text;
  transport @9 :Transport;
  tasks @10 :UInt32;           # how many
  operations @11 :UInt32;
  rollsBack @12 :Data;         # the workflow that it undoes; empty: none
}

struct IndexedEnd {
  commit @0 :UInt64;
  sequence @1 :UInt64;
  logTimeMs @2 :UInt64;
  outcome @3 :Outcome;
  done @4 :UInt32;             # tasks by how they ended, as WorkflowEnded counts them
  failed @5 :UInt32;
  skipped @6 :UInt32;
  inDoubt @7 :UInt32;
  notDelivered @8 :UInt32;
  followed @9 :Bool;           # the same commit holds later events of the workflow
}
