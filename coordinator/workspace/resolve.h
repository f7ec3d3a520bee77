#pragma once
// From what is written to what is submitted: parameters merged and checked, secrets as references, extensions packed
// by digest, and for each task service the ones that must be installed before it. No network, and no clock: equal
// files give an equal result.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/ids.h"
#include "common/result.h"
#include "coordinator/workspace/bundle.h"
#include "coordinator/workspace/definition.h"
#include "coordinator/workspace/extension.h"

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
};

struct ResolvedServers {
  std::string infra;
  std::vector<ResolvedServer> servers;
  std::vector<Bundle> bundles;  // each once, in order of digest
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

// One host's parameters against the manifest. `where` names whose they are, e.g. "postgres on db-1".
struct MergedParams {
  Pairs params, secrets;
};
Result<MergedParams> merge_params(const std::string& file, const Manifest& manifest, const Params& given, Place place,
                                  const std::string& where);

}  // namespace prov::workspace
