@0xc1a9d4e07b5f4e02;
# What travels between a coordinator and an agent, one message per ZeroMQ frame, inside CURVE.
#
# Nothing in a message can claim an identity: the sender is the CURVE key that ZAP authenticated. Every message is
# bounded (kMaxFrameBytes in common/wire/agent_wire.h); a message that is too large, does not decode or is out of
# place is refused, counted and logged, and nobody else notices.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("schema");
using import "event.capnp".Facts;
using import "event.capnp".Outcome;

# ---- enrolment endpoint: an unknown key may say one thing, and hears one answer

struct EnrolRequest {
  tokenId @0 :Data;                  # 16 bytes, from the join token
  secret @1 :Data;                   # 32 bytes, from the join token; good for one enrolment
  sealKey @2 :Data;                  # X25519 public key, 32 bytes: secrets for this host are sealed to it
}
struct EnrolAnswer {
  union {
    accepted @0 :EnrolAccepted;
    refused @1 :Text;                # why, for people
  }
}
struct EnrolAccepted {
  workspace @0 :Text;                # that the host belongs to
  server @1 :Text;                   # hostname that the token was for
  linkEndpoint @2 :Text;             # tcp://ADDRESS:PORT, numeric. Its port counts; its address is the coordinator's
                                     # first one, and an agent takes the address at which it enrolled
  logId @3 :Data;                    # 16 bytes: the log that this agent obeys from here on
  epoch @4 :UInt32;                  # of the coordinator
}

# ---- agent to coordinator

struct FromAgent {
  union {
    hello @0 :Hello;                 # first message of every connection
    heartbeat @1 :Heartbeat;         # so often as the welcome says
    reports @2 :Reports;             # what became of its orders
    bundleWanted @3 :BundleWanted;   # a part of a bundle that an order needs and it does not have
    shellData @4 :ShellData;         # what a shell printed
    shellClosed @5 :ShellClosed;     # a shell has ended
    goodbye @6 :Text;                # it ends on purpose (drained, stopped); says why
  }
}
struct Hello {
  protocol @0 :UInt16;               # 1
  highestEpoch @1 :UInt32;           # the highest coordinator epoch that it has obeyed
  highestSequence @2 :UInt64;        # the highest log sequence that it has been shown: a shorter log has lost events
  facts @3 :Facts;                   # about its host
  capacity @4 :UInt32;               # orders that it takes at most before the first of them is settled
  unfinished @5 :List(Attempt);      # orders that its journal holds: they need not be sent again
  knowsModes @6 :Bool;               # it obeys Order.mode; one that does not would carry out what is only to be checked
}
struct Attempt {
  task @0 :Data;                     # 16 bytes
  attempt @1 :UInt32;                # 1, 2, ...
  outputAcked @2 :UInt64;            # bytes of its output that the coordinator has acknowledged
  sequence @3 :UInt64;               # in a hello: of the order that it was; 0: not said
  told @4 :Bool;                     # in a hello: its end was acknowledged by a coordinator
}
struct Heartbeat {
  count @0 :UInt64;                  # 1, 2, ...; the answer names it
  running @1 :UInt32;                # steps that run now
}

struct Reports {
  # Sent again until a ReportsAck names the frame.
  frameId @0 :UInt64;                # chosen by the agent
  reports @1 :List(Report);          # in the order in which it happened
  plainEnds @2 :List(PlainEnd);      # of other steps than those of `reports`. Said only to a coordinator whose welcome
                                     # takes them; no more than 256 together with `reports`
}
struct PlainEnd {
  # All that is to tell of a step which ended with exit code 0 (or never ran), without output, message or outputs: its
  # start, where that has not been told, and its end.
  attempt @0 :UInt32;                # of the task
  outcome @1 :Outcome;
  taskFirst @2 :UInt64;              # the task's id as two little-endian numbers: an entry points nowhere
  taskLast @3 :UInt64;
  agentTimeMs @4 :UInt64;            # the agent's wall clock when it ended,
  startedMs @5 :UInt64;              # and when it began; 0: it never did, or that was told before
  sequence @6 :UInt64;               # of the order that it was; 0: not said
  orderDigest0 @7 :UInt64;           # of the order as it came, as four little-endian numbers
  orderDigest1 @8 :UInt64;
  orderDigest2 @9 :UInt64;
  orderDigest3 @10 :UInt64;
}
struct Report {
  task @0 :Data;                     # 16 bytes
  attempt @1 :UInt32;                # of it
  agentTimeMs @2 :UInt64;            # the agent's wall clock when it happened
  sequence @7 :UInt64;               # of the order that it was, so that what comes of one that a log has lost, with its
                                     # end, is not taken for what became of it when it was given out anew; 0: not said
  union {
    accepted @3 :Void;               # in the journal, on disk; not said when it has started meanwhile
    started @4 :Void;                # accepted, and its step is about to run
    output @5 :Output;               # a piece of what it printed
    ended @6 :Ended;                 # the verdict, from the journal
  }
}
struct Output {
  offset @0 :UInt64;                 # of the first byte; contiguous from 0
  data @1 :Data;                     # at most 64 KiB
}
struct Ended {
  outcome @0 :Outcome;               # of the attempt
  exitCode @1 :Int32;                # of the step; -signal when killed; 0 where there was no step
  message @2 :Text;                  # why, for people
  outputBytes @3 :UInt64;            # of all its output
  outputDigest @4 :Data;             # of all its output: 32 bytes
  orderDigest @5 :Data;              # of the order as it came: 32 bytes
  outputs @6 :List(Variable);        # what the step wrote to PROV_OUTPUTS: sorted by name, each name once; limits in
                                     # common/wire/outputs.h
}
struct BundleWanted {
  digest @0 :Data;                   # of the bundle: 32 bytes
  offset @1 :UInt64;                 # from where on; one BundleChunk answers
  question @2 :UInt64;               # counted by the agent, from 1 on; 0: not said
}
struct ShellData {
  session @0 :Data;                  # 16 bytes
  data @1 :Data;                     # as typed or printed; at most 64 KiB
}
struct ShellClosed {
  session @0 :Data;                  # 16 bytes
  exitCode @1 :Int32;                # of its program; -signal when killed
  reason @2 :Text;                   # why it ended, where it did not by itself
}

# ---- coordinator to agent

struct ToAgent {
  epoch @0 :UInt32;                  # an agent refuses an epoch below the highest that it has seen
  agent @1 :Data;                    # the key that it is meant for; the agent refuses another's
  settledThrough @2 :UInt64;         # orders up to this sequence are settled: the agent may forget them, and refuses
                                     # them should they come (again)
  logSequence @3 :UInt64;            # durable end of the log, which the agent attests in its next hello
  union {
    welcome @4 :Welcome;             # the answer to a hello; nothing before it counts
    heartbeat @5 :UInt64;            # the count of the heartbeat that it answers
    orders @6 :List(Order);          # at most 64
    reportsAck @7 :UInt64;           # frameId: every report of that frame is durable
    cancel @8 :Attempt;              # end it, if it has not ended
    bundleChunk @9 :BundleChunk;
    shellOpen @10 :ShellOpen;
    shellData @11 :ShellData;        # what the operator typed
    shellResize @12 :ShellResize;
    shellClose @13 :Data;            # session, 16 bytes: the operator has left
    refused @14 :Text;               # it will not be served: removed, wrong protocol, ...; says why
    reportsWanted @15 :Attempt;      # outputAcked bytes of its output are here and no more, and not its end, whatever was
                                     # acknowledged: an operator has accepted a log that lost the rest. To be told again
                                     # from there on
  }
}
struct Welcome {
  logId @0 :Data;                    # 16 bytes; an agent obeys the log alone with which it enrolled
  heartbeatMs @1 :UInt32;            # milliseconds between heartbeats; the agent keeps to 50 to 60000
  deadMs @2 :UInt32;                 # silence after which the other side counts as lost
  endpoints @3 :List(Text);          # tcp://ADDRESS:PORT, numeric, at most 64 bytes each: where this coordinator can be
                                     # reached, or will be when it moves. The agent keeps the first 8 that are usable
                                     # and tries them in turn when the one that it uses is silent. None: says nothing
  takesPlainEnds @4 :Bool;           # in Reports
}

struct Order {
  task @0 :Data;                     # 16 bytes
  attempt @1 :UInt32;                # 1, 2, ...; each is started at most once
  sequence @2 :UInt64;               # of its TaskDispatched event: orders are told apart and aged by it
  timeoutS @3 :UInt32;               # seconds that the step may take; 0: no limit
  exclusive @4 :Bool;                # no other exclusive step runs at the same time
  union {
    noop @5 :Void;                   # done at once
    script @6 :Script;               # a file of a bundle
    exec @7 :Exec;                   # a program of the host
    call @9 :Call;                   # a script that has arguments; one without is a script
  }
  mode @8 :Mode;                     # how far it may go
  enum Mode {
    apply @0;                        # for real
    check @1;                        # looks only: scripts/check with the host read-only; any other action is refused
    rehearse @2;                     # for real, on a throw-away copy of the host that ends with the step
  }
}
struct Script {
  bundle @0 :Data;                   # digest; the agent asks for it once and keeps it
  path @1 :Text;                     # within the bundle, e.g. "scripts/install"
  environment @2 :List(Variable);    # beyond the agent's own
  files @3 :List(File);              # rendered templates; placeholders where a secret goes
  secrets @4 :List(Sealed);          # what goes in place of the placeholders, on the host alone
}
struct Call {
  script @0 :Script;
  arguments @1 :List(Text);          # behind the script's name
}
struct Exec {
  argv @0 :List(Text);               # the program and its arguments; no shell in between
  environment @1 :List(Variable);    # beyond the agent's own
  stdin @2 :Data;                    # what it reads from standard input
}
struct Variable {
  name @0 :Text;
  value @1 :Text;
}
struct File {
  path @0 :Text;                     # relative, without "." and ".."
  data @1 :Data;                     # all of it
  mode @2 :UInt16;                   # permission bits
}
struct Sealed {
  parameter @0 :Text;                # whose placeholder it replaces
  box @1 :Data;                      # the value: crypto_box_seal to the agent's seal key
}
struct BundleChunk {
  digest @0 :Data;                   # of the bundle: 32 bytes
  offset @1 :UInt64;                 # of the first byte of data
  total @2 :UInt64;                  # bytes of the bundle; 0: it is not known here
  data @3 :Data;                     # a piece of it
  question @4 :UInt64;               # that it answers; 0: not said
}

struct ShellOpen {
  session @0 :Data;                  # 16 bytes, drawn by the coordinator
  argv @1 :List(Text);               # the program and its arguments; none: the host's shell
  rows @2 :UInt16;                   # of the operator's terminal
  columns @3 :UInt16;
  term @4 :Text;                     # its type, e.g. "xterm-256color"
}
struct ShellResize {
  session @0 :Data;                  # 16 bytes
  rows @1 :UInt16;                   # of the operator's terminal, now
  columns @2 :UInt16;
}

# ---- an extension's files as one content-addressed object

struct Bundle {
  files @0 :List(File);              # sorted by path, each path once
}
