#include "common/io/zmq/server_socket.h"

#include <arpa/inet.h>
#include <sodium.h>

#include <charconv>
#include <cstdlib>
#include <cstring>

namespace prov::io {
namespace {

constexpr int kBacklog = 4096;

// "tcp://ADDRESS:PORT"; nullopt when the address is not numeric.
std::optional<std::string> endpoint_of(const std::string& address, const std::string& port) {
  in6_addr raw{};
  if (inet_pton(AF_INET, address.c_str(), &raw) == 1) return "tcp://" + address + ":" + port;
  if (inet_pton(AF_INET6, address.c_str(), &raw) == 1) return "tcp://[" + address + "]:" + port;
  return std::nullopt;
}

Result<void> bind_to(Socket& router, const std::string& address, const std::string& port) {
  const auto endpoint = endpoint_of(address, port);
  if (endpoint) return router.bind(*endpoint);
  return fail(Code::invalid, "cannot listen on \"" + address + "\": it is not a numeric address",
              "take an address of this machine, e.g. 127.0.0.1");
}

std::uint16_t port_of(const std::string& endpoint) {
  unsigned port = 0;
  const auto colon = endpoint.rfind(':');
  PROV_ASSERT(colon != std::string::npos);
  std::from_chars(endpoint.data() + colon + 1, endpoint.data() + endpoint.size(), port);
  return static_cast<std::uint16_t>(port);
}

void configure(Socket& router, const KeyPair& keys, const ServerSocketConfig& config) {
  act_as_curve_server(router, keys, config.zap_domain);
  router.set64(ZMQ_MAXMSGSIZE, static_cast<std::int64_t>(config.max_frame_bytes + kCurveOverhead));
  router.set(ZMQ_ROUTER_MANDATORY, 1);
  router.set(ZMQ_RCVHWM, config.queued_in);
  router.set(ZMQ_SNDHWM, config.queued_out);
  router.set(ZMQ_HANDSHAKE_IVL, config.handshake_ms);
  router.set(ZMQ_BACKLOG, kBacklog);
  router.set(ZMQ_IPV6, 1);
}

Socket monitor_of(const ZmqContext& context, Socket& router, const std::string& name) {
  const std::string endpoint = "inproc://monitor." + name;
  const int events = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                     ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL;
  PROV_ASSERT(zmq_socket_monitor(router.raw(), endpoint.c_str(), events) == 0);
  Socket monitor(context, ZMQ_PAIR);
  monitor.set(ZMQ_RCVHWM, 0);  // a full one would block libzmq's thread; it is read whenever it has something
  PROV_ASSERT(monitor.connect(endpoint).has_value());
  return monitor;
}

}  // namespace

Result<ServerSocket> ServerSocket::open(const ZmqContext& context, const KeyPair& keys,
                                        const ServerSocketConfig& config, const std::string& address) {
  // libzmq draws a ROUTER's first routing id from rand(), and nobody seeds it: every process would start with the same.
  std::srand(randombytes_random());
  Socket router(context, ZMQ_ROUTER);
  if (!router) return fail(Code::exhausted, "cannot open the link's socket: no descriptor is left");
  configure(router, keys, config);
  Socket monitor = monitor_of(context, router, config.zap_domain);
  if (auto bound = bind_to(router, address, config.port == 0 ? "*" : std::to_string(config.port)); !bound) {
    return tl::unexpected(bound.error());
  }
  const std::uint16_t port = port_of(router.endpoint());
  ServerSocket server(std::move(router), std::move(monitor), port, config.max_connections);
  server.addresses_.insert(address);
  return server;
}

Result<void> ServerSocket::listen(const std::string& address) {
  if (addresses_.contains(address)) return {};
  auto bound = bind_to(router_, address, std::to_string(port_));
  if (bound) addresses_.insert(address);
  return bound;
}

void ServerSocket::read_monitor(std::uint64_t now_ms, const std::function<void(const char*, std::string)>& refused) {
  while (const auto parts = monitor_.receive_all()) {
    std::uint16_t event = 0;
    std::int32_t value = 0;
    PROV_ASSERT(parts->size() == 2 && parts->front().size() == sizeof event + sizeof value);
    std::memcpy(&event, parts->front().data(), sizeof event);
    std::memcpy(&value, parts->front().data() + sizeof event, sizeof value);
    if (event == ZMQ_EVENT_ACCEPTED) {
      connections_.accepted(value, now_ms);
      if (connections_.count() <= max_connections_) continue;
      connections_.cut(value);
      refused("too_many_connections", "more than " + std::to_string(max_connections_) + " at a time");
    } else if (event == ZMQ_EVENT_DISCONNECTED) {
      connections_.closed(value);
    } else {
      refused("handshake_failed", "a connection ended before it was authenticated");
    }
  }
}

}  // namespace prov::io
