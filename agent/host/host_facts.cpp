#include "agent/host/host_facts.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <sstream>

#include "common/io/posix/files.h"
#include "common/io/posix/processes.h"

namespace prov::agent {
namespace {

std::string os_release(const std::string& text, const std::string& name) {
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(name + "=")) continue;
    std::string value = line.substr(name.size() + 1);
    std::erase(value, '"');
    return value;
  }
  return {};
}

std::string address_text(const sockaddr* address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    return inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text) != nullptr ? text : "";
  }
  if (address->sa_family != AF_INET6) return {};
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
  if (IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr)) return {};  // means nothing to anybody else
  return inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text) != nullptr ? text : "";
}

std::vector<std::string> addresses() {
  constexpr std::size_t kMaxAddresses = 64;
  std::vector<std::string> out;
  ifaddrs* raw = nullptr;
  if (getifaddrs(&raw) != 0) return out;
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> all(raw, freeifaddrs);
  for (const ifaddrs* each = all.get(); each != nullptr && out.size() < kMaxAddresses; each = each->ifa_next) {
    if (each->ifa_addr == nullptr || (each->ifa_flags & IFF_LOOPBACK) != 0) continue;
    std::string text = address_text(each->ifa_addr);
    if (!text.empty()) out.push_back(std::move(text));
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace

std::string host_boot_id() {
  auto id = io::read_file("/proc/sys/kernel/random/boot_id", 256);
  std::string out = id ? *id : std::string("unknown");
  while (!out.empty() && out.back() == '\n') out.pop_back();
  const auto first = io::process_stat(1);
  return out + "." + std::to_string(first ? first->start_ticks : 0);
}

Facts host_facts() {
  Facts out;
  utsname name{};
  uname(&name);
  out.hostname = name.nodename;
  out.kernel = name.release;
  out.arch = name.machine;
  if (auto text = io::read_file("/etc/os-release", 64 << 10)) {
    out.os = os_release(*text, "ID");
    out.os_version = os_release(*text, "VERSION_ID");
  }
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  if (sched_getaffinity(0, sizeof cpus, &cpus) == 0) out.cores = static_cast<std::uint32_t>(CPU_COUNT(&cpus));
  struct sysinfo memory {};
  if (sysinfo(&memory) == 0) out.memory_bytes = static_cast<std::uint64_t>(memory.totalram) * memory.mem_unit;
  out.addresses = addresses();
  out.init = access("/run/systemd/system", F_OK) == 0 ? "systemd" : "none";
  out.boot_id = host_boot_id();
  out.agent_version = PROV_VERSION;
  return out;
}

}  // namespace prov::agent
