#pragma once
// Internal, link thread only: one of the link's two ROUTERs with the monitor that tells of its connections.
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "common/io/zmq/connections.h"
#include "common/io/zmq/socket.h"

namespace prov::io {

struct ServerSocketConfig {
  const char* zap_domain;
  std::uint16_t port = 0;
  std::size_t max_frame_bytes;  // larger ones end the connection unread
  int queued_in, queued_out;    // frames per connection
  int handshake_ms;
  std::size_t max_connections;
};

class ServerSocket {
 public:
  static Result<ServerSocket> open(const ZmqContext& context, const KeyPair& keys, const ServerSocketConfig& config,
                                   const std::string& address);  // the first address; it fixes the port

  Result<void> listen(const std::string& address);  // one more, on the same port; idempotent
  std::uint16_t port() const { return port_; }
  Socket& router() { return router_; }
  Socket& monitor() { return monitor_; }
  Connections& connections() { return connections_; }

  // Takes what the monitor has; `refused(kind, detail)` is called for each connection that came to nothing.
  void read_monitor(std::uint64_t now_ms, const std::function<void(const char*, std::string)>& refused);

 private:
  ServerSocket(Socket router, Socket monitor, std::uint16_t port, std::size_t max_connections)
      : router_(std::move(router)),
        monitor_(std::move(monitor)),
        port_(port),
        max_connections_(max_connections),
        connections_(port) {}

  Socket router_, monitor_;
  std::uint16_t port_;
  std::size_t max_connections_;
  std::set<std::string> addresses_;
  Connections connections_;
};

}  // namespace prov::io
