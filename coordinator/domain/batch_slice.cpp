// Batches: from what a batch file says, resolved by the client, to a workflow of operations and tasks. Hosts are chosen
// here, by the state as it is now and the servers that the batch itself will make; so a plan says which they are.
#include <algorithm>
#include <deque>
#include <set>
#include <unordered_map>

#include "common/nearest.h"
#include "coordinator/domain/batch_graph.h"
#include "coordinator/domain/draft.h"
#include "coordinator/domain/scope.h"
#include "coordinator/expression/limit.h"

namespace prov::domain {
namespace {

using expression::Condition;
using expression::HostView;
using expression::Limit;
using expression::Name;
using expression::Targets;

constexpr std::uint32_t kMaxOperationTimeoutS = 7 * 24 * 3600;
constexpr std::uint32_t kMaxPauseS = 24 * 3600;
constexpr std::uint32_t kScriptTimeoutS = 300;
constexpr std::uint32_t kApprovalTimeoutS = 24 * 3600;
constexpr std::uint32_t kConditionTimeoutS = 3600;
constexpr std::uint32_t kMaxRetries = 100;
constexpr std::int32_t kMaxPriority = 100;

Error in_operation(const std::string& id, Error error) {
  error.message = "operation \"" + id + "\": " + error.message;
  return error;
}

Result<Limit> limit_of(const std::string& key, const std::string& text) {
  auto limit = Limit::parse(text);
  if (!limit) limit.error().message = key + ": " + limit.error().message;
  return limit;
}

bool installs(OperationKind kind) {
  return kind == OperationKind::taskserv_create || kind == OperationKind::cluster_create;
}

// ---- for_each over hosts

void replace_item(std::string& text, const std::string& item) {
  for (const std::string_view hole : {"{{item}}", "{{ item }}"}) {
    for (std::size_t at = 0; (at = text.find(hole, at)) != std::string::npos; at += item.size()) {
      text.replace(at, hole.size(), item);
    }
  }
}

BatchOperation instance_of(const BatchOperation& loop, const std::string& item) {
  BatchOperation out = loop;
  out.id = loop.id + "[" + item + "]";
  out.for_each_targets.clear();
  for (std::string* text : {&out.when, &out.targets, &out.until, &out.prompt}) replace_item(*text, item);
  for (ExecAction* exec : {&out.exec, &out.undo}) {
    for (std::string& argument : exec->argv) replace_item(argument, item);
    for (auto& [name, value] : exec->environment) replace_item(value, item);
  }
  return out;
}

class Batch {
 public:
  Batch(const State& state, const Command& command, const SubmitBatch& batch)
      : state_(state),
        workspace_(command.workspace),
        batch_(batch),
        draft_(state, command),
        hosts_(host_views(state, command.workspace)) {}

  Result<WorkflowSubmitted> build() {
    if (auto ok = plan_servers(); !ok) return tl::unexpected(ok.error());
    if (auto ok = unroll(); !ok) return tl::unexpected(ok.error());
    const auto order = order_of(operations_);
    if (!order) return tl::unexpected(order.error());
    place_.reserve(order->size());
    for (const std::uint32_t i : *order) {
      place_[operations_[i]->id] = static_cast<std::uint32_t>(in_order_.size());
      in_order_.push_back(operations_[i]);
    }
    plans_.reserve(in_order_.size());
    for (const BatchOperation* operation : in_order_) {
      if (auto ok = add(*operation); !ok) return tl::unexpected(in_operation(operation->id, ok.error()));
    }
    for (std::string& note : not_taken_back(plans_, draft_.tasks)) out_.notes.push_back(std::move(note));
    out_.name = batch_.name;
    out_.kind = "batch";
    out_.infra = batch_.infra;
    out_.params = batch_.params;
    out_.preserve_successful = batch_.preserve_successful;
    out_.parallel_limit = batch_.parallel_limit == 0 ? state_.agenda.limits.workflow_parallel : batch_.parallel_limit;
    out_.tasks = std::move(draft_.tasks);
    out_.operations = std::move(plans_);
    return std::move(out_);
  }

  std::vector<EventBody>& declared() { return draft_.declared; }

 private:
  // Servers that the batch makes can be targets of all its operations.
  Result<void> plan_servers() {
    std::set<std::string> known;
    for (const HostView& view : hosts_) known.insert(view.name);
    for (const BatchOperation& operation : batch_.operations) {
      for (const ServerSpec& spec : operation.servers) {
        if (known.insert(spec.hostname).second) hosts_.push_back(view_of(spec, "planned"));
      }
    }
    std::sort(hosts_.begin(), hosts_.end(), [](const HostView& a, const HostView& b) { return a.name < b.name; });
    return {};
  }

  Result<void> unroll() {
    const Limits& limits = state_.agenda.limits;
    for (const BatchOperation& operation : batch_.operations) {
      if (operation.for_each_targets.empty()) {
        operations_.push_back(&operation);
      } else if (auto ok = unroll_one(operation); !ok) {
        return tl::unexpected(in_operation(operation.id, ok.error()));
      }
      if (operations_.size() > limits.batch_operations) {
        return fail(Code::exhausted, "the batch has more than " + std::to_string(limits.batch_operations) +
                                         " operations, loops unrolled");
      }
    }
    if (operations_.empty()) return fail(Code::invalid, "the batch has no operations");
    return {};
  }

  Result<void> unroll_one(const BatchOperation& loop) {
    const auto items = matching(loop.for_each_targets);
    if (!items) return tl::unexpected(items.error());
    if (items->size() > state_.agenda.limits.loop_items) {
      return fail(Code::exhausted, "for_each has " + std::to_string(items->size()) + " items; at most " +
                                       std::to_string(state_.agenda.limits.loop_items) + " are unrolled");
    }
    BatchOperation all;
    all.id = loop.id;
    all.kind = OperationKind::batch;
    all.on_failure = OnFailure::go_on;  // the items have said it already
    all.outputs = loop.outputs;         // what all of them say, as a list
    for (const std::string& item : *items) {
      operations_.push_back(&unrolled_.emplace_back(instance_of(loop, item)));
      all.dependencies.push_back({operations_.back()->id, DependencyKind::hard});
    }
    operations_.push_back(&unrolled_.emplace_back(std::move(all)));
    return {};
  }

  // Sorted names; an error when there is none, since a change of nothing is a mistake.
  Result<std::vector<std::string>> matching(const std::string& text) {
    if (const auto known = matched_.find(text); known != matched_.end()) return known->second;
    const auto targets = Targets::parse(text);
    if (!targets) return tl::unexpected(targets.error());
    std::vector<std::string>& out = matched_[text];
    for (const HostView& view : hosts_) {
      if (targets->matches(view)) out.push_back(view.name);
    }
    if (hosts_.empty()) {
      return fail(Code::not_found, "no host matches \"" + text + "\": the workspace has none yet",
                  "make some: provisioning server create");
    }
    if (out.empty()) {
      return fail(Code::not_found, "no host matches \"" + text + "\"",
                  "see why: provisioning targets explain '" + text + "'");
    }
    return out;
  }

  Result<std::vector<std::string>> hosts_of(const BatchOperation& operation) {
    std::vector<std::string> names;
    if (operation.targets.empty()) {
      std::set<std::string> named;
      for (const BatchTaskserv& item : operation.taskservs) {
        if (!item.spec.server.empty()) named.insert(item.spec.server);
      }
      if (named.empty()) {
        return fail(Code::invalid, "it does not say on which hosts", "add e.g. targets: \"role:web and not web-9\"");
      }
      names.assign(named.begin(), named.end());
    } else {
      auto found = matching(operation.targets);
      if (!found) return tl::unexpected(found.error());
      names = std::move(*found);
    }
    if (operation.limit.empty()) return names;
    const auto limit = limit_of("limit", operation.limit);
    if (!limit) return tl::unexpected(limit.error());
    return select(*limit, std::to_string(operation.seed), std::move(names));
  }

  Result<void> add(const BatchOperation& operation) {
    OperationPlan plan;
    plan.id = operation.id;
    plan.kind = operation.kind;
    plan.first_task = static_cast<std::uint32_t>(draft_.tasks.size());
    if (auto ok = read_course(operation, plan); !ok) return ok;
    if (auto ok = read_dependencies(operation, plan); !ok) return ok;
    const std::size_t unchanged_before = draft_.unchanged;
    if (auto ok = add_tasks(operation, plan); !ok) return ok;
    plan.task_count = static_cast<std::uint32_t>(draft_.tasks.size()) - plan.first_task;
    if (plan.task_count == 0 && draft_.unchanged > unchanged_before) {
      plan.note = "nothing to do: " + std::to_string(draft_.unchanged - unchanged_before) + " unchanged";
    }
    finish_tasks(operation, plan);
    if (draft_.tasks.size() > state_.agenda.limits.workflow_tasks) {
      return fail(Code::exhausted,
                  "the batch has more than " + std::to_string(state_.agenda.limits.workflow_tasks) + " steps");
    }
    plans_.push_back(std::move(plan));
    return {};
  }

  // What steers it: everything but its dependencies and its tasks.
  Result<void> read_course(const BatchOperation& operation, OperationPlan& plan) const {
    if (operation.timeout_s > kMaxOperationTimeoutS || operation.retries > kMaxRetries ||
        std::abs(operation.priority) > kMaxPriority) {
      return fail(Code::invalid, "timeout_s is at most " + std::to_string(kMaxOperationTimeoutS) + ", retries " +
                                     std::to_string(kMaxRetries) + ", priority -100 to 100");
    }
    if (operation.rolling.pause_s > kMaxPauseS) {
      return fail(Code::invalid, "the pause between its waves is at most " + std::to_string(kMaxPauseS) + " s");
    }
    if (!operation.concurrency_group.empty() && operation.group_limit == 0) {
      return fail(Code::invalid, "the limit of its concurrency group is 0: nothing of it could ever run");
    }
    plan.priority = operation.priority;
    plan.on_failure = operation.on_failure;
    plan.pause_ms = operation.rolling.pause_s * 1000;
    plan.concurrency_group = operation.concurrency_group;
    plan.group_limit = operation.group_limit;
    plan.retry = operation.retry;
    plan.retry.on_failure = operation.retries > 0;
    plan.checkpoint = operation.checkpoint;
    plan.when = operation.when;
    return {};
  }

  Result<void> read_dependencies(const BatchOperation& operation, OperationPlan& plan) {
    for (const BatchDependency& dependency : operation.dependencies) {
      const auto at = place_.find(dependency.id);
      if (at == place_.end()) {
        out_.notes.push_back("\"" + operation.id + "\" would come after \"" + dependency.id + "\", which is not there");
      } else {
        plan.depends_on.push_back({at->second, dependency.kind});
      }
    }
    std::sort(plan.depends_on.begin(), plan.depends_on.end(), [](const Dependency& a, const Dependency& b) {
      return std::pair(a.before, a.kind) < std::pair(b.before, b.kind);
    });
    const auto same = [](const Dependency& a, const Dependency& b) { return a.before == b.before; };
    plan.depends_on.erase(std::unique(plan.depends_on.begin(), plan.depends_on.end(), same), plan.depends_on.end());
    if (plan.when.empty()) return {};
    return check_condition(plan.when);
  }

  Result<void> check_condition(const std::string& text) const {
    const auto condition = Condition::parse(text);
    if (!condition) return tl::unexpected(condition.error());
    for (const Name& name : condition->names()) {
      if (auto why = unreadable(name)) return tl::unexpected(condition->error_at(name, why->message, why->hint));
    }
    return {};
  }

  // The operation of that id, when it stands before the one that is being added.
  const BatchOperation* before(const std::string& id) const {
    const auto at = place_.find(id);
    return at == place_.end() || at->second >= plans_.size() ? nullptr : in_order_[at->second];
  }

  // What is wrong with "LOOP[KEY]", if LOOP is a loop that stands before.
  std::optional<Error> no_such_item(const std::string& id) const {
    const std::size_t bracket = id.rfind('[');
    const BatchOperation* loop = bracket == std::string::npos ? nullptr : before(id.substr(0, bracket));
    if (loop == nullptr || loop->kind != OperationKind::batch) return std::nullopt;
    constexpr std::size_t kShown = 8;
    std::string items;
    std::size_t count = 0;
    for (const BatchDependency& item : loop->dependencies) {
      if (!item.id.starts_with(loop->id + "[") || ++count > kShown) continue;
      items += (items.empty() ? "" : ", ") + item.id.substr(bracket + 1, item.id.size() - bracket - 2);
    }
    if (count > kShown) items += " and " + std::to_string(count - kShown) + " more";
    return Error{
        Code::invalid,
        "the loop \"" + loop->id + "\" has no item \"" + id.substr(bracket + 1, id.size() - bracket - 2) + "\"",
        items.empty() ? "it has none at all" : "it has: " + items};
  }

  // Why a condition or an argument here cannot read this name.
  std::optional<Error> unreadable(const Name& name) const {
    const auto& parts = name.parts;
    if (parts[0] == "item" || parts[0] == "key") return Error{Code::invalid, "there is no loop around it", ""};
    if (parts[0] == "params") {
      std::vector<std::string> known;
      for (const auto& [key, value] : batch_.params) known.push_back(key);
      if (std::find(known.begin(), known.end(), parts[1]) != known.end()) return std::nullopt;
      return Error{Code::invalid, "the batch has no parameter \"" + parts[1] + "\"", did_you_mean(parts[1], known)};
    }
    if (parts[0] != "outputs" && parts[0] != "result") return std::nullopt;
    const BatchOperation* operation = before(parts[1]);
    if (operation == nullptr) {
      if (auto no_item = no_such_item(parts[1])) return no_item;
      std::vector<std::string> known;
      for (const OperationPlan& plan : plans_) known.push_back(plan.id);
      return Error{Code::invalid, "no operation \"" + parts[1] + "\" stands before it", did_you_mean(parts[1], known)};
    }
    const std::vector<std::string>& said = operation->outputs;
    if (parts[0] == "result" || std::find(said.begin(), said.end(), parts[2]) != said.end()) return std::nullopt;
    return Error{Code::invalid, "operation \"" + parts[1] + "\" has no output \"" + parts[2] + "\"",
                 said.empty() ? "declare it there: outputs: [" + parts[2] + "]" : did_you_mean(parts[2], said)};
  }

  Result<void> add_tasks(const BatchOperation& operation, OperationPlan& plan) {
    switch (operation.kind) {
      case OperationKind::server_create:
        for (const ServerSpec& spec : operation.servers) {
          if (auto ok = draft_.create_server(spec); !ok) return ok;
        }
        return {};
      case OperationKind::server_delete:
        for (const std::string& hostname : operation.hostnames) {
          if (auto ok = draft_.delete_server(hostname, ""); !ok) return ok;
        }
        return {};
      case OperationKind::taskserv_create:
      case OperationKind::taskserv_delete:
      case OperationKind::taskserv_check:
      case OperationKind::cluster_create:
      case OperationKind::cluster_delete: return add_taskservs(operation, plan);
      case OperationKind::script: return add_script(operation, plan);
      case OperationKind::wait: return add_wait(operation);
      case OperationKind::approval:
        add_own("approval: " + operation.prompt, ApprovalAction{operation.prompt}, operation.timeout_s,
                kApprovalTimeoutS);
        return {};
      case OperationKind::batch: return {};
      case OperationKind::tasks: break;
    }
    return fail(Code::invalid, "a batch has no operation of this kind");
  }

  void add_own(std::string name, Action action, std::uint32_t timeout_s, std::uint32_t otherwise_s) {
    TaskPlan plan;
    plan.name = std::move(name);
    plan.timeout_s = timeout_s == 0 ? otherwise_s : timeout_s;
    plan.action = Shared(std::move(action));
    draft_.tasks.push_back(std::move(plan));
  }

  Result<void> add_wait(const BatchOperation& operation) {
    if (operation.until.empty()) {
      if (operation.wait_s == 0 || operation.wait_s > kMaxOperationTimeoutS) {
        return fail(Code::invalid,
                    "a wait has \"seconds\" (1 to " + std::to_string(kMaxOperationTimeoutS) + ") or \"until\"");
      }
      add_own("wait " + std::to_string(operation.wait_s) + " s", WaitAction{}, operation.wait_s, 1);
      return {};
    }
    if (auto ok = check_condition(operation.until); !ok) return ok;
    add_own("wait until " + operation.until, WaitAction{operation.until}, operation.timeout_s, kConditionTimeoutS);
    return {};
  }

  // ---- on hosts

  Result<void> add_script(const BatchOperation& operation, OperationPlan& plan) {
    if (operation.exec.bundle.is_zero() && (operation.exec.argv.empty() || operation.exec.argv.front().empty())) {
      return fail(Code::invalid, "there is no command to run");
    }
    for (const ExecAction* exec : {&operation.exec, &operation.undo}) {
      if (auto ok = check_holes(*exec); !ok) return ok;
    }
    const auto hosts = hosts_of(operation);
    if (!hosts) return tl::unexpected(hosts.error());
    const bool has_undo = !operation.undo.argv.empty() || !operation.undo.bundle.is_zero();
    const auto undo = has_undo ? std::make_shared<const Action>(operation.undo) : nullptr;
    const Shared<Action> action(operation.exec);
    std::vector<std::uint32_t> ends;
    for (const std::string& host : *hosts) {
      if (!draft_.will_have(host)) {
        return fail(Code::not_found, "host \"" + host + "\" has no agent, and will have none",
                    "see: provisioning agent list");
      }
      TaskPlan task;
      task.name = host + ": " + operation.id;
      task.server = host;
      task.timeout_s = operation.timeout_s == 0 ? kScriptTimeoutS : operation.timeout_s;
      task.mode = operation.mode;
      task.action = action;
      task.undo = undo;
      draft_.tasks.push_back(std::move(task));
      ends.push_back(static_cast<std::uint32_t>(draft_.tasks.size()) - plan.first_task);
    }
    return read_waves(operation, plan, ends);
  }

  Result<void> check_holes(const ExecAction& exec) const {
    std::vector<const std::string*> texts;
    for (const std::string& argument : exec.argv) texts.push_back(&argument);
    for (const auto& [name, value] : exec.environment) texts.push_back(&value);
    for (const std::string* text : texts) {
      const auto names = names_in(*text);
      if (!names) return tl::unexpected(names.error());
      for (const Name& name : *names) {
        auto why = unreadable(name);
        if (why) return fail(Code::invalid, "\"{{" + name.text() + "}}\": " + why->message, why->hint);
      }
    }
    return {};
  }

  Result<void> add_taskservs(const BatchOperation& operation, OperationPlan& plan) {
    if (auto ok = declare_cluster(operation, plan); !ok) return ok;
    const auto hosts = hosts_of(operation);
    if (!hosts) return tl::unexpected(hosts.error());
    std::vector<std::uint32_t> ends;
    TasksOf made;
    const bool rolling = !operation.rolling.batch.empty() || operation.rolling.canary > 0;
    if (rolling) {  // host by host, so that waves end between hosts
      for (const std::string& host : *hosts) {
        for (std::uint32_t i = 0; i < operation.taskservs.size(); ++i) {
          if (auto ok = add_taskserv(operation, i, host, true, made); !ok) return ok;
        }
        if (auto ok = add_health_checks(operation, host, made); !ok) return ok;
        ends.push_back(static_cast<std::uint32_t>(draft_.tasks.size()) - plan.first_task);
      }
      return read_waves(operation, plan, ends);
    }
    for (std::uint32_t i = 0; i < operation.taskservs.size(); ++i) {
      for (const std::string& host : *hosts) {
        if (auto ok = add_taskserv(operation, i, host, false, made); !ok) return ok;
      }
    }
    for (const std::string& host : *hosts) {
      if (auto ok = add_health_checks(operation, host, made); !ok) return ok;
    }
    ends.assign(hosts->size(), 0);
    return read_waves(operation, plan, ends);
  }

  using TasksOf = std::map<std::pair<std::uint32_t, std::string>, std::uint32_t>;  // place in the list, host -> task

  // The entry of the list on this host: the one that names it, or one for any host that has none of its own.
  std::optional<TaskservSpec> spec_on(const BatchOperation& operation, std::uint32_t i, const std::string& host) const {
    const TaskservSpec& spec = operation.taskservs[i].spec;
    if (spec.server == host) return spec;
    if (!spec.server.empty()) return std::nullopt;
    const bool has_own = std::any_of(
        operation.taskservs.begin(), operation.taskservs.end(),
        [&](const BatchTaskserv& other) { return other.spec.server == host && other.spec.name == spec.name; });
    if (has_own) return std::nullopt;
    TaskservSpec out = spec;
    out.server = host;
    return out;
  }

  Result<void> add_taskserv(const BatchOperation& operation, std::uint32_t i, const std::string& host, bool same_host,
                            TasksOf& made) {
    auto spec = spec_on(operation, i, host);
    if (!spec) return {};
    if (operation.timeout_s != 0) spec->timeout_s = operation.timeout_s;
    std::vector<std::uint32_t> after;
    for (const std::uint32_t before : operation.taskservs[i].after) {
      if (before >= i)
        return fail(Code::invalid, "\"after\" of task service " + std::to_string(i) + " must name earlier ones");
      const std::string& there = operation.taskservs[before].spec.server;
      const auto at = made.find({before, same_host || there.empty() ? host : there});
      if (at != made.end()) after.push_back(at->second);
    }
    std::sort(after.begin(), after.end());
    auto task = make(operation, *spec, std::move(after));
    if (!task) return tl::unexpected(task.error());
    if (*task) made[{i, host}] = **task;
    return {};
  }

  Result<std::optional<std::uint32_t>> make(const BatchOperation& operation, const TaskservSpec& spec,
                                            std::vector<std::uint32_t> after) {
    if (installs(operation.kind)) return draft_.install(batch_.infra, spec, std::move(after), operation.mode);
    if (operation.kind != OperationKind::taskserv_check) return draft_.uninstall(spec);
    auto task = draft_.check(spec, {}, OrderMode::check);
    if (!task) return tl::unexpected(task.error());
    return std::optional<std::uint32_t>(*task);
  }

  Result<void> add_health_checks(const BatchOperation& operation, const std::string& host, const TasksOf& made) {
    if (!operation.rolling.health_check || !installs(operation.kind)) return {};
    for (std::uint32_t i = 0; i < operation.taskservs.size(); ++i) {
      const auto at = made.find({i, host});
      if (at == made.end()) continue;
      auto task = draft_.check(*spec_on(operation, i, host), {at->second}, OrderMode::check);
      if (!task) return tl::unexpected(task.error());
    }
    return {};
  }

  Result<void> declare_cluster(const BatchOperation& operation, OperationPlan& plan) {
    const bool create = operation.kind == OperationKind::cluster_create;
    if (!create && operation.kind != OperationKind::cluster_delete) return {};
    if (!operation.cluster || !valid_name(operation.cluster->name)) {
      return fail(Code::invalid, "it does not name a cluster");
    }
    plan.cluster = operation.cluster->name;
    if (create) {
      draft_.declared.emplace_back(ClusterDeclared{*operation.cluster});
    } else if (const auto now = state_.clusters.find({workspace_, plan.cluster}); now != state_.clusters.end()) {
      plan.removed = Shared(now->second.spec);
    }
    return {};
  }

  // `ends`: where the tasks of each host end, in the order of the hosts.
  Result<void> read_waves(const BatchOperation& operation, OperationPlan& plan,
                          const std::vector<std::uint32_t>& ends) const {
    if (!operation.max_failures.empty()) {
      if (operation.max_failures == "0") {
        plan.max_failures = 0;
      } else {
        const auto most = limit_of("max_failures", operation.max_failures);
        if (!most) return tl::unexpected(most.error());
        plan.max_failures = static_cast<std::uint32_t>(most->percent ? most->of(ends.size()) : most->amount);
      }
    }
    const Rolling& rolling = operation.rolling;
    if (rolling.batch.empty() && rolling.canary == 0) return {};
    if (operation.max_failures.empty()) plan.max_failures = 0;  // a change that rolls stops at the first failure
    std::size_t size = ends.size();
    if (!rolling.batch.empty()) {
      const auto limit = limit_of("batch", rolling.batch);
      if (!limit) return tl::unexpected(limit.error());
      size = std::max<std::size_t>(1, limit->of(ends.size()));
    }
    for (std::size_t host = std::min<std::size_t>(rolling.canary, ends.size()); host < ends.size(); host += size) {
      if (host > 0) add_wave(plan, ends[host - 1]);
    }
    add_wave(plan, ends.back());
    return {};
  }

  // A wave whose hosts all have nothing to do is none.
  static void add_wave(OperationPlan& plan, std::uint32_t end) {
    if (end > (plan.waves.empty() ? 0 : plan.waves.back())) plan.waves.push_back(end);
  }

  void finish_tasks(const BatchOperation& operation, const OperationPlan& plan) {
    if (operation.retries == 0) return;
    for (std::uint32_t i = plan.first_task; i < plan.first_task + plan.task_count; ++i) {
      draft_.tasks[i].max_attempts = operation.retries + 1;
    }
  }

  const State& state_;
  const std::string workspace_;
  const SubmitBatch& batch_;
  Draft draft_;
  std::vector<HostView> hosts_;
  std::deque<BatchOperation> unrolled_;
  std::vector<const BatchOperation*> operations_, in_order_;   // as they stand, loops unrolled; each behind its own
  std::unordered_map<std::string_view, std::uint32_t> place_;  // id -> in in_order_
  std::map<std::string, std::vector<std::string>> matched_;    // targets that were looked for already
  std::vector<OperationPlan> plans_;                           // of in_order_, as far as they were added
  WorkflowSubmitted out_;
};

}  // namespace

Decision decide_on(const State& state, const Command& command, const SubmitBatch& c, const Inputs& in) {
  Batch batch(state, command, c);
  auto workflow = batch.build();
  if (!workflow) return tl::unexpected(workflow.error());
  if (workflow->tasks.empty()) return std::vector<EventBody>{};
  workflow->id = workflow_id(in.new_id());
  batch.declared().emplace_back(std::move(*workflow));
  return std::move(batch.declared());
}

}  // namespace prov::domain
