@0xc2a1d09b6e4f7a35;
# The words of tasks of one commit, side by side (coordinator/event_log/commit.h says where it stands). They are nearly
# all of a busy log, and most of what their envelopes say (event.capnp) is the same from one to the next, or follows
# from the task's id: an entry here is a quarter of the same event as a message of its own.
#
# Rules: those of event.capnp. What an entry cannot say is an event of its own: one with a command's id, of an outcome
# that is not known here, or of another version.

using Cxx = import "/capnp/c++.capnp";
using Event = import "event.capnp";
$Cxx.namespace("schema");

struct TaskTable {
  logId @0 :Data;              # of every entry
  logTimeMs @1 :UInt64;        # from which entries count their log time,
  wallTimeMs @2 :UInt64;       # and their wall time
  speakers @3 :List(Speaker);
  agents @4 :List(Data);       # keys
  dispatched @5 :List(Dispatched);
  started @6 :List(Started);
  ended @7 :List(Ended);
  endedPlainly @8 :List(EndedPlainly);  # only in commits of version 3

  struct Speaker {
    # What the envelopes of many events have in common.
    epoch @0 :UInt32;
    workspace @1 :Text;
    subject @2 :Text;
    credential @3 :Text;
    transport @4 :Event.Transport;
  }

  # Each entry begins with its envelope: its place in the commit (0: the first event), an index into `speakers`, by how
  # many events it came behind the one that led to it (0: none did), and times behind those of the table. It is about
  # the task, and belongs to its workflow. `taskFirst` and `taskLast` are the task's id as two little-endian numbers.

  struct Dispatched {
    place @0 :UInt32;
    speaker @1 :UInt32;
    causedBack @2 :UInt32;
    logAfterMs @3 :UInt32;
    wallAfterMs @4 :Int32;
    attempt @5 :UInt32;
    taskFirst @6 :UInt64;
    taskLast @7 :UInt64;
    agentTimeMs @8 :UInt64;

    agent @9 :UInt32;          # index + 1 into `agents`, 0: the coordinator itself runs it
    deadlineMs @10 :UInt64;
  }
  struct Started {
    place @0 :UInt32;
    speaker @1 :UInt32;
    causedBack @2 :UInt32;
    logAfterMs @3 :UInt32;
    wallAfterMs @4 :Int32;
    attempt @5 :UInt32;
    taskFirst @6 :UInt64;
    taskLast @7 :UInt64;
    agentTimeMs @8 :UInt64;
  }
  struct Ended {
    place @0 :UInt32;
    speaker @1 :UInt32;
    causedBack @2 :UInt32;
    logAfterMs @3 :UInt32;
    wallAfterMs @4 :Int32;
    attempt @5 :UInt32;
    taskFirst @6 :UInt64;
    taskLast @7 :UInt64;
    agentTimeMs @8 :UInt64;

    outcome @9 :Event.Outcome;
    started @10 :Bool;         # this and the rest as TaskEnded in event.capnp says
    exitCode @11 :Int32;
    tookMs @12 :UInt64;
    retryAtMs @13 :UInt64;
    outputBytes @14 :UInt64;
    message @15 :Text;
    outputs @16 :List(Event.Pair);
    # Digests as four little-endian numbers each, as nearly every entry has both.
    outputDigest0 @17 :UInt64;
    outputDigest1 @18 :UInt64;
    outputDigest2 @19 :UInt64;
    outputDigest3 @20 :UInt64;
    orderDigest0 @21 :UInt64;
    orderDigest1 @22 :UInt64;
    orderDigest2 @23 :UInt64;
    orderDigest3 @24 :UInt64;
  }
  struct EndedPlainly {
    # An end of which there is no more to say: no output, no message, nothing to hand on, exit code 0, not tried again.
    # Half as long as the other.
    place @0 :UInt32;
    speaker @1 :UInt32;
    causedBack @2 :UInt32;
    logAfterMs @3 :UInt32;
    wallAfterMs @4 :Int32;
    attempt @5 :UInt32;
    taskFirst @6 :UInt64;
    taskLast @7 :UInt64;
    agentTimeMs @8 :UInt64;

    tookMs @9 :UInt32;
    outcome @10 :Event.Outcome;
    started @11 :Bool;
    orderDigest0 @12 :UInt64;
    orderDigest1 @13 :UInt64;
    orderDigest2 @14 :UInt64;
    orderDigest3 @15 :UInt64;
  }
}
