#pragma once
// What there is: workspaces, servers, task services, agents. Shapes: docs/formats/rest.md. An empty filter field
// matches everything.
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "coordinator/projection/view.h"

namespace prov::projection {

struct InventoryFilter {
  std::string workspace, infra, server;
};

// Lists answer {"items": [...], "total": N}, sorted by workspace and name.
nlohmann::json workspaces(const View& view, const Page& page);
nlohmann::json servers(const View& view, const InventoryFilter& filter, const Page& page);
nlohmann::json taskservs(const View& view, const InventoryFilter& filter, const Page& page);
nlohmann::json agents(const View& view, const InventoryFilter& filter, const Page& page);
nlohmann::json agent(const View& view, const domain::Agent& agent);

}  // namespace prov::projection
