#pragma once
// From what is written to what is submitted: parameters merged and checked, secrets as references, extensions packed
// by digest, and for each task service the ones that must be installed before it. No network, and no clock: equal
// files give an equal result.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/ids.h"
#include "common/result.h"
#include "coordinator/modules/bundle.h"
#include "coordinator/modules/extension.h"
#include "coordinator/modules/host_needs.h"
#include "coordinator/workspace/definition.h"

namespace prov::workspace {

using Pairs = std::vector<std::pair<std::string, std::string>>;  // sorted by first

struct ResolvedServer {
  std::string hostname, provider, runtime, plan;
  Digest provider_bundle;
  Pairs labels, params;
};

struct ResolvedTaskserv {
  std::string server, name, version;
  Digest bundle;
  Pairs params;   // a list joined by spaces, a bool as true or false
  Pairs secrets;  // parameter -> reference
  bool retry_safe = false;
  std::uint32_t timeout_s = 0;
  std::vector<std::uint32_t> after;  // indexes smaller than its own, rising
  HostNeeds needs = {};              // not submitted: whoever submits looks whether the host has it
};

struct ResolvedServers {
  std::string infra;
  std::vector<ResolvedServer> servers;
  std::vector<Bundle> bundles;     // each once, in order of digest
  std::vector<std::string> notes;  // what providers say of parameters that are given; not submitted
};
struct ResolvedTaskservs {
  std::string infra;
  std::vector<ResolvedTaskserv> taskservs;  // in an order in which they can be installed
  std::vector<Bundle> bundles;
};

struct Selection {
  std::vector<std::string> hostnames;  // empty: all
  std::vector<std::string> taskservs;  // empty: all
  bool with_required = true;           // and what they require on the same hosts
};

Result<ResolvedServers> resolve_servers(const Infra& infra, const ExtensionFinder& finder,
                                        const std::vector<std::string>& hostnames);

// The whole infra is resolved, so that an error anywhere is found; then the selection is cut out of it. Errors: a
// taskserv that requires or conflicts with another of its host, a circle.
Result<ResolvedTaskservs> resolve_taskservs(const Infra& infra, const ExtensionFinder& finder,
                                            const Selection& selection);

// The same for many selections: the infra is read and each extension packed once, however often select() is called.
// `infra` and `finder` must live as long.
class TaskservResolver {
 public:
  static Result<TaskservResolver> open(const Infra& infra, const ExtensionFinder& finder);
  TaskservResolver(TaskservResolver&&) noexcept;
  ~TaskservResolver();

  Result<ResolvedTaskservs> select(const Selection& selection);  // its bundles come with take_bundles()

  // Any task service that the finder finds, whether or not a host of the infra has it. `file` and `place`: who asks.
  Result<const Manifest*> manifest(const std::string& name, const std::string& file, Place place);
  Result<Digest> pack(const std::string& name);  // REQUIRES: manifest() found it
  std::vector<Bundle> take_bundles();

 private:
  struct Parts;
  explicit TaskservResolver(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// One host's parameters against the manifest. `where` names whose they are, e.g. "postgres on db-1".
struct MergedParams {
  Pairs params, secrets;
};
Result<MergedParams> merge_params(const std::string& file, const Manifest& manifest, const Params& given, Place place,
                                  const std::string& where);

// Only what is given, without defaults and without a look at what is missing: to be laid over what merge_params gave.
Result<MergedParams> read_overrides(const std::string& file, const Manifest& manifest, const Params& given,
                                    const std::string& where);

}  // namespace prov::workspace
