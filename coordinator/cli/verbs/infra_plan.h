#pragma once
// What an infra should be against what the log says of it: as a batch that makes the difference. Servers first, then
// task services; what is in the state and not in the settings any more goes.
#include <string>
#include <vector>

#include "coordinator/batch/resolve.h"
#include "coordinator/cli/submit.h"

namespace prov::cli {

// Its operations for what is in the state and not in the settings any more.
inline constexpr const char* kGoneServers = "remove-servers";
inline constexpr const char* kGoneTaskservs = "remove-taskservs";

// From the coordinator's lists of that infra (GET /servers, GET /taskservs) and the resolved settings. Pure.
//
//   remove-taskservs ··> taskservs ──> remove-servers        ──> hard, ··> order only
//   servers ──────────────┘
batch::ResolvedBatch desired_batch(workspace::ResolvedServers servers, workspace::ResolvedTaskservs taskservs,
                                   const nlohmann::json& actual_servers, const nlohmann::json& actual_taskservs);

// Everything that is there, taken away in the reverse of the order in which it was made: what was installed last goes
// first (`order`: how the settings would install; what they do not name goes before that), then the hosts. A host goes
// also where something on it could not be uninstalled, or never could be, because no agent is on it.
batch::ResolvedBatch removal_batch(const std::string& infra, const nlohmann::json& actual_servers,
                                   const nlohmann::json& actual_taskservs,
                                   const std::vector<workspace::ResolvedTaskserv>& order);

// A task service as GET /taskservs has it: what is needed to check or uninstall it as it was installed.
workspace::ResolvedTaskserv taskserv_of(const nlohmann::json& item);

// Of the infra in use (--infra). Without operations: there is nothing in the settings, and nothing was ever made.
struct InfraPlan {
  std::string workspace, infra;
  batch::ResolvedBatch batch;
};
Result<InfraPlan> plan_infra(Context& context);

}  // namespace prov::cli
