#pragma once
// The agent's side of the link: one DEALER with CURVE and the pinned key of the coordinator. It has no thread of its
// own and lives in the owner's event loop, so that one process can hold thousands.
//
// It reconnects by itself, with growing and jittered pauses; frames of a broken connection are dropped, never queued
// for the next one. Dead connections and lost wake-ups of libzmq are found by the next send, so heartbeats bound both.
#include <memory>
#include <string>
#include <vector>

#include "common/io/zmq/curve_keys.h"
#include "common/io/zmq/zmq_context.h"
#include "common/ports/fd_watcher.h"
#include "common/ports/link.h"
#include "common/ports/random.h"
#include "common/ports/timers.h"

namespace prov::io {

struct ZmqCoordinatorLinkConfig {
  KeyPair keys;
  Key server;
  std::vector<std::string> endpoints;   // "tcp://10.89.7.1:7442", numeric; reconnect() takes the next one
  std::uint32_t start_jitter_ms = 250;  // the first connection is made within this time
  std::uint32_t recover_ms = 20'000;    // when nothing can be sent for so long (up to twice that), a new socket is made
};

class ZmqCoordinatorLink final : public CoordinatorLink {
 public:
  // Everything that is passed by reference outlives the link. Code::invalid: an endpoint that is not numeric.
  static Result<std::unique_ptr<ZmqCoordinatorLink>> create(ZmqCoordinatorLinkConfig config,
                                                            std::shared_ptr<ZmqContext> context, FdWatcher& watcher,
                                                            Timers& timers, Random& random);
  ~ZmqCoordinatorLink() override;

  void start(Handler handler) override;
  void send(std::string frame) override;
  void reconnect() override;  // also from within the handler; REQUIRES: started

  // Later connections are made to these in turn, beginning behind the one that is used now; the connection stays.
  // REQUIRES: at least one, all numeric.
  void set_endpoints(std::vector<std::string> endpoints);
  const std::string& endpoint() const;  // of the connection, or the last attempt at one; empty: none yet

 private:
  struct Impl;
  explicit ZmqCoordinatorLink(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace prov::io
