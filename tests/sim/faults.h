#pragma once
// What can go wrong in a simulated world, by name, and how often it did.
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace prov::sim {

enum class Fault : std::uint8_t {
  coordinator_crash,
  torn_commit,  // a crash that left half a commit
  agent_crash,
  host_crash,
  cut,            // a host, or all, in one direction or both
  storm,          // all links die at once and come back at once, again and again
  clog,           // a direction stands still, then all of it comes at once
  slow_disk,      // the coordinator's
  full_log_disk,  // the coordinator's
  full_host_disk,
  flipped_log,      // a bit of a durable commit
  flipped_journal,  // a bit of an agent's journal
  coordinator_clock,
  host_clock,
  step_hung,      // was stopped at its time limit
  step_killed,    // died by a signal of its own
  step_forked,    // left processes behind in its group
  step_deaf,      // did not listen to SIGTERM
  step_lied,      // exit 0, and nothing done
  provider_down,  // a call to the provider failed
};
inline constexpr std::array<std::string_view, 20> kFaultNames{"coordinator_crash",
                                                              "torn_commit",
                                                              "agent_crash",
                                                              "host_crash",
                                                              "cut",
                                                              "storm",
                                                              "clog",
                                                              "slow_disk",
                                                              "full_log_disk",
                                                              "full_host_disk",
                                                              "flipped_log",
                                                              "flipped_journal",
                                                              "coordinator_clock",
                                                              "host_clock",
                                                              "step_hung",
                                                              "step_killed",
                                                              "step_forked",
                                                              "step_deaf",
                                                              "step_lied",
                                                              "provider_down"};

struct FaultCounts {
  std::array<std::uint64_t, kFaultNames.size()> of{};

  std::uint64_t& operator[](Fault fault) { return of[static_cast<std::size_t>(fault)]; }
  std::uint64_t operator[](Fault fault) const { return of[static_cast<std::size_t>(fault)]; }
  void add(const FaultCounts& other);
  std::uint64_t total() const;    // frames that are lost, late and so on are not in it
  std::uint64_t crashes() const;  // each is followed by a restart
};

// Kinds of faults, to be let loose together: "none", "all", or some of the names with commas between.
enum class Kind : std::uint8_t { network, crash, disk, clock, steps };
inline constexpr std::array<std::string_view, 5> kKindNames{"network", "crash", "disk", "clock", "steps"};

struct Profile {
  std::uint8_t kinds = 0x1f;

  bool has(Kind kind) const { return (kinds >> static_cast<unsigned>(kind) & 1U) != 0; }
  Profile without(Kind kind) const { return {static_cast<std::uint8_t>(kinds & ~(1U << static_cast<unsigned>(kind)))}; }
};
std::optional<Profile> profile_named(std::string_view text);
std::string to_text(Profile profile);

}  // namespace prov::sim
