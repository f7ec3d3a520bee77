#include "coordinator/projection/status.h"

#include "common/json/json.h"

namespace prov::projection {

using nlohmann::json;

namespace {

json agents_json(const View& view) {
  std::size_t reachable = 0;
  for (const auto& [key, one] : view.state.agents) reachable += one.reachable && view.agent_now(key).connected ? 1 : 0;
  return {{"enrolled", view.state.agents.size()}, {"reachable", reachable}};
}

}  // namespace

json status(const View& view, const PlatformFacts& facts) {
  std::size_t workflows_running = 0, tasks_ready = 0, tasks_running = 0;
  for (const auto& [id, one] : view.state.workflows) {
    if (one.ended) continue;
    ++workflows_running;
    for (const auto& task : one.tasks) {
      tasks_ready += task.status == domain::TaskStatus::ready ? 1 : 0;
      tasks_running +=
          task.status == domain::TaskStatus::dispatched || task.status == domain::TaskStatus::running ? 1 : 0;
    }
  }
  return {{"version", facts.version},
          {"pid", facts.pid},
          {"log_id", to_text(view.state.log_id)},
          {"epoch", view.state.epoch},
          {"sequence", view.state.sequence},
          {"durable_commit", facts.durable_commit},
          {"checkpoint_sequence", facts.checkpoint_sequence},
          {"read_only", !facts.read_only.empty()},
          {"read_only_reason", facts.read_only.empty() ? json(nullptr) : json(facts.read_only)},
          {"uptime_s", facts.uptime_s},
          {"agents", agents_json(view)},
          {"workflows", {{"running", workflows_running}, {"ended", view.state.ended_workflows_total}}},
          {"tasks", {{"ready", tasks_ready}, {"running", tasks_running}}},
          {"frozen", view.state.frozen.size()},
          {"resident_bytes", facts.resident_bytes},
          {"disk_free_bytes", facts.disk_free_bytes},
          {"link",
           {{"server_key", facts.link.server_key},
            {"endpoints", facts.link.endpoints},
            {"enrol_endpoints", facts.link.enrol_endpoints}}}};
}

}  // namespace prov::projection
