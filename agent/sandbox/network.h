#pragma once
// The network of a rehearsal: nothing but loopback, which has the host's own addresses, so that a service can be
// started and asked as on the host, and nobody outside hears of it. The one way out is for apt's downloads: its
// methods are started through `PROGRAM rehearsal-fetch`, which goes back to the host's network first.
//
//   /run/provisioning-rehearsal/    in the rehearsal
//     host-network                  the host's network namespace
//     apt/METHOD                    what apt starts to download
//     apt.conf                      says so to apt, by the variable APT_CONFIG of the step
#include <string>
#include <vector>

#include "common/io/posix/files.h"
#include "common/result.h"

namespace prov::agent {

inline constexpr const char* kRehearsalRun = "/run/provisioning-rehearsal";

std::vector<std::string> own_addresses();  // of this network namespace, without loopback and link-local ones

// Brings up loopback, with these addresses too. REQUIRES: a network namespace of this process's own.
Result<void> make_lonely_network(const std::vector<std::string>& addresses);

// Lays out the folder above in `root`, whose /run is the rehearsal's own. `host_network` is an open namespace.
Result<void> offer_downloads(const std::string& root, const io::Fd& host_network, const std::string& program);
std::string apt_config();  // where apt.conf is, in the rehearsal

// Becomes apt's method of that name, in the host's network. Returns only when it cannot.
Error fetch_in_host_network(const std::string& method);

}  // namespace prov::agent
