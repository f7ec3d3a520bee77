#pragma once
// Plain TCP between an agent and its coordinator, as bad networks have it. It lives in the test's own loop and moves
// bytes every few milliseconds; what it does to them its owner says, for all connections that are open or come.
#include <cstdint>
#include <list>
#include <random>
#include <string>

#include "common/io/loop/event_loop.h"
#include "common/io/posix/files.h"

namespace prov::test {

enum class Path { clear, slow, still, dribble, hole };  // hole: bytes go in and none come out; still: nothing moves

class FaultProxy {
 public:
  FaultProxy(io::EventLoop& loop, std::uint16_t target, std::uint64_t seed);
  ~FaultProxy();
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  std::uint16_t port() const { return port_; }
  void set(Path path) { path_ = path; }
  Path path() const { return path_; }
  void cut_in_a_frame() { cutting_ = true; }  // half of the next bytes pass, then both ends are closed
  void flip_a_bit() { flipping_ = true; }     // of the next bytes
  void forget_coordinator();                  // its ends are closed, and the agent is not told: half-open
  void cut_all();                             // as a firewall that resets

  std::uint64_t connections() const { return connections_; }
  std::uint64_t cuts() const { return cuts_; }
  std::uint64_t flips() const { return flips_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  struct Way {
    std::string bytes;
    std::uint64_t since_turn = 0;
  };
  struct Pair {
    io::Fd agent, coordinator;
    Way up, down;
    bool half_open = false;
  };
  void turn();
  void accept_all();
  bool move(Pair& pair, io::Fd& from, io::Fd& to, Way& way);  // false: the connection is over
  bool take(io::Fd& from, Way& way);
  bool give(io::Fd& to, Way& way);

  io::EventLoop& loop_;
  const std::uint16_t target_;
  std::uint16_t port_ = 0;
  std::mt19937_64 random_;
  io::Fd listener_;
  TimerId timer_ = 0;
  std::list<Pair> pairs_;
  Path path_ = Path::clear;
  bool cutting_ = false, flipping_ = false;
  std::uint64_t turns_ = 0, connections_ = 0, cuts_ = 0, flips_ = 0, bytes_ = 0;
};

}  // namespace prov::test
