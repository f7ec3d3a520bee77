#include "common/io/zmq/connections.h"

#include <arpa/inet.h>
#include <sys/socket.h>

namespace prov::io {
namespace {

constexpr std::size_t kRoutingIdBytes = 5;

std::uint16_t local_port(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  void* raw = &address;
  if (getpeername(fd, static_cast<sockaddr*>(raw), &size) != 0) return 0;  // not a connection
  size = sizeof address;
  if (getsockname(fd, static_cast<sockaddr*>(raw), &size) != 0) return 0;
  if (address.ss_family == AF_INET) return ntohs(static_cast<const sockaddr_in*>(raw)->sin_port);
  if (address.ss_family == AF_INET6) return ntohs(static_cast<const sockaddr_in6*>(raw)->sin6_port);
  return 0;
}

}  // namespace

std::optional<RoutingId> parse_routing_id(std::string_view raw) {
  if (raw.size() != kRoutingIdBytes || raw[0] != '\0') return std::nullopt;
  RoutingId id = 0;
  for (const char c : raw.substr(1)) id = (id << 8) | static_cast<std::uint8_t>(c);
  return id;
}

std::string routing_id_bytes(RoutingId id) {
  std::string raw(kRoutingIdBytes, '\0');
  for (std::size_t i = 0; i < 4; ++i) raw[i + 1] = static_cast<char>(id >> (24 - 8 * i));
  return raw;
}

void cut_connection(int fd, std::uint16_t port) {
  if (fd >= 0 && local_port(fd) == port) static_cast<void>(shutdown(fd, SHUT_RDWR));
}

void Connections::accepted(int fd, std::uint64_t now_ms) {
  Connection& connection = open_[fd];
  if (connection.told) connection = {};  // the end of the one before was not
  if (!connection.route) connection.since_ms = now_ms;
  connection.told = true;
}

void Connections::spoke(int fd, RoutingId route, std::uint64_t now_ms) {
  Connection& connection = open_.try_emplace(fd, Connection{now_ms, route, false}).first->second;
  connection.route = route;
}

bool Connections::is_open(int fd, RoutingId route) const {
  const auto at = open_.find(fd);
  return at != open_.end() && at->second.route == route;
}

void Connections::cut_if(int fd, RoutingId route) {
  if (is_open(fd, route)) cut(fd);
}

void Connections::cut_silent(std::uint64_t accepted_before_ms) {
  for (const auto& [fd, connection] : open_) {
    if (!connection.route && connection.since_ms < accepted_before_ms) cut(fd);
  }
}

void Connections::cut_all(std::uint64_t accepted_before_ms) {
  for (const auto& [fd, connection] : open_) {
    if (connection.since_ms < accepted_before_ms) cut(fd);
  }
}

}  // namespace prov::io
