@0xd2b8e5f18c604e03;
# Commands as they are remembered for idempotence, and as a replicated or recorded front end would carry them. The
# REST routes translate JSON into these same structs' fields; the agent link translates reports.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("schema");
using import "event.capnp".ServerSpec;
using import "event.capnp".TaskservSpec;
using import "event.capnp".Transport;

struct Command {
  id @0 :Data;                 # 16 bytes; the same id from the same subject in the same workspace: the same answer
  workspace @1 :Text;
  subject @2 :Text;            # set by the transport, never by the message
  credential @3 :Text;
  transport @4 :Transport;
  body :union {
    registerWorkspace @5 :Void;
    createServers @6 :CreateServers;
    deleteServers @7 :DeleteServers;
    createTaskservs @8 :CreateTaskservs;
    deleteTaskservs @9 :DeleteTaskservs;
    exec @10 :Exec;
    noop @11 :Noop;
    cancelWorkflow @12 :Data;
    createJoinToken @13 :CreateJoinToken;
    drainAgent @14 :Data;
    undrainAgent @15 :Data;
    removeAgent @16 :Data;
    storeBlob @17 :Data;
  }
}
struct CreateServers { infra @0 :Text; servers @1 :List(ServerSpec); }
struct DeleteServers { infra @0 :Text; hostnames @1 :List(Text); }
struct CreateTaskservs { infra @0 :Text; taskservs @1 :List(Requirement); }
struct Requirement {
  spec @0 :TaskservSpec;
  after @1 :List(UInt32);      # indexes into the same list, which must be installed before
}
struct DeleteTaskservs { infra @0 :Text; taskservs @1 :List(TaskservSpec); }
struct Exec { servers @0 :List(Text); argv @1 :List(Text); stdin @2 :Data; timeoutS @3 :UInt32; }
struct Noop { servers @0 :List(Text); count @1 :UInt32; }
struct CreateJoinToken { server @0 :Text; validS @1 :UInt32; }
