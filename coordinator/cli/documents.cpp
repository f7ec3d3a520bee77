#include "coordinator/cli/documents.h"

#include <nlohmann/json.hpp>

namespace prov::cli {

using nlohmann::json;

namespace {

json pairs(const workspace::Pairs& list) {
  json out = json::object();
  for (const auto& [key, value] : list) out[key] = value;
  return out;
}

}  // namespace

json servers_body(const workspace::ResolvedServers& resolved) {
  json servers = json::array();
  for (const auto& one : resolved.servers) {
    servers.push_back({{"hostname", one.hostname},
                       {"provider", one.provider},
                       {"provider_bundle", to_text(one.provider_bundle)},
                       {"runtime", one.runtime},
                       {"plan", one.plan},
                       {"labels", pairs(one.labels)},
                       {"params", pairs(one.params)}});
  }
  return {{"infra", resolved.infra}, {"servers", std::move(servers)}};
}

json taskservs_body(const workspace::ResolvedTaskservs& resolved) {
  json taskservs = json::array();
  for (const auto& one : resolved.taskservs) {
    taskservs.push_back({{"server", one.server},
                         {"name", one.name},
                         {"version", one.version},
                         {"bundle", to_text(one.bundle)},
                         {"params", pairs(one.params)},
                         {"secrets", pairs(one.secrets)},
                         {"retry_safe", one.retry_safe},
                         {"timeout_s", one.timeout_s},
                         {"after", one.after}});
  }
  return {{"infra", resolved.infra}, {"taskservs", std::move(taskservs)}};
}

}  // namespace prov::cli
