#pragma once
// What a task service needs of its host, against what a host's agent has told of it: pure.
#include <string>
#include <vector>

#include "common/facts.h"
#include "coordinator/modules/manifest.h"

namespace prov::workspace {

struct HostNeeds {
  std::vector<std::string> os, arch;  // any of these; empty: everywhere
  std::uint32_t cpus = 0;             // 0: not said
  std::uint64_t memory_mb = 0, disk_mb = 0;
  std::vector<std::string> interpreters;

  bool any() const {
    return !os.empty() || !arch.empty() || cpus > 0 || memory_mb > 0 || disk_mb > 0 || !interpreters.empty();
  }
};

HostNeeds needs_of(const Manifest& manifest);

// What of it that host has not, in words ("it is debian-11, and only debian-12 is supported"); empty: it has all. A
// fact that is not known is against nothing. "debian-12" is an ID with the beginning of its version, "debian" any
// version; "amd64" and "x86_64" are one, "arm64" and "aarch64" too. Memory and disk may be a tenth less: kernels and
// file systems keep some of them.
std::vector<std::string> lacking(const HostNeeds& needs, const Facts& facts);

// Of the interpreters, those that the host is known not to have. They are apart since another task service may bring
// them.
std::vector<std::string> lacking_interpreters(const HostNeeds& needs, const Facts& facts);

}  // namespace prov::workspace
