#include "coordinator/resolution/catalogue.h"

#include <algorithm>

namespace prov::resolution {
namespace {

std::size_t relations_of(const Release& release) {
  return release.requires_.size() + release.optional.size() + release.conflicts.size();
}

Result<void> check_releases(const std::string& name, const std::vector<Release>& releases) {
  if (releases.size() > kMaxReleases) {
    return fail(Code::exhausted,
                name + " has " + std::to_string(releases.size()) + " versions, at most " +
                    std::to_string(kMaxReleases) + " can be looked at",
                "remove old ones");
  }
  std::vector<Version> versions;
  for (const auto& release : releases) versions.push_back(release.version);
  std::sort(versions.begin(), versions.end());
  const auto twice = std::adjacent_find(versions.begin(), versions.end());
  if (twice == versions.end()) return {};
  return fail(Code::invalid, name + " has the version " + to_text(*twice) + " twice", "remove one of them");
}

}  // namespace

Result<void> check(const Catalogue& catalogue, const Request& request, const Limits& limits) {
  std::size_t relations = request.wanted.size() + request.pinned.size();
  for (const auto& [name, releases] : catalogue) {
    if (auto fine = check_releases(name, releases); !fine) return fine;
    for (const auto& release : releases) relations += relations_of(release);
  }
  if (catalogue.size() > limits.packages) {
    return fail(Code::exhausted, "there are " + std::to_string(catalogue.size()) + " packages, at most " +
                                     std::to_string(limits.packages) + " can be looked at");
  }
  if (relations > limits.relations) {
    return fail(Code::exhausted, "there are " + std::to_string(relations) + " relations between packages, at most " +
                                     std::to_string(limits.relations) + " can be looked at");
  }
  return {};
}

bool is_preferred(const Version& a, const Version& b) {
  if (a.is_release() != b.is_release()) return a.is_release();
  return a > b;
}

}  // namespace prov::resolution
