#include "agent/sandbox/network.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "agent/sandbox/mounts.h"

namespace prov::agent {
namespace {

constexpr const char* kMethods = "/usr/lib/apt/methods";
constexpr const char* kDownloading[] = {"http", "https", "ftp"};

struct AddressRequest {
  nlmsghdr header{};
  ifaddrmsg message{};
  std::array<char, 64> attributes{};
};

void add_attribute(AddressRequest& request, unsigned short type, const void* bytes, std::size_t size) {
  const std::size_t at = request.header.nlmsg_len - sizeof(nlmsghdr) - sizeof(ifaddrmsg);
  rtattr attribute{};
  attribute.rta_type = type;
  attribute.rta_len = static_cast<unsigned short>(RTA_LENGTH(size));
  std::memcpy(request.attributes.data() + at, &attribute, sizeof attribute);
  std::memcpy(request.attributes.data() + at + RTA_LENGTH(0), bytes, size);
  request.header.nlmsg_len += static_cast<unsigned>(RTA_SPACE(size));
}

AddressRequest request_for(int family, const void* bytes, std::size_t size) {
  AddressRequest request;
  request.header.nlmsg_len = sizeof(nlmsghdr) + sizeof(ifaddrmsg);
  request.header.nlmsg_type = RTM_NEWADDR;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_ACK;
  request.message.ifa_family = static_cast<unsigned char>(family);
  request.message.ifa_prefixlen = static_cast<unsigned char>(8 * size);
  request.message.ifa_flags = family == AF_INET6 ? IFA_F_NODAD : 0;
  request.message.ifa_index = if_nametoindex("lo");
  add_attribute(request, IFA_LOCAL, bytes, size);
  add_attribute(request, IFA_ADDRESS, bytes, size);
  return request;
}

// An address that the kernel does not want (no IPv6 here, say) is one that no service can listen on either.
void add_address(int netlink, const std::string& text) {
  in6_addr bytes{};
  const int family = text.find(':') == std::string::npos ? AF_INET : AF_INET6;
  if (inet_pton(family, text.c_str(), &bytes) != 1) return;
  const auto request = request_for(family, &bytes, family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr));
  if (send(netlink, &request, request.header.nlmsg_len, 0) < 0) return;
  std::array<char, 4096> answer{};
  static_cast<void>(recv(netlink, answer.data(), answer.size(), 0));
}

Result<void> write_file(const std::string& path, const std::string& text, mode_t mode) {
  const io::Fd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd) return tl::unexpected(io::system_error("create", path));
  if (auto written = io::write_all(fd.get(), text); !written) return written;
  if (fchmod(fd.get(), mode) != 0) return tl::unexpected(io::system_error("set the mode of", path));
  return {};
}

// apt takes its methods from one folder, so this has all of them; those that download go through us.
Result<void> lay_out_methods(const std::string& folder, const std::string& program) {
  const io::Fd methods(open(kMethods, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  auto names = methods ? io::list_dir(methods.get()) : Result<std::vector<std::string>>();
  if (!names) return tl::unexpected(names.error());
  for (const std::string& name : *names) {
    const std::string path = folder + "/" + name;
    if (std::find(std::begin(kDownloading), std::end(kDownloading), name) != std::end(kDownloading)) {
      const std::string text = "#!/bin/sh\nexec '" + program + "' rehearsal-fetch " + name + "\n";
      if (auto written = write_file(path, text, 0755); !written) return written;
    } else if (symlink((std::string(kMethods) + "/" + name).c_str(), path.c_str()) != 0) {
      return tl::unexpected(io::system_error("link", path));
    }
  }
  return {};
}

}  // namespace

std::vector<std::string> own_addresses() {
  std::vector<std::string> out;
  ifaddrs* raw = nullptr;
  if (getifaddrs(&raw) != 0) return out;
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> all(raw, freeifaddrs);
  for (const ifaddrs* each = all.get(); each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr || (each->ifa_flags & IFF_LOOPBACK) != 0) continue;
    std::array<char, INET6_ADDRSTRLEN> text{};
    const int family = each->ifa_addr->sa_family;
    const void* bytes = nullptr;
    if (family == AF_INET) bytes = &reinterpret_cast<const sockaddr_in*>(each->ifa_addr)->sin_addr;
    if (family == AF_INET6) bytes = &reinterpret_cast<const sockaddr_in6*>(each->ifa_addr)->sin6_addr;
    if (bytes == nullptr || (family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(static_cast<const in6_addr*>(bytes))))
      continue;
    if (inet_ntop(family, bytes, text.data(), text.size()) != nullptr) out.emplace_back(text.data());
  }
  return out;
}

Result<void> make_lonely_network(const std::vector<std::string>& addresses) {
  const io::Fd netlink(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  const io::Fd any(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strncpy(request.ifr_name, "lo", sizeof request.ifr_name - 1);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (!netlink || !any || ioctl(any.get(), SIOCSIFFLAGS, &request) != 0) {
    return tl::unexpected(io::system_error("bring up", "loopback (that takes CAP_NET_ADMIN)"));
  }
  for (const std::string& each : addresses) add_address(netlink.get(), each);
  return {};
}

Result<void> offer_downloads(const std::string& root, const io::Fd& host_network, const std::string& program) {
  const std::string folder = root + kRehearsalRun;
  if (auto made = make_dirs(folder + "/apt"); !made) return made;
  if (auto made = write_file(folder + "/host-network", "", 0600); !made) return made;
  auto bound = bind_mount("/proc/self/fd/" + std::to_string(host_network.get()), folder + "/host-network");
  if (!bound) return bound;
  struct stat info {};
  if (stat(kMethods, &info) != 0) return {};  // no apt here
  if (auto laid_out = lay_out_methods(folder + "/apt", program); !laid_out) return laid_out;
  return write_file(folder + "/apt.conf", "Dir::Bin::methods \"" + std::string(kRehearsalRun) + "/apt/\";\n", 0644);
}

std::string apt_config() { return std::string(kRehearsalRun) + "/apt.conf"; }

Error fetch_in_host_network(const std::string& method) {
  if (std::find(std::begin(kDownloading), std::end(kDownloading), method) == std::end(kDownloading)) {
    return {Code::invalid, "\"" + method + "\" is no way to download", "it is started by apt, in a rehearsal"};
  }
  const std::string network = std::string(kRehearsalRun) + "/host-network";
  const io::Fd fd(open(network.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd || setns(fd.get(), CLONE_NEWNET) != 0) return io::system_error("enter", network);
  std::string path = std::string(kMethods) + "/" + method;
  std::array<char*, 2> argv = {path.data(), nullptr};
  execv(path.c_str(), argv.data());
  return io::system_error("start", path);
}

}  // namespace prov::agent
