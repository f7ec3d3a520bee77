#include "coordinator/projection/plan.h"

#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <variant>

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

// "port, databases": the names that differ between two sorted lists.
std::string differing(const domain::Pairs& a, const domain::Pairs& b) {
  std::set<std::string> names;
  for (const auto& pair : a) {
    if (std::find(b.begin(), b.end(), pair) == b.end()) names.insert(pair.first);
  }
  for (const auto& pair : b) {
    if (std::find(a.begin(), a.end(), pair) == a.end()) names.insert(pair.first);
  }
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

std::string why_create(const domain::Server* now, const domain::ServerSpec* wanted) {
  if (now == nullptr) return "not there yet";
  if (now->status == domain::ServerStatus::failed) return "the last attempt failed";
  if (now->status == domain::ServerStatus::declared) return "declared, but not there yet";
  if (wanted != nullptr && !(now->spec == *wanted)) return "its definition changed";
  return now->status == domain::ServerStatus::created ? "its agent has not joined yet" : "asked for";
}

std::string why_install(const domain::Taskserv* now, const domain::TaskservSpec& wanted) {
  if (now == nullptr) return "not installed yet";
  if (now->status == domain::TaskservStatus::failed) return "the last attempt failed";
  if (now->status == domain::TaskservStatus::declared) return "declared, but not installed yet";
  if (now->spec.version != wanted.version) return "version " + now->spec.version + " -> " + wanted.version;
  if (auto names = differing(now->spec.params, wanted.params); !names.empty()) return "parameters changed: " + names;
  if (auto names = differing(now->spec.secrets, wanted.secrets); !names.empty()) return "secrets changed: " + names;
  if (now->spec.bundle != wanted.bundle) return "the files of its extension changed";
  return "its definition changed";
}

// One line per task, by what the task does.
class LineOf {
 public:
  LineOf(const domain::State* before, std::string workspace, const std::vector<domain::EventBody>* events)
      : before_(before), workspace_(std::move(workspace)) {
    if (events == nullptr) return;
    for (const auto& event : *events) {
      if (const auto* e = std::get_if<domain::ServerDeclared>(&event)) declared_[e->spec.hostname] = &e->spec;
    }
  }

  PlanLine operator()(const domain::TaskPlan& task) {
    server_ = task.server;
    PlanLine line = std::visit([&](const auto& action) { return of(action); }, task.action);
    return line;
  }

 private:
  PlanLine of(const domain::NoopAction&) { return {"noop", server_, server_, "asked for"}; }
  PlanLine of(const domain::ServerCreateAction& a) {
    const auto spec = declared_.find(a.hostname);
    const auto* now = before_ == nullptr ? nullptr : find_server(*before_, workspace_, a.hostname);
    return {"create", a.hostname, a.hostname, why_create(now, spec == declared_.end() ? nullptr : spec->second)};
  }
  PlanLine of(const domain::ServerDeleteAction& a) { return {"delete", a.hostname, a.hostname, "asked for"}; }
  PlanLine of(const domain::AwaitAgentAction& a) {
    return {"await", a.hostname, a.hostname, "its agent enrols by itself"};
  }
  PlanLine of(const domain::TaskservAction& a) {
    const bool install = a.verb == domain::TaskservVerb::install && before_ != nullptr;
    return {domain::name_of(a.verb), a.spec.name, a.spec.server,
            install ? why_install(find_taskserv(*before_, workspace_, a.spec), a.spec) : "asked for"};
  }
  PlanLine of(const domain::ExecAction& a) {
    return {"run", a.argv.empty() ? std::string() : a.argv.front(), server_, "asked for"};
  }

  const domain::State* before_;
  std::string workspace_, server_;
  std::map<std::string, const domain::ServerSpec*> declared_;
};

template <class Tasks, class PlanOfTask>
Plan lines_of(const Tasks& tasks, LineOf line_of, PlanOfTask plan_of_task, Touched* touched) {
  Plan out;
  for (const auto& task : tasks) {
    if (touched == nullptr && out.lines.size() >= kMaxPlanLines) break;
    PlanLine line = line_of(plan_of_task(task));
    if (touched != nullptr) touched->insert({line.server, line.name});
    if (out.lines.size() < kMaxPlanLines) out.lines.push_back(std::move(line));
  }
  out.total = tasks.size();
  return out;
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
  template <class Other>
  void operator()(const Other&) {}

 private:
  void add(const std::string& name, const std::string& server, std::string reason) {
    if (out_.size() < kMaxPlanLines && !touched_.contains({server, name})) {
      out_.push_back({"", name, server, std::move(reason)});
    }
  }
  const domain::State& before_;
  const std::string& workspace_;
  const Touched& touched_;
  std::vector<PlanLine>& out_;
};

}  // namespace

Plan plan_of(const domain::State& before, const domain::Command& command,
             const std::vector<domain::EventBody>& events) {
  Plan out;
  Touched touched;
  for (const auto& event : events) {
    const auto* submitted = std::get_if<domain::WorkflowSubmitted>(&event);
    if (submitted == nullptr) continue;
    out = lines_of(
        submitted->tasks, LineOf(&before, command.workspace, &events),
        [](const domain::TaskPlan& task) -> const domain::TaskPlan& { return task; }, &touched);
  }
  std::visit(Unchanged(before, command.workspace, touched, out.unchanged), command.body);
  return out;
}

Plan plan_of(const domain::Workflow& workflow, const std::string& reason) {
  Plan out = lines_of(
      workflow.tasks, LineOf(nullptr, workflow.workspace, nullptr),
      [](const domain::Task& task) -> const domain::TaskPlan& { return task.plan; }, nullptr);
  for (auto& line : out.lines) line.reason = reason;
  return out;
}

json plan_json(const Plan& plan, const Id& workflow) {
  json lines = json::array(), unchanged = json::array();
  for (const auto& line : plan.lines) {
    lines.push_back({{"action", line.action}, {"name", line.name}, {"server", line.server}, {"reason", line.reason}});
  }
  for (const auto& line : plan.unchanged) {
    unchanged.push_back({{"name", line.name}, {"server", line.server}, {"reason", line.reason}});
  }
  return {{"workflow", workflow.is_zero() ? json(nullptr) : json(to_text(workflow))},
          {"unchanged", std::move(unchanged)},
          {"plan", std::move(lines)},
          {"plan_total", plan.total}};
}

}  // namespace prov::projection
