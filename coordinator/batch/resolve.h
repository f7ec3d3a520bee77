#pragma once
// From a batch to what is submitted: servers and task services as the infra's settings describe them, scripts packed by
// digest. No network, and no clock: equal files give an equal result.
#include <optional>
#include <string>
#include <vector>

#include "coordinator/batch/batch.h"

namespace prov::batch {

struct ResolvedExec {
  std::vector<std::string> argv;  // of a script: its arguments
  std::string stdin_data;
  Digest bundle;       // zero: argv[0] is the program; else it is `script` of that bundle
  std::string script;  // path within the bundle
  Pairs environment;
};

struct ResolvedCluster {
  std::string name, version;
  std::vector<std::string> servers;    // sorted
  std::vector<std::string> taskservs;  // in the order of installation
};

enum class OperationMode { apply, check, rehearse };
const char* name_of(OperationMode mode);

struct ResolvedOperation : OperationSettings {
  OperationMode mode = OperationMode::apply;  // no file says it: whoever submits does
  std::vector<ResolvedServer> servers;        // server_create
  std::vector<std::string> hostnames;         // server_delete
  // taskserv_*, cluster_*: in the order of installation. Without a server: for every target that has no entry of its
  // own.
  std::vector<ResolvedTaskserv> taskservs;
  std::optional<ResolvedCluster> cluster;
  ResolvedExec exec, undo;  // script; undo with neither argv nor bundle: there is none
};

struct ResolvedBatch {
  std::string name, version, infra;
  std::uint32_t parallel_limit = 0;
  bool preserve_successful = false;
  Pairs params;
  std::vector<ResolvedOperation> operations;
  std::vector<Bundle> bundles;     // each once, in order of digest
  std::vector<std::string> notes;  // for people
};

bool needs_infra(const Batch& batch);  // some operation looks into the settings of the infra

// `infra` null: REQUIRES !needs_infra(batch). Error: up to twenty mistakes, one a line.
Result<ResolvedBatch> resolve_batch(const Batch& batch, const std::string& workspace_root, const Infra* infra,
                                    const ExtensionFinder& finder);

}  // namespace prov::batch
