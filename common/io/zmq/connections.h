#pragma once
// Internal, link thread only: the open TCP connections of the link and the agents that speak through them.
//
// libzmq offers no way to close one peer, so a connection is cut by shutting its descriptor down, which libzmq sees as
// the peer going away. Why cutting matters: a peer of a ROUTER may choose its routing id, and libzmq 4.3 aborts when
// the next automatic one is taken. Automatic ids start at a random number (ZmqAgentLink seeds it), and connections
// that never speak, or speak beside a newer one of the same key, are closed: so nobody can hold many of the 2^32.
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/ids.h"

namespace prov::io {

using RoutingId = std::uint32_t;  // libzmq's automatic one: a zero byte, then this, big-endian; each is one more

std::optional<RoutingId> parse_routing_id(std::string_view raw);  // nullopt: the peer chose it
std::string routing_id_bytes(RoutingId id);

// Closes the connection of `fd` if that is a connection to `port`, so a number that was reused hits nobody else.
void cut_connection(int fd, std::uint16_t port);

class Connections {
 public:
  explicit Connections(std::uint16_t port) : port_(port) {}

  void accepted(int fd, std::uint64_t now_ms);
  void closed(int fd) { open_.erase(fd); }
  std::size_t count() const { return open_.size(); }
  void cut(int fd) { cut_connection(fd, port_); }

  // May come before accepted(): libzmq tells of a connection after it has handed it to another thread.
  void spoke(int fd, RoutingId route, std::uint64_t now_ms);
  void cut_if(int fd, RoutingId route);  // when that descriptor still is that connection; tells nobody
  bool is_open(int fd, RoutingId route) const;
  void cut_silent(std::uint64_t accepted_before_ms);  // those that never spoke
  void cut_all(std::uint64_t accepted_before_ms);     // those, and those that did

 private:
  struct Connection {
    std::uint64_t since_ms = 0;
    std::optional<RoutingId> route;  // set by its first frame
    bool told = false;               // of by accepted()
  };
  std::uint16_t port_;
  std::unordered_map<int, Connection> open_;
};

}  // namespace prov::io
