#include "coordinator/cli/verbs/documents.h"

#include "common/json/json.h"

namespace prov::cli {

using nlohmann::json;

json pairs_body(const workspace::Pairs& list) {
  json out = json::object();
  for (const auto& [key, value] : list) out[key] = value;
  return out;
}

json server_list(const std::vector<workspace::ResolvedServer>& list) {
  json servers = json::array();
  for (const auto& one : list) {
    servers.push_back({{"hostname", one.hostname},
                       {"provider", one.provider},
                       {"provider_bundle", to_text(one.provider_bundle)},
                       {"runtime", one.runtime},
                       {"plan", one.plan},
                       {"labels", pairs_body(one.labels)},
                       {"params", pairs_body(one.params)}});
  }
  return servers;
}

json taskserv_list(const std::vector<workspace::ResolvedTaskserv>& list) {
  json taskservs = json::array();
  for (const auto& one : list) {
    taskservs.push_back({{"server", one.server},
                         {"name", one.name},
                         {"version", one.version},
                         {"bundle", to_text(one.bundle)},
                         {"params", pairs_body(one.params)},
                         {"secrets", pairs_body(one.secrets)},
                         {"retry_safe", one.retry_safe},
                         {"timeout_s", one.timeout_s},
                         {"after", one.after}});
  }
  return taskservs;
}

json servers_body(const workspace::ResolvedServers& resolved) {
  return {{"infra", resolved.infra}, {"servers", server_list(resolved.servers)}};
}

json taskservs_body(const workspace::ResolvedTaskservs& resolved) {
  return {{"infra", resolved.infra}, {"taskservs", taskserv_list(resolved.taskservs)}};
}

}  // namespace prov::cli
