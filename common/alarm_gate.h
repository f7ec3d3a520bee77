#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

namespace prov {

// For security events, which are logged for ever, so that nobody fills the log with them.
// The first alarm of a kind and peer goes out at once; those that follow within the window are counted, and told as
// one when it ends. Remembers at most kMaxOpen peers; the rest share one entry.
class AlarmGate {
 public:
  // `count`: how many alarms this one stands for.
  using Emit = std::function<void(std::string kind, std::string peer, std::string detail, std::uint32_t count)>;
  static constexpr std::uint64_t kWindowMs = 10'000;
  static constexpr std::size_t kMaxOpen = 128;

  explicit AlarmGate(Emit emit) : emit_(std::move(emit)) {}

  void raise(std::uint64_t now_ms, std::string kind, std::string peer, std::string detail) {
    if (open_.size() >= kMaxOpen && !open_.contains({kind, peer})) peer = "others";
    auto [at, first] = open_.try_emplace({std::move(kind), std::move(peer)}, Window{now_ms, 0, detail});
    if (first) return emit_(at->first.first, at->first.second, std::move(detail), 1);
    ++at->second.more;
    at->second.detail = std::move(detail);
  }

  void sweep(std::uint64_t now_ms) {
    for (auto at = open_.begin(); at != open_.end();) {
      if (now_ms - at->second.since_ms < kWindowMs) {
        ++at;
        continue;
      }
      auto ended = open_.extract(at++);
      const Window& window = ended.mapped();
      if (window.more > 0) emit_(ended.key().first, ended.key().second, window.detail, window.more);
    }
  }

  bool quiet() const { return open_.empty(); }  // nothing to sweep

 private:
  struct Window {
    std::uint64_t since_ms;
    std::uint32_t more;
    std::string detail;  // of the latest
  };
  Emit emit_;
  std::map<std::pair<std::string, std::string>, Window> open_;
};

}  // namespace prov
