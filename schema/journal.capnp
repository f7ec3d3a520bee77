@0xf1a5d2c8936e4e05;
# What an agent keeps on its host's disk: the records of its journal, and the files by which a step's supervisor and
# the agent understand each other across restarts of either.
#
# The journal file is "PROVJNL1", then records: marker, length of the payload (4 bytes, little-endian), a check of 8
# bytes, payload: agent/journal/record_codec.h. What is written now ("PJR3") is no message but what
# agent/journal/payload.h says. The payload of earlier releases ("PJR1", "PJR2") is a JournalRecord as a flat message,
# and is read for ever.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("schema");
using import "agent.capnp".Order;
using import "agent.capnp".Variable;
using import "event.capnp".Outcome;

struct JournalRecord {             # read, and not written any more: it gets no new field
  timeMs @0 :UInt64;               # the agent's wall clock
  union {
    identity @1 :JournalIdentity;  # first record of every journal: whose it is
    seen @2 :Seen;                 # what it has heard of its coordinator
    assigned @3 :Assigned;         # an order was taken
    started @4 :Started;           # its step is about to run
    ended @5 :StepEnded;           # the verdict
    reported @6 :StepRef;          # the coordinator has acknowledged its end: output and folder may go
    distrust @7 :UInt64;           # a journal was lost: orders up to this sequence that it does not hold may have run
  }
}
struct JournalIdentity {
  agent @0 :Data;                  # its CURVE public key, 32 bytes
  logId @1 :Data;                  # 16 bytes: the log that it obeys
}
struct Seen {
  epoch @0 :UInt32;                # the highest that it has obeyed
  settledThrough @1 :UInt64;       # orders up to here are forgotten and never taken again
  logSequence @2 :UInt64;          # the highest durable end of the log that it was shown
}
struct StepRef {
  task @0 :Data;                   # 16 bytes
  attempt @1 :UInt32;              # 1, 2, ...
}
struct Assigned {
  order @0 :Data;                  # as encode(Order) makes it; without its action once the step has started
  orderDigest @1 :Data;            # of the order as it came
  bootId @2 :Text;                 # the boot of the host in which it came
}
struct Started {
  # Written before it starts; so the supervisor's pid is in the step's own folder.
  step @0 :StepRef;
  bootId @1 :Text;                 # the boot of the host in which it was started
}
struct StepEnded {
  step @0 :StepRef;
  outcome @1 :Outcome;             # as it will be reported
  exitCode @2 :Int32;              # of the step; -signal when killed; 0 where there was no step
  message @3 :Text;                # why, for people
  outputBytes @4 :UInt64;          # of all its output
  outputDigest @5 :Data;           # of all its output: 32 bytes
  outputs @6 :List(Variable);      # what it said for later operations, sorted by name
}

# ---- a step's folder: spec and verdict, see agent/executor/step_dir.h

struct StepSpec {
  argv @0 :List(Text);
  environment @1 :List(Text);      # NAME=value, exactly what the step gets
  timeoutS @2 :UInt32;             # SIGTERM to the group then, SIGKILL graceMs later; 0: no limit
  graceMs @3 :UInt32;              # milliseconds between the two
  outputLimit @4 :UInt64;          # bytes of output that are kept; what follows is counted
  memoryLimit @5 :UInt64;          # bytes of address space, 0: no limit
  hasStdin @6 :Bool;               # standard input is the file "stdin", else /dev/null
  kind @7 :Kind;                   # what its exit codes mean
  enum Kind {
    exec @0;                       # 0: done; anything else: failed
    script @1;                     # as docs/guides/extension-contract.md says of scripts/install and uninstall
    check @2;                      # as it says of scripts/check
  }
  mode @8 :Order.Mode;             # where it runs
  name @9 :Text;                   # of its folder
}
struct StepVerdict {
  exitCode @0 :Int32;              # when it ended by itself
  signal @1 :Int32;                # else the signal that ended it
  timedOut @2 :Bool;               # it was ended, because its time was over
  cancelled @3 :Bool;              # it was ended, because nobody wanted it any more
  problem @4 :Text;                # not empty: it could not be started, and why
  outputBytes @5 :UInt64;          # of the file, marker included
  droppedBytes @6 :UInt64;         # of output beyond the limit
  outputDigest @7 :Data;           # of the file: 32 bytes
  userMs @8 :UInt64;               # processor time of the step and what it waited for, in programs
  systemMs @9 :UInt64;             # the same, in the kernel
  maxResidentKib @10 :UInt64;      # the most memory that one process of them had
  outputs @11 :List(Variable);     # what it wrote to PROV_OUTPUTS, sorted by name
  note @12 :Text;                  # what people should know beside how it ended; part of the message
  refused @13 :Text;               # not empty: this host cannot run it as ordered (its mode), and why; nothing ran
}
