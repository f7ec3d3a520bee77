#pragma once
// Internal: what keeps a flood of refusals from becoming a flood of work, and of alarms.
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

namespace prov::io {

// `burst` at once, then `per_s` a second. Times are monotonic milliseconds.
class TokenBucket {
 public:
  TokenBucket(double per_s, double burst) : per_s_(per_s), burst_(burst), tokens_(burst) {}

  bool take(std::uint64_t now_ms) {
    if (last_ms_ != 0 && now_ms > last_ms_) tokens_ += per_s_ * static_cast<double>(now_ms - last_ms_) / 1000;
    if (tokens_ > burst_) tokens_ = burst_;
    last_ms_ = now_ms;
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  double per_s_, burst_, tokens_;
  std::uint64_t last_ms_ = 0;
};

// The first alarm of a kind and peer goes out at once; those that follow within the window are counted, and told as
// one when it ends. Remembers at most kMaxOpen peers; the rest share one entry.
class AlarmGate {
 public:
  using Emit = std::function<void(std::string kind, std::string peer, std::string detail)>;
  static constexpr std::uint64_t kWindowMs = 10'000;
  static constexpr std::size_t kMaxOpen = 128;

  explicit AlarmGate(Emit emit) : emit_(std::move(emit)) {}

  void raise(std::uint64_t now_ms, std::string kind, std::string peer, std::string detail) {
    if (open_.size() >= kMaxOpen && !open_.contains({kind, peer})) peer = "others";
    auto [at, first] = open_.try_emplace({std::move(kind), std::move(peer)}, Window{now_ms, 0, detail});
    if (first) return emit_(at->first.first, at->first.second, std::move(detail));
    ++at->second.more;
    at->second.detail = std::move(detail);
  }

  void sweep(std::uint64_t now_ms) {
    for (auto at = open_.begin(); at != open_.end();) {
      if (now_ms - at->second.since_ms < kWindowMs) {
        ++at;
        continue;
      }
      const Window& window = at->second;
      if (window.more > 0) {
        emit_(at->first.first, at->first.second, window.detail + " (" + std::to_string(window.more) + " more times)");
      }
      at = open_.erase(at);
    }
  }

 private:
  struct Window {
    std::uint64_t since_ms;
    std::uint64_t more;
    std::string detail;  // of the latest
  };
  Emit emit_;
  std::map<std::pair<std::string, std::string>, Window> open_;
};

}  // namespace prov::io
