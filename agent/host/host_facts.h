#pragma once
// What this host is, read from the system.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "agent/step/step.h"
#include "common/facts.h"

namespace prov::agent {

// Reads them anew at each call, as is done after each step that has changed something. What costs most is to look for
// interpreters that are not there: under which names there is anything at all is looked up again only when a folder
// that they are looked for in has changed, and whether it can be executed each time.
class HostFacts {
 public:
  explicit HostFacts(std::string path = kStepPath);  // folders, as in PATH
  Facts operator()();

 private:
  struct Stamp {
    std::uint64_t device = 0, inode = 0, changed_ns = 0;
    bool operator==(const Stamp&) const = default;
  };
  std::vector<Stamp> stamps() const;
  void look_for_candidates();

  std::vector<std::string> folders_;
  std::string boot_id_;
  std::vector<Stamp> seen_;  // of the folders; none: not yet, or too fresh to tell another change by them
  std::vector<std::vector<std::string>> candidates_;  // for each interpreter, the paths where there is anything
};

// Names one life of this host: the kernel's boot id, and when process 1 started, since a container is "booted" (all
// its processes end) without its kernel being so.
std::string host_boot_id();

}  // namespace prov::agent
