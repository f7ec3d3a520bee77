#include "agent/host/host_facts.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <sstream>

#include "common/io/posix/files.h"
#include "common/io/posix/processes.h"

namespace prov::agent {
namespace {

// What scripts are written in; sh is everywhere. Names are looked up, not asked for: a fixed list keeps what is told
// small, and known before anybody asks. That a name is missing says an agent of its own accord, so one that knows fewer
// is not taken for a host that has fewer.
constexpr const char* kInterpreters[] = {"awk", "bash", "dash",   "deno",    "fish", "lua", "node",  "nu", "perl",
                                         "php", "pwsh", "python", "python3", "ruby", "sh",  "tclsh", "zsh"};

// The system's clock for files ticks this often at most: a folder that has changed since may change again and look the
// same.
constexpr std::uint64_t kTickNs = 100'000'000;

std::uint64_t ns_of(const timespec& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

bool is_executable(const std::string& path) {
  struct stat about {};
  return stat(path.c_str(), &about) == 0 && S_ISREG(about.st_mode) && access(path.c_str(), X_OK) == 0;
}

std::uint64_t disk_bytes() {
  struct statvfs about {};
  return statvfs("/", &about) == 0 ? std::uint64_t{about.f_blocks} * about.f_frsize : 0;
}

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

HostFacts::HostFacts(std::string path) : boot_id_(host_boot_id()) {
  std::istringstream folders(std::move(path));
  for (std::string folder; std::getline(folders, folder, ':');) folders_.push_back(std::move(folder));
}

std::vector<HostFacts::Stamp> HostFacts::stamps() const {
  std::vector<Stamp> out;
  for (const std::string& folder : folders_) {
    struct stat about {};
    if (stat(folder.c_str(), &about) != 0) about = {};
    out.push_back({about.st_dev, about.st_ino, ns_of(about.st_ctim)});
  }
  return out;
}

void HostFacts::look_for_candidates() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  std::vector<Stamp> before = stamps();
  if (before == seen_) return;
  candidates_.clear();
  for (const char* interpreter : kInterpreters) {
    std::vector<std::string>& paths = candidates_.emplace_back();
    for (const std::string& folder : folders_) {
      std::string path = folder + "/" + interpreter;
      struct stat about {};  // of a link itself: what it leads to may come and go
      if (lstat(path.c_str(), &about) == 0) paths.push_back(std::move(path));
    }
  }
  const bool fresh = std::any_of(before.begin(), before.end(),
                                 [&](const Stamp& each) { return each.changed_ns + kTickNs > ns_of(now); });
  seen_ = fresh ? std::vector<Stamp>() : std::move(before);
}

Facts HostFacts::operator()() {
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
  out.boot_id = boot_id_;
  out.agent_version = PROV_VERSION;
  out.disk_bytes = disk_bytes();
  look_for_candidates();
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    const bool is_there = std::any_of(candidates_[i].begin(), candidates_[i].end(), is_executable);
    (is_there ? out.interpreters : out.missing_interpreters).emplace_back(kInterpreters[i]);
  }
  return out;
}

}  // namespace prov::agent
