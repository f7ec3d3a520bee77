#include "coordinator/domain/draft.h"

namespace prov::domain {
namespace {

constexpr std::uint32_t kProviderTimeoutS = 900;
constexpr std::uint32_t kArrivalTimeoutS = 180;
constexpr std::uint32_t kProviderAttempts = 3;  // a provider's verbs are idempotent by contract
constexpr std::uint32_t kDefaultTimeoutS = 900;
constexpr std::uint32_t kMaxTaskservTimeoutS = 24 * 3600;
constexpr std::uint32_t kRetrySafeAttempts = 3;

TaskPlan provider_task(std::string name, Action action) {
  TaskPlan plan;
  plan.name = std::move(name);
  plan.timeout_s = kProviderTimeoutS;
  plan.max_attempts = kProviderAttempts;
  plan.action = Shared(std::move(action));
  return plan;
}

TaskPlan taskserv_task(const TaskservSpec& spec, TaskservVerb verb, std::vector<std::uint32_t> after, OrderMode mode) {
  TaskPlan plan;
  plan.name = spec.server + ": " + name_of(verb) + " " + spec.name;
  plan.server = spec.server;
  plan.depends_on = std::move(after);
  plan.timeout_s = spec.timeout_s == 0 ? kDefaultTimeoutS : spec.timeout_s;
  const bool repeatable = verb == TaskservVerb::check || spec.retry_safe || mode != OrderMode::apply;
  plan.max_attempts = repeatable ? kRetrySafeAttempts : 1;
  plan.exclusive = true;  // package managers do not like company
  plan.mode = mode;
  plan.action = Shared<Action>(TaskservAction{verb, spec});
  return plan;
}

std::shared_ptr<const Action> undo_with(TaskservVerb verb, const TaskservSpec& spec) {
  return std::make_shared<const Action>(TaskservAction{verb, spec});
}

Result<void> busy(const std::string& hostname) {
  return fail(Code::conflict, "a running workflow already creates or deletes server \"" + hostname + "\"",
              "see: provisioning workflow list; provisioning workflow cancel ID");
}

}  // namespace

std::uint32_t Draft::add(TaskPlan plan) {
  tasks.push_back(std::move(plan));
  return static_cast<std::uint32_t>(tasks.size() - 1);
}

Result<void> Draft::create_server(const ServerSpec& spec) {
  if (!valid_hostname(spec.hostname)) {
    return fail(Code::invalid, "\"" + spec.hostname + "\" is not a host name (RFC 1123, lower case)");
  }
  if (!valid_name(spec.provider)) {
    return fail(Code::invalid, "server \"" + spec.hostname + "\" has no valid provider (\"" + spec.provider + "\")");
  }
  if (server_busy(state_, workspace_, spec.hostname)) return busy(spec.hostname);
  if (servers_removed_.contains(spec.hostname)) {
    return fail(Code::invalid, "server \"" + spec.hostname + "\" would be deleted and created by the same batch",
                "submit two: what is created is decided before anything is deleted");
  }
  if (!servers_named_.insert(spec.hostname).second) {
    return fail(Code::invalid, "server \"" + spec.hostname + "\" is named twice");
  }
  const auto found = state_.servers.find({workspace_, spec.hostname});
  const bool exists = found != state_.servers.end() && found->second.status != ServerStatus::declared &&
                      found->second.status != ServerStatus::failed;
  if (exists && found->second.status == ServerStatus::ready && found->second.spec == spec) {
    ++unchanged;
    return {};
  }
  if (exists && !(found->second.spec == spec) && found->second.spec.infra != spec.infra) {
    return fail(Code::conflict,
                "server \"" + spec.hostname + "\" already belongs to infra \"" + found->second.spec.infra + "\"",
                "choose another hostname, or: provisioning server delete " + spec.hostname);
  }
  declared.emplace_back(ServerDeclared{Shared<ServerSpec>(spec)});
  TaskPlan create = provider_task(spec.hostname + ": create", ServerCreateAction{spec.hostname});
  if (!exists) {
    create.undo = std::make_shared<const Action>(ServerDeleteAction{spec.hostname});
    new_servers_[spec.hostname] = spec;
  }
  TaskPlan arrival;
  arrival.name = spec.hostname + ": agent joins";
  arrival.timeout_s = kArrivalTimeoutS;
  arrival.depends_on = {add(std::move(create))};
  arrival.action = Shared<Action>(AwaitAgentAction{spec.hostname});
  add(std::move(arrival));
  return {};
}

Result<void> Draft::delete_server(const std::string& hostname, const std::string& infra) {
  if (new_servers_.contains(hostname)) {
    return fail(Code::invalid, "server \"" + hostname + "\" would be created and deleted by the same batch",
                "submit two: what is deleted is decided before anything is created");
  }
  const auto found = state_.servers.find({workspace_, hostname});
  if (found == state_.servers.end() || (!infra.empty() && found->second.spec.infra != infra)) {
    ++unchanged;
    return {};
  }
  if (!servers_removed_.insert(hostname).second) return {};
  if (server_busy(state_, workspace_, hostname)) return busy(hostname);
  add(provider_task(hostname + ": delete", ServerDeleteAction{hostname}));
  return {};
}

bool Draft::will_have(const std::string& hostname) const {
  if (servers_removed_.contains(hostname)) return false;
  if (new_servers_.contains(hostname) || agent_of(state_, workspace_, hostname) != nullptr) return true;
  const auto server = state_.servers.find({workspace_, hostname});
  if (server == state_.servers.end()) return false;
  return server->second.status == ServerStatus::ready || server->second.status == ServerStatus::created ||
         servers_named_.contains(hostname);
}

Result<void> Draft::may_run(const TaskservSpec& spec) const {
  if (!valid_name(spec.name)) return fail(Code::invalid, "\"" + spec.name + "\" is not the name of a task service");
  if (spec.bundle.is_zero()) return fail(Code::invalid, "task service \"" + spec.name + "\" names no bundle");
  if (spec.timeout_s > kMaxTaskservTimeoutS) {
    return fail(Code::invalid, "timeout_s of \"" + spec.name + "\" is above " + std::to_string(kMaxTaskservTimeoutS));
  }
  if (will_have(spec.server)) return {};
  const auto server = state_.servers.find({workspace_, spec.server});
  if (server == state_.servers.end()) {
    return fail(Code::not_found, "server \"" + spec.server + "\" does not exist in workspace \"" + workspace_ + "\"",
                "create it: provisioning server create --wait");
  }
  return fail(Code::conflict,
              "server \"" + spec.server + "\" is not there yet (" + name_of(server->second.status) + ")",
              "create it: provisioning server create --wait");
}

std::optional<TaskservSpec> Draft::installed(const TaskservSpec& spec) const {
  if (const auto at = taskservs_.find({spec.server, spec.name}); at != taskservs_.end()) return at->second;
  const auto found = state_.taskservs.find({workspace_, spec.server, spec.name});
  if (found == state_.taskservs.end() || found->second.status != TaskservStatus::installed) return std::nullopt;
  return found->second.spec;
}

Result<std::optional<std::uint32_t>> Draft::install(const std::string& infra, const TaskservSpec& spec,
                                                    std::vector<std::uint32_t> after, OrderMode mode, bool again) {
  if (auto ok = may_run(spec); !ok) return tl::unexpected(ok.error());
  const auto now = installed(spec);
  if (now && *now == spec && !again) {
    ++unchanged;
    return std::nullopt;
  }
  TaskPlan plan = taskserv_task(spec, TaskservVerb::install, std::move(after), mode);
  if (mode == OrderMode::apply) {
    plan.undo = now ? undo_with(TaskservVerb::install, *now) : undo_with(TaskservVerb::uninstall, spec);
    declared.emplace_back(TaskservDeclared{infra, spec});
    taskservs_[{spec.server, spec.name}] = spec;
  }
  return add(std::move(plan));
}

Result<std::optional<std::uint32_t>> Draft::uninstall(const TaskservSpec& spec) {
  const auto found = state_.taskservs.find({workspace_, spec.server, spec.name});
  const bool planned = taskservs_.contains({spec.server, spec.name});
  if (found == state_.taskservs.end() && !planned) {
    ++unchanged;
    return std::nullopt;
  }
  if (auto ok = may_run(spec); !ok) return tl::unexpected(ok.error());
  TaskPlan plan = taskserv_task(spec, TaskservVerb::uninstall, {}, OrderMode::apply);
  if (const auto now = installed(spec)) plan.undo = undo_with(TaskservVerb::install, *now);
  taskservs_[{spec.server, spec.name}] = std::nullopt;
  return add(std::move(plan));
}

Result<std::uint32_t> Draft::check(const TaskservSpec& spec, std::vector<std::uint32_t> after, OrderMode mode) {
  if (auto ok = may_run(spec); !ok) return tl::unexpected(ok.error());
  return add(taskserv_task(spec, TaskservVerb::check, std::move(after), mode));
}

}  // namespace prov::domain
