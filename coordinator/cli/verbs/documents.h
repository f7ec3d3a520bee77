#pragma once
// What was resolved, as the bodies of docs/formats/rest.md.
#include <nlohmann/json_fwd.hpp>

#include "coordinator/batch/resolve.h"
#include "coordinator/modules/resolve.h"

namespace prov::cli {

nlohmann::json servers_body(const workspace::ResolvedServers& resolved);
nlohmann::json taskservs_body(const workspace::ResolvedTaskservs& resolved);
nlohmann::json batch_body(const batch::ResolvedBatch& resolved);

// Parts of these.
nlohmann::json pairs_body(const workspace::Pairs& list);
nlohmann::json server_list(const std::vector<workspace::ResolvedServer>& servers);
nlohmann::json taskserv_list(const std::vector<workspace::ResolvedTaskserv>& taskservs);

}  // namespace prov::cli
