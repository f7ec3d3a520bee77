#pragma once
// What an agent tells about its host, under the names that expressions use.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/facts.h"

namespace prov::expression {

using Pairs = std::vector<std::pair<std::string, std::string>>;  // sorted by first

const std::vector<std::string>& fact_names();
bool is_fact(std::string_view name);
bool is_number_fact(std::string_view name);   // cores, memory_bytes, disk_bytes
bool is_list_fact(std::string_view name);     // address, interpreter: a host can have several
bool is_version_fact(std::string_view name);  // os_version, kernel, agent_version

// By fact_names(); without those that are not known (empty, or 0). `address` stands there once for each address.
Pairs fact_pairs(const Facts& facts);

}  // namespace prov::expression
