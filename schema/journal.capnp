@0xf1a5d2c8936e4e05;
# What an agent keeps on its host's disk: the records of its journal, and the files by which a step's supervisor and
# the agent understand each other across restarts of either.
#
# The journal file is "PROVJNL1", then records: marker "PJR1", length of the payload (4 bytes, little-endian), the
# first 8 bytes of the payload's BLAKE2b-256, payload (a JournalRecord as a flat message). agent/journal/record.h.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("schema");
using import "agent.capnp".Order;
using import "agent.capnp".Variable;
using import "event.capnp".Outcome;

struct JournalRecord {
  timeMs @0 :UInt64;               # the agent's wall clock
  union {
    identity @1 :JournalIdentity;  # first record of every journal: whose it is
    seen @2 :Seen;
    assigned @3 :Assigned;
    started @4 :Started;
    ended @5 :StepEnded;
    reported @6 :StepRef;          # the coordinator has acknowledged its end: output and folder may go
    distrust @7 :UInt64;           # a journal was lost: orders up to this sequence that it does not hold may have run
  }
}
struct JournalIdentity { agent @0 :Data; logId @1 :Data; }
struct Seen {
  epoch @0 :UInt32;                # the highest that it has obeyed
  settledThrough @1 :UInt64;       # orders up to here are forgotten and never taken again
  logSequence @2 :UInt64;          # the highest durable end of the log that it was shown
}
struct StepRef { task @0 :Data; attempt @1 :UInt32; }
struct Assigned {
  order @0 :Data;                  # as encode(Order) makes it; without its action once the step has started
  orderDigest @1 :Data;            # of the order as it came
  bootId @2 :Text;                 # the boot of the host in which it came
}
struct Started { step @0 :StepRef; bootId @1 :Text; }   # written before; so the supervisor's pid is in its own folder
struct StepEnded {
  step @0 :StepRef;
  outcome @1 :Outcome;
  exitCode @2 :Int32;
  message @3 :Text;
  outputBytes @4 :UInt64;
  outputDigest @5 :Data;
  outputs @6 :List(Variable);
}

# ---- a step's folder: spec and verdict, see agent/executor/step_dir.h

struct StepSpec {
  argv @0 :List(Text);
  environment @1 :List(Text);      # NAME=value, exactly what the step gets
  timeoutS @2 :UInt32;             # SIGTERM to the group then, SIGKILL graceMs later; 0: no limit
  graceMs @3 :UInt32;
  outputLimit @4 :UInt64;          # bytes of output that are kept; what follows is counted
  memoryLimit @5 :UInt64;          # bytes of address space, 0: no limit
  hasStdin @6 :Bool;               # standard input is the file "stdin", else /dev/null
  kind @7 :Kind;                   # what its exit codes mean
  enum Kind { exec @0; script @1; check @2; }
  mode @8 :Order.Mode;             # where it runs
}
struct StepVerdict {
  exitCode @0 :Int32;              # when it ended by itself
  signal @1 :Int32;                # else the signal that ended it
  timedOut @2 :Bool;
  cancelled @3 :Bool;
  problem @4 :Text;                # not empty: it could not be started, and why
  outputBytes @5 :UInt64;          # of the file, marker included
  droppedBytes @6 :UInt64;
  outputDigest @7 :Data;
  userMs @8 :UInt64;  systemMs @9 :UInt64;  maxResidentKib @10 :UInt64;   # of the step and what it waited for
  outputs @11 :List(Variable);
  note @12 :Text;                  # what people should know beside how it ended; part of the message
  refused @13 :Text;               # not empty: this host cannot run it as it was ordered (its mode), and why; nothing ran
}
