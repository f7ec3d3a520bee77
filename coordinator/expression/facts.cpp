#include "coordinator/expression/facts.h"

#include <algorithm>

namespace prov::expression {

const std::vector<std::string>& fact_names() {
  static const std::vector<std::string> names{"hostname", "os",    "os_version",   "kernel",
                                              "arch",     "cores", "memory_bytes", "disk_bytes",
                                              "address",  "init",  "interpreter",  "agent_version"};
  return names;
}

bool is_fact(std::string_view name) {
  return std::find(fact_names().begin(), fact_names().end(), name) != fact_names().end();
}

bool is_number_fact(std::string_view name) { return name == "cores" || name == "memory_bytes" || name == "disk_bytes"; }

bool is_list_fact(std::string_view name) { return name == "address" || name == "interpreter"; }

bool is_version_fact(std::string_view name) {
  return name == "os_version" || name == "kernel" || name == "agent_version";
}

Pairs fact_pairs(const Facts& facts) {
  const auto number = [](std::uint64_t n) { return n == 0 ? std::string() : std::to_string(n); };
  Pairs pairs{{"hostname", facts.hostname},
              {"os", facts.os},
              {"os_version", facts.os_version},
              {"kernel", facts.kernel},
              {"arch", facts.arch},
              {"cores", number(facts.cores)},
              {"memory_bytes", number(facts.memory_bytes)},
              {"disk_bytes", number(facts.disk_bytes)},
              {"init", facts.init},
              {"agent_version", facts.agent_version}};
  for (const std::string& address : facts.addresses) pairs.emplace_back("address", address);
  for (const std::string& interpreter : facts.interpreters) pairs.emplace_back("interpreter", interpreter);
  std::erase_if(pairs, [](const auto& pair) { return pair.second.empty(); });
  std::stable_sort(pairs.begin(), pairs.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return pairs;
}

}  // namespace prov::expression
