#pragma once
// Operators' commands that changed nothing. The log does not know them, so what it remembers of commands does not: a
// duplicate that comes late must still do nothing, whatever has happened since. Lost at a restart, as is who would wait
// for the answer. Core's thread.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <utility>

#include "coordinator/domain/state.h"

namespace prov::command_handler {

inline constexpr std::size_t kQuietAnswers = 4096;  // that are kept, none longer than domain::kRememberMs

class QuietAnswers {
 public:
  void add(domain::CommandKey key, std::uint32_t digest, TimeMs now_ms) {
    if (const auto [at, fresh] = digests_.try_emplace(key, digest); !fresh) {
      at->second = digest;  // the id was free, and is this command's now
      return;
    }
    order_.emplace_back(now_ms, std::move(key));
    while (order_.size() > kQuietAnswers) forget_oldest();
  }

  // Whether it was that command which had this id, and nothing to do.
  bool knows(const domain::CommandKey& key, std::uint32_t digest, TimeMs now_ms) {
    while (!order_.empty() && order_.front().first + domain::kRememberMs < now_ms) forget_oldest();
    const auto found = digests_.find(key);
    return found != digests_.end() && found->second == digest;
  }

 private:
  void forget_oldest() {
    digests_.erase(order_.front().second);
    order_.pop_front();
  }

  std::unordered_map<domain::CommandKey, std::uint32_t, domain::CommandKeyHash> digests_;
  std::deque<std::pair<TimeMs, domain::CommandKey>> order_;
};

}  // namespace prov::command_handler
