#pragma once
// What was resolved, as the bodies of docs/formats/rest.md.
#include <nlohmann/json_fwd.hpp>

#include "coordinator/workspace/resolve.h"

namespace prov::cli {

nlohmann::json servers_body(const workspace::ResolvedServers& resolved);
nlohmann::json taskservs_body(const workspace::ResolvedTaskservs& resolved);

}  // namespace prov::cli
