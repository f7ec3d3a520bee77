#pragma once
// The coordinator's side of the link: a ROUTER for agents that are allowed, and one for enrolment, both with CURVE. The
// sockets live on a thread of the link's own; every callback runs on the owner's thread, many frames in one turn.
//
// Who sent a frame is the key that CURVE proved and ZAP noted on it, never a routing id or a field. Each key has one
// connection, the newest that spoke; an older one is cut. Memory is bounded: frames to the owner (64 MiB; then nothing
// is read until it caught up), frames to the agents (64 MiB; then they are dropped), and per connection.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/io/zmq/curve_keys.h"
#include "common/ports/link.h"
#include "common/ports/timers.h"

namespace prov::io {

struct ZmqAgentLinkConfig {
  KeyPair keys;
  std::vector<std::string> addresses;  // numeric, e.g. "127.0.0.1", "0.0.0.0", "fd00::1"; at least one
  std::uint16_t link_port = 0;         // 0: the system chooses, see link_port()
  std::uint16_t enrol_port = 0;

  std::size_t max_connections = 16'384;       // a further one is closed at once
  std::size_t max_enrol_connections = 1'024;  // and at the enrolment endpoint
  // A connection that is not authenticated by then is closed. Ten thousand agents that come back at once need several
  // seconds for their handshakes, all of which go on at the same time: with less, most are begun in vain, and again.
  std::uint32_t handshake_ms = 20'000;
  std::uint32_t silence_ms = 30'000;             // and one that has said nothing by then: a handshake, a heartbeat
  double enrol_per_s = 100, enrol_burst = 1000;  // all keys together: a fleet that is set up at once is no flood
  double handshakes_per_s = 1, handshakes_burst = 20;  // of one key
};

class ZmqAgentLink final : public AgentLink {
 public:
  // Binds the addresses; nothing is answered before start(). Errors: Code::unsupported (libzmq), Code::invalid
  // (addresses), Code::conflict (port in use), Code::io. `owner` must outlive the link, which is used and destroyed on
  // that executor's thread, but not destroyed within a callback; afterwards no callback runs.
  static Result<std::unique_ptr<ZmqAgentLink>> create(const ZmqAgentLinkConfig& config, Executor& owner);
  ~ZmqAgentLink() override;

  std::uint16_t link_port() const;
  std::uint16_t enrol_port() const;

  // Alarm kinds: unknown_key, frame_too_large, malformed_frame, routing_id, duplicate_key, enrol_flood,
  // handshake_flood, handshake_failed, too_many_connections. Repeated ones are counted and told once in ten seconds.
  void start(Handler handler) override;
  Result<void> listen(const std::string& address) override;
  void send(const Key& agent, std::string frame) override;
  void allow(const Key& agent) override;
  void forbid(const Key& agent) override;

 private:
  struct Impl;
  explicit ZmqAgentLink(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace prov::io
