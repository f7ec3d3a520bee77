#pragma once
// The network between a coordinator and its agents, as each side sees it. Frames are bytes (common/wire/agent_wire.h)
// and may be lost, repeated or late; what may never happen is that a frame comes from another key than it says.
// Implementations: ZeroMQ with CURVE (common/io/zmq_link.h), the simulated network (tests/sim).
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/result.h"

namespace prov {

inline constexpr std::size_t kMaxFrameBytes = 1 << 20;  // larger ones are refused unread
inline constexpr std::size_t kMaxEnrolFrameBytes = 4 << 10;

// Coordinator's side. All calls and callbacks on the coordinator's thread.
class AgentLink {
 public:
  struct Handler {
    std::function<void(const Key& agent, std::string frame)> frame;  // from a key that is allowed
    // From any key, on the enrolment endpoint. `answer` is called once, when what it says is durable.
    std::function<void(const Key& key, std::string request, std::function<void(std::string)> answer)> enrol;
    std::function<void(std::string kind, std::string peer, std::string detail)> alarm;  // something was refused
  };

  virtual ~AgentLink() = default;
  virtual void start(Handler handler) = 0;
  virtual Result<void> listen(const std::string& address) = 0;  // one more local address, e.g. "10.89.7.1"; idempotent
  virtual void send(const Key& agent, std::string frame) = 0;   // dropped when it is not connected or its queue is full
  virtual void allow(const Key& agent) = 0;                     // ZAP: this key may connect
  virtual void forbid(const Key& agent) = 0;                    // and no longer; an open connection is cut off
};

// Agent's side. All calls and callbacks on the agent's thread.
class CoordinatorLink {
 public:
  struct Handler {
    std::function<void(std::string frame)> frame;
    // Frames can go out now, which they could not before: a connection was made, perhaps to another process than the
    // last one. May be empty. A link may call it late or once too often, and need not when nothing was lost.
    std::function<void()> connected = {};
  };

  virtual ~CoordinatorLink() = default;
  virtual void start(Handler handler) = 0;
  virtual void send(std::string frame) = 0;  // dropped when not connected or the queue is full
  virtual void reconnect() = 0;              // drops the connection and opens a new one (another address, a dead path)
};

}  // namespace prov
