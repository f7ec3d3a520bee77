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

struct EnrolRequest { tokenId @0 :Data; secret @1 :Data; sealKey @2 :Data; }
struct EnrolAnswer { union { accepted @0 :EnrolAccepted; refused @1 :Text; } }
# linkEndpoint's port counts; its address is the coordinator's first one. An agent takes the address at which it enrolled.
struct EnrolAccepted { workspace @0 :Text; server @1 :Text; linkEndpoint @2 :Text; logId @3 :Data; epoch @4 :UInt32; }

# ---- agent to coordinator

struct FromAgent {
  union {
    hello @0 :Hello;                 # first message of every connection
    heartbeat @1 :Heartbeat;
    reports @2 :Reports;
    bundleWanted @3 :BundleWanted;
    shellData @4 :ShellData;
    shellClosed @5 :ShellClosed;
    goodbye @6 :Text;                # it ends on purpose (drained, stopped); says why
  }
}
struct Hello {
  protocol @0 :UInt16;               # 1
  highestEpoch @1 :UInt32;           # the highest coordinator epoch that it has obeyed
  highestSequence @2 :UInt64;        # the highest log sequence that it has been shown: a shorter log has lost events
  facts @3 :Facts;
  capacity @4 :UInt32;               # orders that it takes at most before the first of them is settled
  unfinished @5 :List(Attempt);      # orders that its journal holds: they need not be sent again
  knowsModes @6 :Bool;               # it obeys Order.mode; one that does not would carry out what is only to be checked
}
struct Attempt { task @0 :Data; attempt @1 :UInt32; outputAcked @2 :UInt64; }
struct Heartbeat { count @0 :UInt64; running @1 :UInt32; }

struct Reports { frameId @0 :UInt64; reports @1 :List(Report); }   # re-sent until a ReportsAck names the frame
struct Report {
  task @0 :Data;
  attempt @1 :UInt32;
  agentTimeMs @2 :UInt64;
  union {
    accepted @3 :Void;               # in the journal, on disk
    started @4 :Void;
    output @5 :Output;
    ended @6 :Ended;
  }
}
struct Output { offset @0 :UInt64; data @1 :Data; }      # contiguous from 0; at most 64 KiB in one
struct Ended {
  outcome @0 :Outcome;  exitCode @1 :Int32;  message @2 :Text;
  outputBytes @3 :UInt64;  outputDigest @4 :Data;  orderDigest @5 :Data;
  outputs @6 :List(Variable);        # what the step wrote to PROV_OUTPUTS: sorted by name, each name once; limits in
                                     # common/wire/outputs.h
}
struct BundleWanted { digest @0 :Data; offset @1 :UInt64; }
struct ShellData { session @0 :Data; data @1 :Data; }
struct ShellClosed { session @0 :Data; exitCode @1 :Int32; reason @2 :Text; }

# ---- coordinator to agent

struct ToAgent {
  epoch @0 :UInt32;                  # an agent refuses an epoch below the highest that it has seen
  agent @1 :Data;                    # the key that it is meant for; the agent refuses another's
  settledThrough @2 :UInt64;         # orders up to this sequence are settled: the agent may forget them, and refuses
                                     # them should they come (again)
  logSequence @3 :UInt64;            # durable end of the log, which the agent attests in its next hello
  union {
    welcome @4 :Welcome;
    heartbeat @5 :UInt64;            # the count of the heartbeat that it answers
    orders @6 :List(Order);          # at most 64
    reportsAck @7 :UInt64;           # frameId: every report of that frame is durable
    cancel @8 :Attempt;
    bundleChunk @9 :BundleChunk;
    shellOpen @10 :ShellOpen;
    shellData @11 :ShellData;
    shellResize @12 :ShellResize;
    shellClose @13 :Data;
    refused @14 :Text;               # it will not be served: removed, wrong protocol, ...; says why
  }
}
struct Welcome { logId @0 :Data; heartbeatMs @1 :UInt32; deadMs @2 :UInt32; }

struct Order {
  task @0 :Data;
  attempt @1 :UInt32;
  sequence @2 :UInt64;               # of its TaskDispatched event: orders are told apart and aged by it
  timeoutS @3 :UInt32;
  exclusive @4 :Bool;
  union {
    noop @5 :Void;
    script @6 :Script;
    exec @7 :Exec;
    call @9 :Call;                   # a script that has arguments; one without is a script
  }
  mode @8 :Mode;
  enum Mode {
    apply @0;                        # for real
    check @1;                        # looks only: scripts/check with the host read-only; any other action is refused
    rehearse @2;                     # for real, on a throw-away copy of the host that ends with the step
  }
}
struct Script {
  bundle @0 :Data;                   # digest; the agent asks for it once and keeps it
  path @1 :Text;                     # within the bundle, e.g. "scripts/install"
  environment @2 :List(Variable);
  files @3 :List(File);              # rendered templates; placeholders where a secret goes
  secrets @4 :List(Sealed);
}
struct Call { script @0 :Script; arguments @1 :List(Text); }
struct Exec { argv @0 :List(Text); environment @1 :List(Variable); stdin @2 :Data; }
struct Variable { name @0 :Text; value @1 :Text; }
struct File { path @0 :Text; data @1 :Data; mode @2 :UInt16; }
struct Sealed { parameter @0 :Text; box @1 :Data; }   # crypto_box_seal to the agent's seal key
struct BundleChunk { digest @0 :Data; offset @1 :UInt64; total @2 :UInt64; data @3 :Data; }  # total 0: not known

struct ShellOpen { session @0 :Data; argv @1 :List(Text); rows @2 :UInt16; columns @3 :UInt16; term @4 :Text; }
struct ShellResize { session @0 :Data; rows @1 :UInt16; columns @2 :UInt16; }

# ---- an extension's files as one content-addressed object

struct Bundle { files @0 :List(File); }   # sorted by path; paths are relative, without "." and ".."
