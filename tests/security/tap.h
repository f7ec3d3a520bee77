#pragma once
// Somebody on the path of a connection: passes it on, remembers what went to the server, and may change it there.
#include <memory>
#include <vector>

#include "tests/contract/link/tcp_proxy.h"

namespace prov::test {

class Tap {
 public:
  static constexpr std::size_t kNever = ~std::size_t{0};

  // Of each connection the byte at `flip_at` of what goes to the server is flipped.
  Tap(io::EventLoop& loop, std::uint16_t target, std::size_t flip_at = kNever)
      : loop_(loop), target_(target), flip_at_(flip_at), listener_(TcpSocket::listening(port_)) {
    loop_.watch(listener_.fd(), [this] { accept_one(); });
  }
  ~Tap() {
    loop_.unwatch(listener_.fd());
    for (const auto& pair : pairs_) close(*pair);
  }
  std::uint16_t port() const { return port_; }
  int dropped() const { return dropped_; }
  std::string said;  // to the server, on the first connection

 private:
  struct Pair {
    TcpSocket near, far;
    std::size_t passed = 0;
    bool open = true, first = false;
  };

  void accept_one() {
    pairs_.push_back(std::make_unique<Pair>(
        Pair{TcpSocket(::accept(listener_.fd(), nullptr, nullptr)), TcpSocket::connected(target_)}));
    Pair& pair = *pairs_.back();
    pair.first = pairs_.size() == 1;
    loop_.watch(pair.near.fd(), [this, &pair] { pass(pair, true); });
    loop_.watch(pair.far.fd(), [this, &pair] { pass(pair, false); });
  }

  void pass(Pair& pair, bool to_server) {
    std::string bytes(4096, '\0');
    const auto got = ::recv((to_server ? pair.near : pair.far).fd(), bytes.data(), bytes.size(), 0);
    if (got <= 0) {
      ++dropped_;
      return close(pair);
    }
    bytes.resize(static_cast<std::size_t>(got));
    if (to_server) {
      if (pair.first) said += bytes;
      const std::size_t at = flip_at_ - pair.passed;
      if (flip_at_ >= pair.passed && at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
      pair.passed += bytes.size();
    }
    (to_server ? pair.far : pair.near).send(bytes);
  }

  void close(Pair& pair) {
    if (!std::exchange(pair.open, false)) return;
    for (const TcpSocket* end : {&pair.near, &pair.far}) {
      loop_.unwatch(end->fd());
      shutdown(end->fd(), SHUT_RDWR);
    }
  }

  io::EventLoop& loop_;
  std::uint16_t target_, port_ = 0;
  std::size_t flip_at_;
  TcpSocket listener_;
  std::vector<std::unique_ptr<Pair>> pairs_;
  int dropped_ = 0;
};

}  // namespace prov::test
