#pragma once
// GET /status: the platform at a glance.
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "coordinator/projection/view.h"

namespace prov::projection {

struct LinkFacts {  // where agents find the coordinator
  std::string server_key;
  std::vector<std::string> endpoints, enrol_endpoints;
};

struct PlatformFacts {  // what is not in the state
  std::string version;
  std::int64_t pid = 0;
  std::uint64_t durable_commit = 0, checkpoint_sequence = 0, uptime_s = 0;
  std::uint64_t resident_bytes = 0, disk_free_bytes = 0;
  std::string read_only;  // why; empty: it is not
  LinkFacts link;
};

nlohmann::json status(const View& view, const PlatformFacts& facts);

}  // namespace prov::projection
