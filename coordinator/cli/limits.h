#pragma once
// What verbs have in common: how much they ask for at once, and how long they wait.
#include <cstddef>
#include <cstdint>

namespace prov::cli {

inline constexpr std::uint64_t kDayS = 24 * 3600;  // the longest that a command may be told to take
inline constexpr std::size_t kMostServers = 10'000, kMostTaskservs = 100'000;

// Following what is live: how often to look, and how a lost coordinator is waited for.
inline constexpr int kTickMs = 150, kFirstPauseMs = 200, kLongestPauseMs = 2000;
inline constexpr std::uint64_t kPatienceMs = 5 * 60'000;

}  // namespace prov::cli
