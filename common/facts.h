#pragma once
// What an agent tells about its host, and how an attempt can end: words that both sides of the link and the log share.
#include <cstdint>
#include <string>
#include <vector>

namespace prov {

struct Facts {
  std::string hostname, os, os_version, kernel, arch;
  std::uint32_t cores = 0;
  std::uint64_t memory_bytes = 0;
  std::vector<std::string> addresses;  // without loopback
  std::string init;                    // "systemd" or "none"
  std::string boot_id;
  std::string agent_version;
  std::uint64_t disk_bytes = 0;                   // of the file system at /; 0: not told
  std::vector<std::string> interpreters;          // well-known ones that a step finds on its PATH, sorted
  std::vector<std::string> missing_interpreters;  // looked for as well, and not there; of others nothing is known

  bool operator==(const Facts&) const = default;
};

enum class Outcome : std::uint16_t {  // numbers as in schema/event.capnp
  done,
  unchanged,
  failed,
  interrupted,
  timed_out,
  cancelled,
  skipped,
  not_delivered,
  in_doubt,
  refused,
};
inline constexpr std::uint16_t kOutcomes = 10;

const char* name_of(Outcome outcome);  // "done", "timed out", ...
inline bool succeeded(Outcome outcome) { return outcome == Outcome::done || outcome == Outcome::unchanged; }

// Exit codes of a task service's script (docs/guides/extension-contract.md).
inline constexpr int kExitUnchanged = 10;
inline constexpr int kExitTryLater = 75;
inline constexpr int kExitCannot = 78;

}  // namespace prov
