#pragma once
// What this host is, read from the system at the time of the call.
#include "common/facts.h"

namespace prov::agent {

Facts host_facts();

// Names one life of this host: the kernel's boot id, and when process 1 started, since a container is "booted" (all
// its processes end) without its kernel being so.
std::string host_boot_id();

}  // namespace prov::agent
