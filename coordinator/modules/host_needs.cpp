#include "coordinator/modules/host_needs.h"

#include <algorithm>

namespace prov::workspace {
namespace {

std::string one_name_of(const std::string& arch) {
  if (arch == "x86_64") return "amd64";
  return arch == "aarch64" ? "arm64" : arch;
}

bool is_that(const std::string& wanted, const std::string& os, const std::string& version) {
  if (wanted == os) return true;
  const std::string whole = os + "-" + version;
  return whole == wanted || whole.rfind(wanted + ".", 0) == 0;  // ubuntu-22 is ubuntu-22.04 too
}

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == words.size() ? " and " : ", ") + words[i];
  }
  return text + (words.size() == 1 ? " is supported" : " are supported");
}

void add_if_less(std::uint64_t bytes, std::uint64_t least_mb, const char* of_what, std::vector<std::string>& out) {
  const std::uint64_t mb = bytes >> 20;
  if (bytes == 0 || mb >= least_mb - least_mb / 10) return;
  out.push_back("it has " + std::to_string(mb) + " MiB " + of_what + ", and " + std::to_string(least_mb) +
                " are the least");
}

}  // namespace

HostNeeds needs_of(const Manifest& manifest) {
  const Resources& least = manifest.resources;
  return {manifest.os, manifest.arch, least.cpus, least.memory_mb, least.disk_mb, manifest.interpreters};
}

std::vector<std::string> lacking(const HostNeeds& needs, const Facts& facts) {
  std::vector<std::string> out;
  const auto is_ours = [&](const std::string& wanted) { return is_that(wanted, facts.os, facts.os_version); };
  if (!facts.os.empty() && !needs.os.empty() && std::none_of(needs.os.begin(), needs.os.end(), is_ours)) {
    out.push_back("it is " + facts.os + (facts.os_version.empty() ? "" : "-" + facts.os_version) + ", and only " +
                  listed(needs.os));
  }
  const std::string arch = one_name_of(facts.arch);
  const auto is_arch = [&](const std::string& wanted) { return one_name_of(wanted) == arch; };
  if (!arch.empty() && !needs.arch.empty() && std::none_of(needs.arch.begin(), needs.arch.end(), is_arch)) {
    out.push_back("it is " + arch + ", and only " + listed(needs.arch));
  }
  if (facts.cores > 0 && facts.cores < needs.cpus) {
    out.push_back("it has " + std::to_string(facts.cores) + " CPUs, and " + std::to_string(needs.cpus) +
                  " are the least");
  }
  add_if_less(facts.memory_bytes, needs.memory_mb, "of memory", out);
  add_if_less(facts.disk_bytes, needs.disk_mb, "of disk (at /)", out);
  return out;
}

std::vector<std::string> lacking_interpreters(const HostNeeds& needs, const Facts& facts) {
  std::vector<std::string> out;
  const auto& missing = facts.missing_interpreters;
  for (const auto& name : needs.interpreters) {
    if (std::find(missing.begin(), missing.end(), name) != missing.end()) out.push_back(name);
  }
  return out;
}

}  // namespace prov::workspace
