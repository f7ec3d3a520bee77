// Task services on hosts: declared when an install is asked for, installed when the agent's journal says so.
#include <optional>

#include "coordinator/domain/draft.h"

namespace prov::domain {
void apply(State& state, const Envelope& meta, const TaskservDeclared& e) {
  Taskserv& taskserv = state.taskservs[{meta.workspace, e.spec.server, e.spec.name}];
  taskserv.workspace = meta.workspace;
  taskserv.infra = e.infra;
  taskserv.spec = e.spec;
  taskserv.status = TaskservStatus::declared;
  taskserv.message.clear();
}

void apply(State& state, const Envelope& meta, const TaskservInstalled& e) {
  const auto found = state.taskservs.find({meta.workspace, e.server, e.name});
  if (found == state.taskservs.end()) return;
  found->second.status = TaskservStatus::installed;
  found->second.installed_version = e.version;
  found->second.installed_ms = meta.log_time_ms;
  found->second.message.clear();
}

void apply(State& state, const Envelope& meta, const TaskservRemoved& e) {
  state.taskservs.erase({meta.workspace, e.server, e.name});
}

void apply(State& state, const Envelope& meta, const ClusterDeclared& e) {
  Cluster& cluster = state.clusters[{meta.workspace, e.spec.name}];
  cluster.workspace = meta.workspace;
  cluster.spec = e.spec;
  cluster.status = ClusterStatus::declared;
}

void apply(State& state, const Envelope& meta, const ClusterReady& e) {
  const auto found = state.clusters.find({meta.workspace, e.name});
  if (found == state.clusters.end()) return;
  found->second.status = ClusterStatus::ready;
  found->second.ready_ms = meta.log_time_ms;
}

void apply(State& state, const Envelope& meta, const ClusterRemoved& e) {
  state.clusters.erase({meta.workspace, e.name});
}

Decision decide_on(const State& state, const Command& command, const CreateTaskservs& c, const Inputs& in) {
  Draft draft(state, command);
  std::vector<std::optional<std::uint32_t>> task_of(c.taskservs.size());  // nullopt: already installed
  for (std::size_t i = 0; i < c.taskservs.size(); ++i) {
    std::vector<std::uint32_t> after;
    for (const std::uint32_t before : c.taskservs[i].after) {
      if (before >= i)
        return fail(Code::invalid, "\"after\" of task service " + std::to_string(i) + " must name earlier ones");
      if (task_of[before]) after.push_back(*task_of[before]);
    }
    auto task = draft.install(c.infra, c.taskservs[i].spec, std::move(after), OrderMode::apply, c.again);
    if (!task) return tl::unexpected(task.error());
    task_of[i] = *task;
  }
  if (draft.tasks.empty()) return std::vector<EventBody>{};
  draft.declared.push_back(
      submitted(state, in, "taskserv_create", "install task services of " + c.infra, c.infra, std::move(draft.tasks)));
  return std::move(draft.declared);
}

Decision decide_on(const State& state, const Command& command, const DeleteTaskservs& c, const Inputs& in) {
  Draft draft(state, command);
  for (const TaskservSpec& spec : c.taskservs) {
    if (auto task = draft.uninstall(spec); !task) return tl::unexpected(task.error());
  }
  if (draft.tasks.empty()) return std::vector<EventBody>{};
  return std::vector<EventBody>{
      submitted(state, in, "taskserv_delete", "remove task services", c.infra, std::move(draft.tasks))};
}

Decision decide_on(const State& state, const Command& command, const CheckTaskservs& c, const Inputs& in) {
  Draft draft(state, command);
  for (const TaskservSpec& spec : c.taskservs) {
    if (auto task = draft.check(spec, {}, OrderMode::check); !task) return tl::unexpected(task.error());
  }
  if (draft.tasks.empty()) return std::vector<EventBody>{};
  draft.declared.push_back(
      submitted(state, in, "taskserv_check", "check task services of " + c.infra, c.infra, std::move(draft.tasks)));
  return std::move(draft.declared);
}

}  // namespace prov::domain
