#pragma once
// Which version of each task service an infra uses: its settings, the manifests, and the workspace's list and lock of
// modules, put before the solver (coordinator/resolution).
#include <map>
#include <string>
#include <vector>

#include "common/result.h"
#include "coordinator/modules/extension.h"
#include "coordinator/workspace/definition.h"

namespace prov::workspace {

using ChosenVersions = std::map<std::string, std::string>;  // by name

// What to choose from: every version of the named ones and of what these require, directly or through others. A name
// that no layer has is left out. Relations that cannot matter to `together` (null: all do) are left out too: conflicts
// of two that it never has on one host.
class Hosts;
Result<resolution::Catalogue> catalogue_of(const ExtensionFinder& finder, const std::vector<std::string>& names,
                                           const Hosts* together);

// Names of task services, by host.
class Hosts {
 public:
  explicit Hosts(const Infra& infra);
  std::vector<std::string> names() const;                                         // each once, sorted
  std::string with_both(const std::string& one, const std::string& other) const;  // a host; empty: none has both
  const std::vector<std::string>& of(const std::string& name) const;              // hosts that have it

 private:
  std::map<std::string, std::vector<std::string>> hosts_;  // by name of the task service; in the order of the infra
};

// One version for each name in the infra, so that on every host hard and optional relations are within their ranges
// and no two conflict. Code::invalid with sentences when there is no such choice. A requirement that the host does not
// have at all is no matter of this: check_hosts().
Result<ChosenVersions> choose_versions(const Infra& infra, const ExtensionFinder& finder);

// Refuses a host that lacks what one of its task services requires, and says what to add, or why that would not help.
Result<void> check_hosts(const Infra& infra, const ExtensionFinder& finder, const ChosenVersions& chosen);

}  // namespace prov::workspace
