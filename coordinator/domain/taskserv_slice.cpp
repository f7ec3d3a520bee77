// Task services on hosts: declared when an install is asked for, installed when the agent's journal says so.
#include <optional>

#include "coordinator/domain/slices.h"

namespace prov::domain {
namespace {

constexpr std::uint32_t kDefaultTimeoutS = 900;
constexpr std::uint32_t kMaxTimeoutS = 24 * 3600;
constexpr std::uint32_t kRetrySafeAttempts = 3;

TaskPlan plan_of(const TaskservSpec& spec, TaskservVerb verb) {
  TaskPlan plan;
  plan.name = spec.server + ": " + name_of(verb) + " " + spec.name;
  plan.server = spec.server;
  plan.timeout_s = spec.timeout_s == 0 ? kDefaultTimeoutS : spec.timeout_s;
  plan.max_attempts = verb == TaskservVerb::check || spec.retry_safe ? kRetrySafeAttempts : 1;
  plan.exclusive = true;  // package managers do not like company
  plan.action = TaskservAction{verb, spec};
  return plan;
}

Result<void> valid(const State& state, const Command& command, const TaskservSpec& spec) {
  if (!valid_name(spec.name)) return fail(Code::invalid, "\"" + spec.name + "\" is not the name of a task service");
  if (spec.bundle.is_zero()) return fail(Code::invalid, "task service \"" + spec.name + "\" names no bundle");
  if (spec.timeout_s > kMaxTimeoutS) {
    return fail(Code::invalid, "timeout_s of \"" + spec.name + "\" is above " + std::to_string(kMaxTimeoutS));
  }
  const auto server = state.servers.find({command.workspace, spec.server});
  if (server == state.servers.end() && agent_of(state, command.workspace, spec.server) == nullptr) {
    return fail(Code::not_found,
                "server \"" + spec.server + "\" does not exist in workspace \"" + command.workspace + "\"",
                "create it: provisioning server create --wait");
  }
  const bool made = server == state.servers.end() || server->second.status == ServerStatus::ready ||
                    server->second.status == ServerStatus::created;
  if (!made) {
    return fail(Code::conflict,
                "server \"" + spec.server + "\" is not there yet (" + name_of(server->second.status) + ")",
                "create it: provisioning server create --wait");
  }
  return {};
}

}  // namespace

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

Decision decide_on(const State& state, const Command& command, const CreateTaskservs& c, const Inputs& in) {
  std::vector<EventBody> out;
  register_workspace(state, command, out);
  std::vector<TaskPlan> tasks;
  std::vector<std::optional<std::uint32_t>> task_of(c.taskservs.size());  // nullopt: already installed
  for (std::size_t i = 0; i < c.taskservs.size(); ++i) {
    const TaskservRequirement& item = c.taskservs[i];
    if (auto ok = valid(state, command, item.spec); !ok) return tl::unexpected(ok.error());
    const auto found = state.taskservs.find({command.workspace, item.spec.server, item.spec.name});
    if (found != state.taskservs.end() && found->second.status == TaskservStatus::installed &&
        found->second.spec == item.spec) {
      continue;
    }
    TaskPlan plan = plan_of(item.spec, TaskservVerb::install);
    for (const std::uint32_t before : item.after) {
      if (before >= i)
        return fail(Code::invalid, "\"after\" of task service " + std::to_string(i) + " must name earlier ones");
      if (task_of[before]) plan.depends_on.push_back(*task_of[before]);
    }
    task_of[i] = static_cast<std::uint32_t>(tasks.size());
    tasks.push_back(std::move(plan));
    out.emplace_back(TaskservDeclared{c.infra, item.spec});
  }
  if (tasks.empty()) return std::vector<EventBody>{};
  out.push_back(
      submitted(state, in, "taskserv_create", "install task services of " + c.infra, c.infra, std::move(tasks)));
  return out;
}

Decision decide_on(const State& state, const Command& command, const DeleteTaskservs& c, const Inputs& in) {
  std::vector<TaskPlan> tasks;
  for (const TaskservSpec& spec : c.taskservs) {
    if (!state.taskservs.contains({command.workspace, spec.server, spec.name})) continue;
    if (auto ok = valid(state, command, spec); !ok) return tl::unexpected(ok.error());
    tasks.push_back(plan_of(spec, TaskservVerb::uninstall));
  }
  if (tasks.empty()) return std::vector<EventBody>{};
  std::vector<EventBody> out;
  out.push_back(submitted(state, in, "taskserv_delete", "remove task services", c.infra, std::move(tasks)));
  return out;
}

Decision decide_on(const State& state, const Command& command, const CheckTaskservs& c, const Inputs& in) {
  std::vector<TaskPlan> tasks;
  for (const TaskservSpec& spec : c.taskservs) {
    if (auto ok = valid(state, command, spec); !ok) return tl::unexpected(ok.error());
    tasks.push_back(plan_of(spec, TaskservVerb::check));
  }
  if (tasks.empty()) return std::vector<EventBody>{};
  std::vector<EventBody> out;
  register_workspace(state, command, out);
  out.push_back(submitted(state, in, "taskserv_check", "check task services of " + c.infra, c.infra, std::move(tasks)));
  return out;
}

}  // namespace prov::domain
