#pragma once
// HTTP and WebSockets on a Unix socket and on localhost TCP: reads requests, lets the router admit them before a body
// is read, and carries answers back. One io thread; it is also the Executor on which feeds and other streams live.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/ports/timers.h"
#include "common/result.h"
#include "coordinator/api/routes/router.h"
#include "coordinator/api/ws_feed/stream.h"

namespace prov::api {

struct HttpConfig {
  std::string socket_path;                // empty: no Unix socket
  std::optional<std::uint16_t> tcp_port;  // on 127.0.0.1; 0: any free one; nullopt: no TCP
  std::size_t max_unix_connections = 1024;
  std::size_t max_tcp_connections = 64;
  std::size_t max_bodies_bytes = 128 << 20;  // of all requests that are being read
  std::uint64_t head_ms = 10'000;            // for a whole head, from its first byte
  std::uint64_t body_ms = 60'000;            // for a whole body
  std::uint64_t idle_ms = 75'000;            // between requests
  std::uint64_t write_ms = 60'000;           // for a whole answer
  std::uint64_t ping_ms = 15'000;            // of a stream; a WebSocket that is silent four times as long is cut off
  std::uint64_t look_ms = 5'000;             // between looks whether those who wait for an answer are still there
  std::uint64_t grace_ms = 1'000;            // stop() waits so long for what is under way
};

class HttpServer final : public Executor {
 public:
  using MakeStream = std::function<Result<std::shared_ptr<Stream>>(const Admitted&)>;  // called on the io thread

  explicit HttpServer(HttpConfig config);
  ~HttpServer() override;  // stops

  // Binds and begins to serve. Code::conflict: another process answers at the socket. `router` outlives the server.
  Result<void> start(const Router& router, MakeStream make_stream);
  // Accepts no more, ends what is idle, lets what is under way finish within the grace time, says good-bye to
  // WebSockets. Blocks until all of that is done. Not from the io thread. Idempotent.
  void stop();

  void post(std::function<void()> work) override;  // to the io thread; after stop() it is dropped
  std::uint16_t tcp_port() const;                  // that was bound; 0: none

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace prov::api
