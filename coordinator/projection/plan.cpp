#include "coordinator/projection/plan.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <variant>

#include "common/json/json.h"
#include "common/json/json_text.h"

namespace prov::projection {

using nlohmann::json;

namespace {

using Touched = std::set<std::pair<std::string, std::string>>;  // server, name

const domain::Server* find_server(const domain::State& state, const std::string& workspace, const std::string& host) {
  const auto found = state.servers.find({workspace, host});
  return found == state.servers.end() ? nullptr : &found->second;
}

const domain::Taskserv* find_taskserv(const domain::State& state, const std::string& workspace,
                                      const domain::TaskservSpec& spec) {
  const auto found = state.taskservs.find({workspace, spec.server, spec.name});
  return found == state.taskservs.end() ? nullptr : &found->second;
}

std::string shown(const domain::Pairs& pairs, const std::string& name) {
  constexpr std::size_t kShown = 40;
  for (const auto& [key, value] : pairs) {
    if (key == name) return value.size() > kShown ? value.substr(0, kShown) + "..." : "\"" + value + "\"";
  }
  return "nothing";
}

enum class Values { shown, hidden };

// `port "5432" -> "5433", databases`: what differs between two sorted lists.
std::string differing(const domain::Pairs& now, const domain::Pairs& wanted, Values values) {
  constexpr std::size_t kMostNames = 4;
  std::set<std::string> names;
  for (const auto* list : {&now, &wanted}) {
    const auto& other = list == &now ? wanted : now;
    for (const auto& pair : *list) {
      if (!std::binary_search(other.begin(), other.end(), pair)) names.insert(pair.first);
    }
  }
  std::string out;
  std::size_t told = 0;
  for (const auto& name : names) {
    if (told++ == kMostNames) return out + " and " + std::to_string(names.size() - kMostNames) + " more";
    out += (out.empty() ? "" : ", ") + name;
    if (values == Values::shown) out += " " + shown(now, name) + " -> " + shown(wanted, name);
  }
  return out;
}

std::string why_changed(const domain::ServerSpec& now, const domain::ServerSpec& wanted) {
  std::string out;
  const auto add = [&](const std::string& what) { out += (out.empty() ? "" : "; ") + what; };
  const auto changed = [&](const char* what, const std::string& from, const std::string& to) {
    if (from != to) add(std::string(what) + (from.empty() ? "" : " " + from) + " -> " + (to.empty() ? "none" : to));
  };
  changed("infra", now.infra, wanted.infra);
  changed("provider", now.provider, wanted.provider);
  changed("runtime", now.runtime, wanted.runtime);
  changed("plan", now.plan, wanted.plan);
  if (auto names = differing(now.labels, wanted.labels, Values::shown); !names.empty()) add("labels changed: " + names);
  if (auto names = differing(now.params, wanted.params, Values::shown); !names.empty()) {
    add("parameters changed: " + names);
  }
  if (now.provider_bundle != wanted.provider_bundle) add("the files of its provider changed");
  return out;
}

std::string why_create(const domain::Server* now, const domain::ServerSpec* wanted) {
  if (now == nullptr) return "not there yet";
  if (now->status == domain::ServerStatus::failed) return "the last attempt failed";
  if (now->status == domain::ServerStatus::declared) return "declared, but not there yet";
  if (wanted != nullptr && !(now->spec == *wanted)) return why_changed(now->spec, *wanted);
  return now->status == domain::ServerStatus::created ? "its agent has not joined yet" : "asked for";
}

std::string why_install(const domain::Taskserv* now, const domain::TaskservSpec& wanted) {
  if (now == nullptr) return "not installed yet";
  if (now->status == domain::TaskservStatus::failed) return "the last attempt failed";
  if (now->status == domain::TaskservStatus::declared) return "declared, but not installed yet";
  if (now->spec.version != wanted.version) return "version " + now->spec.version + " -> " + wanted.version;
  if (auto names = differing(now->spec.params, wanted.params, Values::shown); !names.empty()) {
    return "parameters changed: " + names;
  }
  if (auto names = differing(now->spec.secrets, wanted.secrets, Values::hidden); !names.empty()) {
    return "secrets changed: " + names;
  }
  if (now->spec.bundle != wanted.bundle) return "the files of its extension changed";
  if (now->spec == wanted) return "installed as described, and asked for again";
  return "its definition changed";
}

// One line per task, by what the task does. `before` may be null: then nothing is known of what was there.
class LineOf {
 public:
  LineOf(const domain::State* before, std::string workspace) : before_(before), workspace_(std::move(workspace)) {}

  void declared(const domain::ServerSpec& spec) { declared_[spec.hostname] = &spec; }
  void will_remove(const domain::Action& action) {
    if (const auto* a = std::get_if<domain::ServerDeleteAction>(&action)) removed_.insert({a->hostname, a->hostname});
    const auto* a = std::get_if<domain::TaskservAction>(&action);
    if (a != nullptr && a->verb == domain::TaskservVerb::uninstall) removed_.insert({a->spec.server, a->spec.name});
  }

  PlanLine operator()(const domain::TaskPlan& task) {
    server_ = task.server;
    PlanLine line = std::visit([&](const auto& action) { return of(action); }, *task.action);
    if (task.mode == domain::OrderMode::rehearse) {
      line.sign = ">";
      line.action = "rehearse";
    }
    return line;
  }

 private:
  PlanLine of(const domain::NoopAction&) { return {">", "noop", server_, server_, "asked for"}; }
  PlanLine of(const domain::ServerCreateAction& a) {
    const auto spec = declared_.find(a.hostname);
    const auto* now = before_ == nullptr ? nullptr : find_server(*before_, workspace_, a.hostname);
    const bool there = now != nullptr && now->status != domain::ServerStatus::declared;
    return {sign_of_making(a.hostname, a.hostname, there), "create", a.hostname, a.hostname,
            why_create(now, spec == declared_.end() ? nullptr : spec->second)};
  }
  PlanLine of(const domain::ServerDeleteAction& a) { return {"-", "delete", a.hostname, a.hostname, "asked for"}; }
  PlanLine of(const domain::AwaitAgentAction& a) {
    return {">", "await", a.hostname, a.hostname, "its agent enrols by itself"};
  }
  PlanLine of(const domain::TaskservAction& a) {
    const std::string action = domain::name_of(a.verb);
    if (a.verb == domain::TaskservVerb::uninstall) return {"-", action, a.spec.name, a.spec.server, "asked for"};
    if (a.verb == domain::TaskservVerb::check) return {">", action, a.spec.name, a.spec.server, "asked for"};
    const auto* now = before_ == nullptr ? nullptr : find_taskserv(*before_, workspace_, a.spec);
    const bool there = now != nullptr && !now->installed_version.empty();
    return {sign_of_making(a.spec.server, a.spec.name, there), action, a.spec.name, a.spec.server,
            before_ == nullptr ? "asked for" : why_install(now, a.spec)};
  }
  PlanLine of(const domain::ExecAction& a) {
    const std::string& program = a.bundle.is_zero() && !a.argv.empty() ? a.argv.front() : a.script;
    return {">", "run", program, server_, "asked for"};
  }
  PlanLine of(const domain::WaitAction& a) {
    return {">", "wait", server_, server_, a.until.empty() ? "for a time" : "until " + a.until};
  }
  PlanLine of(const domain::ApprovalAction& a) { return {">", "approve", "", "", a.prompt}; }

  std::string sign_of_making(const std::string& server, const std::string& name, bool there) const {
    if (removed_.contains({server, name})) return "-/+";
    return there ? "~" : "+";
  }

  const domain::State* before_;
  std::string workspace_, server_;
  std::map<std::string, const domain::ServerSpec*> declared_;
  Touched removed_;
};

const std::string& operation_of(const domain::SharedList<domain::OperationPlan>& operations, std::size_t task,
                                std::size_t& at) {
  static const std::string kNone;
  while (at < operations.size() && task >= operations[at].first_task + operations[at].task_count) ++at;
  return at < operations.size() && task >= operations[at].first_task ? operations[at].id : kNone;
}

PlannedOperation planned(const domain::OperationPlan& operation) {
  return {operation.id, domain::name_of(operation.kind), operation.when, operation.note, operation.task_count};
}

// Everything that a submission says of its tasks.
void add_workflow(Plan& out, const domain::WorkflowSubmitted& workflow, LineOf& line_of, Touched& touched) {
  for (const auto& task : workflow.tasks) line_of.will_remove(*task.action);
  std::size_t operation = 0;
  for (std::size_t i = 0; i < workflow.tasks.size(); ++i) {
    PlanLine line = line_of(workflow.tasks[i]);
    touched.insert({line.server, line.name});
    touched.insert({line.server, ""});
    if (out.lines.size() >= kMaxPlanLines) continue;
    line.operation = operation_of(workflow.operations, i, operation);
    out.lines.push_back(std::move(line));
  }
  out.total += workflow.tasks.size();
  for (const auto& one : workflow.operations) {
    if (out.operations.size() >= kMaxPlanLines) break;
    out.operations.push_back(planned(one));
  }
  out.notes = workflow.notes;
}

// Limits of a concurrency group that differ: whose they are, and which holds.
class GroupNotes {
 public:
  GroupNotes(const domain::State& before, const std::string& workspace, const domain::WorkflowSubmitted& submitted)
      : before_(before), workspace_(workspace) {
    for (const auto& operation : submitted.operations) {
      if (!operation.concurrency_group.empty()) limits_[operation.concurrency_group][operation.group_limit].insert("");
    }
  }

  std::vector<std::string> notes() {
    if (limits_.empty()) return {};
    for (const auto& [id, workflow] : before_.workflows) {
      if (!workflow.ended && workflow.workspace == workspace_) add(workflow);
    }
    std::vector<std::string> out;
    for (const auto& [group, limits] : limits_) {
      if (limits.size() > 1) out.push_back(note(group, limits));
    }
    return out;
  }

 private:
  using Limits = std::map<std::uint32_t, std::set<std::string>>;  // limit -> workflows that give it; empty: this one

  void add(const domain::Workflow& workflow) {
    for (const auto& operation : workflow.operations) {
      const auto group = limits_.find(operation.plan->concurrency_group);
      if (group == limits_.end() || operation.status == domain::OperationStatus::ended) continue;
      group->second[operation.plan->group_limit].insert(to_text(workflow.id));
    }
  }

  static std::string note(const std::string& group, const Limits& limits) {
    constexpr std::size_t kMostNamed = 3;
    std::string out = "concurrency group \"" + group + "\" has limits that differ:";
    for (const auto& [limit, workflows] : limits) {
      out += (limit == limits.begin()->first ? " " : ", ") + std::to_string(limit);
      std::size_t named = 0;
      for (const auto& workflow : workflows) {
        if (named++ == kMostNamed) break;
        out += (named == 1 ? " " : " and ") + (workflow.empty() ? "here" : "in workflow " + workflow);
      }
      if (workflows.size() > kMostNamed) out += " and " + std::to_string(workflows.size() - kMostNamed) + " more";
    }
    return out + "; of the operations that run at the same time the smallest holds";
  }

  const domain::State& before_;
  const std::string& workspace_;
  std::map<std::string, Limits> limits_;
};

// What a retry runs again of a workflow that is there.
void add_retried(Plan& out, const domain::State& before, const domain::WorkflowRetried& retried, LineOf& line_of,
                 Touched& touched) {
  const domain::Workflow* workflow = domain::find_workflow(before, retried.id);
  if (workflow == nullptr) return;
  const auto& wanted = retried.operations;
  for (const auto& task : workflow->tasks) {
    const bool meant = std::binary_search(wanted.begin(), wanted.end(), task.operation);
    const bool again = task.status == domain::TaskStatus::ended && !succeeded(task.outcome) &&
                       (retried.in_doubt || task.outcome != Outcome::in_doubt);
    if (!meant || !again) continue;
    ++out.total;
    PlanLine line = line_of(*task.plan);
    touched.insert({line.server, ""});
    line.reason = std::string("it ended as ") + name_of(task.outcome);
    if (task.operation < workflow->operations.size()) line.operation = workflow->operations[task.operation].plan->id;
    if (out.lines.size() < kMaxPlanLines) out.lines.push_back(std::move(line));
  }
}

// What was asked for and needs no task, with the reason.
class Unchanged {
 public:
  Unchanged(const domain::State& before, const std::string& workspace, const Touched& touched,
            std::vector<PlanLine>& out)
      : before_(before), workspace_(workspace), touched_(touched), out_(out) {}

  void operator()(const domain::CreateServers& c) {
    for (const auto& spec : c.servers) add(spec.hostname, spec.hostname, "already there, as described");
  }
  void operator()(const domain::DeleteServers& c) {
    for (const auto& host : c.hostnames) {
      const auto* now = find_server(before_, workspace_, host);
      add(host, host, now == nullptr ? "there is no such server" : "it belongs to infra " + now->spec.infra);
    }
  }
  void operator()(const domain::CreateTaskservs& c) {
    for (const auto& item : c.taskservs) add(item.spec.name, item.spec.server, "already installed, as described");
  }
  void operator()(const domain::DeleteTaskservs& c) {
    for (const auto& spec : c.taskservs) add(spec.name, spec.server, "it is not installed");
  }
  void operator()(const domain::SubmitBatch& c) {
    for (const auto& operation : c.operations) {
      for (const auto& spec : operation.servers) add(spec.hostname, spec.hostname, "already there, as described");
      for (const auto& host : operation.hostnames) add(host, host, "there is no such server");
      const bool installs = operation.kind == domain::OperationKind::taskserv_create;
      for (const auto& item : operation.taskservs) {
        if (item.spec.server.empty()) continue;  // for whatever hosts the targets name
        add(item.spec.name, item.spec.server, installs ? "already installed, as described" : "nothing to do there");
      }
    }
  }
  template <class Other>
  void operator()(const Other&) {}

 private:
  void add(const std::string& name, const std::string& server, std::string reason) {
    if (out_.size() < kMaxPlanLines && !touched_.contains({server, name})) {
      out_.push_back({"", "", name, server, std::move(reason)});
    }
  }
  const domain::State& before_;
  const std::string& workspace_;
  const Touched& touched_;
  std::vector<PlanLine>& out_;
};

struct InfraOf {
  template <class Command>
  std::string operator()(const Command& c) const {
    if constexpr (requires { c.infra; }) return c.infra;
    return {};
  }
};

// Hosts that are there and get nothing to do.
std::size_t count_untouched(const domain::State& before, const domain::Command& command, const Touched& touched) {
  const std::string infra = std::visit(InfraOf{}, command.body);
  const auto first = domain::HostKey{command.workspace, ""};
  std::size_t count = 0;
  for (auto it = before.servers.lower_bound(first); it != before.servers.end() && it->first.first == command.workspace;
       ++it) {
    const bool meant = infra.empty() || infra == it->second.spec.infra;
    if (meant && !touched.contains({it->first.second, ""})) ++count;
  }
  if (!infra.empty()) return count;
  for (auto it = before.agent_by_host.lower_bound(first);
       it != before.agent_by_host.end() && it->first.first == command.workspace; ++it) {
    if (!before.servers.contains(it->first) && !touched.contains({it->first.second, ""})) ++count;
  }
  return count;
}

}  // namespace

Plan plan_of(const domain::State& before, const domain::Command& command,
             const std::vector<domain::EventBody>& events) {
  Plan out;
  Touched touched;
  LineOf line_of(&before, command.workspace);
  for (const auto& event : events) {
    if (const auto* e = std::get_if<domain::ServerDeclared>(&event)) line_of.declared(*e->spec);
  }
  for (const auto& event : events) {
    if (const auto* submitted = std::get_if<domain::WorkflowSubmitted>(&event)) {
      add_workflow(out, *submitted, line_of, touched);
      for (auto& note : GroupNotes(before, command.workspace, *submitted).notes()) out.notes.push_back(std::move(note));
      out.estimate = estimate_of(before, command.workspace, *submitted, events);
    } else if (const auto* retried = std::get_if<domain::WorkflowRetried>(&event)) {
      add_retried(out, before, *retried, line_of, touched);
    }
  }
  std::visit(Unchanged(before, command.workspace, touched, out.unchanged), command.body);
  out.untouched = count_untouched(before, command, touched);
  return out;
}

Plan plan_of(const domain::Workflow& workflow, const std::string& reason) {
  Plan out;
  LineOf line_of(nullptr, workflow.workspace);
  for (std::size_t i = 0; i < workflow.tasks.size() && i < kMaxPlanLines; ++i) {
    PlanLine line = line_of(*workflow.tasks[i].plan);
    line.reason = reason;
    const std::uint32_t operation = workflow.tasks[i].operation;
    if (operation < workflow.operations.size()) line.operation = workflow.operations[operation].plan->id;
    out.lines.push_back(std::move(line));
  }
  out.total = workflow.tasks.size();
  for (std::size_t i = 0; i < workflow.operations.size() && i < kMaxPlanLines; ++i) {
    out.operations.push_back(planned(*workflow.operations[i].plan));
  }
  out.notes = workflow.notes;
  return out;
}

namespace {

void put_unchanged(std::string& out, const PlanLine& line) {
  ObjectText one(out);
  one.text("name", line.name);
  one.text("server", line.server);
  one.text("reason", line.reason);
}

void put_line(std::string& out, const PlanLine& line) {
  ObjectText one(out);
  one.text("sign", line.sign);
  one.text("action", line.action);
  one.text("name", line.name);
  one.text("server", line.server);
  one.text("operation", line.operation);
  one.text("reason", line.reason);
}

void put_operation(std::string& out, const PlannedOperation& operation) {
  ObjectText one(out);
  one.text("id", operation.id);
  one.text("kind", operation.kind);
  one.text("when", operation.when);
  one.text("note", operation.note);
  one.number("tasks", operation.tasks);
}

void put_estimate(std::string& out, const Estimate& estimate) {
  ObjectText one(out);
  one.number("known_ms", estimate.known_ms);
  one.number("unknown_steps", estimate.unknown_steps);
  one.number("expected_ms", estimate.expected_ms);
}

void put_plan(std::string& out, const Plan& plan, const Id& workflow) {
  ObjectText whole(out);
  workflow.is_zero() ? whole.null("workflow") : whole.text("workflow", to_text(workflow));
  whole.list("unchanged", plan.unchanged, put_unchanged);
  whole.list("plan", plan.lines, put_line);
  whole.number("plan_total", plan.total);
  whole.list("operations", plan.operations, put_operation);
  whole.list("notes", plan.notes, append_json_string);
  whole.number("untouched", plan.untouched);
  put_estimate(whole.begin("estimate"), plan.estimate);
}

}  // namespace

std::string plan_text(const Plan& plan, const Id& workflow) {
  std::string out;
  out.reserve(512);
  put_plan(out, plan, workflow);
  return out;
}

json plan_json(const Plan& plan, const Id& workflow) { return json::parse(plan_text(plan, workflow)); }

}  // namespace prov::projection
