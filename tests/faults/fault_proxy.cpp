#include "tests/faults/fault_proxy.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace prov::test {
namespace {

constexpr std::uint64_t kTurnMs = 2, kSlowTurns = 60;
constexpr std::size_t kMostBuffered = 1 << 20;
constexpr int kDribbledAtOnce = 16;  // bytes, each in a packet of its own

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return out;
}
const sockaddr* as_address(const sockaddr_in& address) {
  const void* raw = &address;
  return static_cast<const sockaddr*>(raw);
}
io::Fd tcp_socket() { return io::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); }

void at_once(const io::Fd& fd) {
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace

FaultProxy::FaultProxy(io::EventLoop& loop, std::uint16_t target, std::uint64_t seed)
    : loop_(loop), target_(target), random_(seed), listener_(tcp_socket()) {
  sockaddr_in at = loopback(0);
  PROV_ASSERT(::bind(listener_.get(), as_address(at), sizeof at) == 0 && ::listen(listener_.get(), 64) == 0);
  socklen_t size = sizeof at;
  void* raw = &at;
  PROV_ASSERT(::getsockname(listener_.get(), static_cast<sockaddr*>(raw), &size) == 0);
  port_ = ntohs(at.sin_port);
  timer_ = loop_.after(kTurnMs, [this] { turn(); });
}

FaultProxy::~FaultProxy() { loop_.cancel(timer_); }

void FaultProxy::forget_coordinator() {
  for (Pair& pair : pairs_) {
    pair.coordinator.reset();
    pair.half_open = true;
  }
}

void FaultProxy::cut_all() {
  cuts_ += pairs_.size();
  for (Pair& pair : pairs_) {
    const linger now{1, 0};  // a reset, which loses what is under way
    ::setsockopt(pair.agent.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    if (pair.coordinator) ::setsockopt(pair.coordinator.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  pairs_.clear();
}

void FaultProxy::turn() {
  timer_ = loop_.after(kTurnMs, [this] { turn(); });
  ++turns_;
  accept_all();
  for (auto at = pairs_.begin(); at != pairs_.end();) {
    Pair& pair = *at;
    const bool open = path_ == Path::still || (move(pair, pair.agent, pair.coordinator, pair.up) &&
                                               move(pair, pair.coordinator, pair.agent, pair.down));
    if (open) {
      ++at;
    } else {
      ++cuts_;
      at = pairs_.erase(at);
    }
  }
}

void FaultProxy::accept_all() {
  for (;;) {
    io::Fd agent(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!agent) return;
    ++connections_;
    io::Fd coordinator = tcp_socket();
    const sockaddr_in to = loopback(target_);
    if (::connect(coordinator.get(), as_address(to), sizeof to) != 0 && errno != EINPROGRESS) continue;
    at_once(agent);
    at_once(coordinator);
    pairs_.push_back({std::move(agent), std::move(coordinator), {}, {}, false});
  }
}

bool FaultProxy::move(Pair& pair, io::Fd& from, io::Fd& to, Way& way) {
  if (pair.half_open) {  // what the agent says is taken, and goes nowhere
    if (&from != &pair.agent) return true;
    Way nowhere;
    return take(from, nowhere);
  }
  if (!take(from, way)) return false;
  if (way.bytes.empty()) return true;
  if (path_ == Path::hole) {
    way.bytes.clear();
    return true;
  }
  if (flipping_) {
    way.bytes[random_() % way.bytes.size()] ^= static_cast<char>(1 << random_() % 8);
    flipping_ = false;
    ++flips_;
  }
  if (cutting_ && way.bytes.size() > 1) {
    cutting_ = false;
    way.bytes.resize(way.bytes.size() / 2);
    give(to, way);
    return false;
  }
  if (path_ == Path::slow && turns_ - way.since_turn < kSlowTurns) return true;
  return give(to, way);
}

bool FaultProxy::take(io::Fd& from, Way& way) {
  char buffer[16 << 10];
  while (way.bytes.size() < kMostBuffered) {
    const ssize_t n = ::recv(from.get(), buffer, sizeof buffer, 0);
    if (n < 0) return errno == EAGAIN || errno == EINTR || errno == ENOTCONN;
    if (n == 0) return false;
    if (way.bytes.empty()) way.since_turn = turns_;
    way.bytes.append(buffer, static_cast<std::size_t>(n));
  }
  return true;
}

bool FaultProxy::give(io::Fd& to, Way& way) {
  const bool dribble = path_ == Path::dribble;
  for (int sends = 0; !way.bytes.empty() && (!dribble || sends < kDribbledAtOnce); ++sends) {
    const ssize_t n = ::send(to.get(), way.bytes.data(), dribble ? 1 : way.bytes.size(), MSG_NOSIGNAL);
    if (n < 0) return errno == EAGAIN || errno == EINTR || errno == ENOTCONN;
    bytes_ += static_cast<std::uint64_t>(n);
    way.bytes.erase(0, static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace prov::test
