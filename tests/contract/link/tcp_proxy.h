#pragma once
// Plain TCP as an attacker on the path has it: a proxy in the test's own loop whose owner may change what passes, and
// bare connections.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <map>
#include <string>

#include "common/io/loop/event_loop.h"
#include "common/result.h"

namespace prov::test {

class TcpSocket {  // a descriptor that closes itself; blocking
 public:
  explicit TcpSocket(int fd) : fd_(fd) { PROV_ASSERT(fd_ >= 0); }
  TcpSocket(TcpSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  TcpSocket& operator=(TcpSocket&&) = delete;
  ~TcpSocket() {
    if (fd_ >= 0) ::close(fd_);
  }

  static TcpSocket connected(std::uint16_t port) {
    TcpSocket out(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in to = loopback(port);
    PROV_ASSERT(::connect(out.fd(), as_address(to), sizeof to) == 0);
    return out;
  }
  static TcpSocket listening(std::uint16_t& port) {
    TcpSocket out(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in at = loopback(0);
    PROV_ASSERT(::bind(out.fd(), as_address(at), sizeof at) == 0 && ::listen(out.fd(), 16) == 0);
    socklen_t size = sizeof at;
    void* raw = &at;
    PROV_ASSERT(getsockname(out.fd(), static_cast<sockaddr*>(raw), &size) == 0);
    port = ntohs(at.sin_port);
    return out;
  }

  int fd() const { return fd_; }
  void send(std::string_view bytes) const {
    if (::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) shutdown(fd_, SHUT_RDWR);
  }

 private:
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_port = htons(port);
    out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return out;
  }
  static const sockaddr* as_address(const sockaddr_in& address) {
    const void* raw = &address;
    return static_cast<const sockaddr*>(raw);
  }
  int fd_;
};

class TcpProxy {
 public:
  using Change = std::function<void(std::string& bytes)>;

  TcpProxy(io::EventLoop& loop, std::uint16_t target, Change change)
      : loop_(loop), target_(target), change_(std::move(change)), listener_(TcpSocket::listening(port_)) {
    loop_.watch(listener_.fd(), [this] { accept_one(); });
  }
  ~TcpProxy() {
    loop_.unwatch(listener_.fd());
    while (!pairs_.empty()) drop(pairs_.begin()->first);
  }
  std::uint16_t port() const { return port_; }
  int connections() const { return last_; }  // ever
  int dropped() const { return dropped_; }   // of them, by either side

 private:
  struct Pair {
    TcpSocket near, far;
  };

  void accept_one() {
    const int id = ++last_;
    auto& pair =
        pairs_.emplace(id, Pair{TcpSocket(::accept(listener_.fd(), nullptr, nullptr)), TcpSocket::connected(target_)})
            .first->second;
    loop_.watch(pair.near.fd(), [this, id] { pass(id, true); });
    loop_.watch(pair.far.fd(), [this, id] { pass(id, false); });
  }

  void pass(int id, bool from_near) {
    const auto at = pairs_.find(id);
    if (at == pairs_.end()) return;
    const Pair& pair = at->second;
    std::string bytes(4096, '\0');
    const auto got = ::recv((from_near ? pair.near : pair.far).fd(), bytes.data(), bytes.size(), 0);
    if (got <= 0) return drop(id);
    bytes.resize(static_cast<std::size_t>(got));
    change_(bytes);
    (from_near ? pair.far : pair.near).send(bytes);
  }

  void drop(int id) {
    const auto at = pairs_.find(id);
    loop_.unwatch(at->second.near.fd());
    loop_.unwatch(at->second.far.fd());
    pairs_.erase(at);
    ++dropped_;
  }

  io::EventLoop& loop_;
  std::uint16_t target_, port_ = 0;
  Change change_;
  TcpSocket listener_;
  std::map<int, Pair> pairs_;
  int last_ = 0, dropped_ = 0;
};

}  // namespace prov::test
