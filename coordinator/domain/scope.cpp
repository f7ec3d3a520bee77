#include "coordinator/domain/scope.h"

#include <algorithm>
#include <functional>
#include <map>

namespace prov::domain {
namespace {

using expression::HostView;
using expression::Name;
using expression::Value;

constexpr std::size_t kMaxFilledBytes = 128 << 10;  // of one argument: as many as the kernel lets a program have

void add_role(HostView& view, const std::string& role) {
  if (!role.empty() && std::find(view.roles.begin(), view.roles.end(), role) == view.roles.end()) {
    view.roles.push_back(role);
  }
}

void add_labelled_roles(HostView& view) {
  for (const auto& [key, value] : view.labels) {
    if (key != "role") continue;
    for (std::size_t at = 0; at <= value.size();) {
      const std::size_t end = std::min(value.find(',', at), value.size());
      add_role(view, value.substr(at, end - at));
      at = end + 1;
    }
  }
}

void add_said(const Workflow& workflow, const OperationPlan& plan, const std::string& name, Value::List& said) {
  for (std::uint32_t i = 0; i < plan.task_count; ++i) {
    for (const auto& [key, value] : workflow.tasks[plan.first_task + i].outputs) {
      if (key == name) said.emplace_back(value);
    }
  }
}

// What the items of a loop said, in their order: always a list, so that one item is no special case.
Value output_of_loop(const Workflow& workflow, const OperationPlan& loop, const std::string& name) {
  Value::List said;
  for (const Dependency& d : loop.depends_on) {
    const OperationPlan& item = *workflow.operations[d.before].plan;
    if (item.id.starts_with(loop.id + "[")) add_said(workflow, item, name, said);
  }
  return said.empty() ? Value() : Value(std::move(said));
}

Value output_of(const Workflow& workflow, const std::string& operation, const std::string& name) {
  const Operation* found = operation_named(workflow, operation);
  if (found == nullptr) return {};
  if (found->plan->kind == OperationKind::batch) return output_of_loop(workflow, *found->plan, name);
  Value::List said;
  add_said(workflow, *found->plan, name, said);
  if (said.empty()) return {};
  return said.size() == 1 ? std::move(said.front()) : Value(std::move(said));
}

Value result_of(const Workflow& workflow, const std::string& operation) {
  const Operation* found = operation_named(workflow, operation);
  if (found == nullptr || found->status != OperationStatus::ended) return {};
  std::string word = name_of(found->outcome);
  std::replace(word.begin(), word.end(), ' ', '_');
  return word;
}

Value fact_of(const State& state, const std::string& workspace, const std::string& host, const std::string& key) {
  const Agent* agent = agent_of(state, workspace, host);
  return agent == nullptr ? Value() : expression::fact_value(agent->facts, key);
}

Value host_value(const State& state, const Workflow& workflow, const std::string& host, const std::string& name) {
  if (host.empty()) return {};
  if (name == "name" || name == "hostname") return host;
  const auto server = state.servers.find({workflow.workspace, host});
  const bool ours = server != state.servers.end();
  if (name == "infra") return ours ? Value(server->second.spec.infra) : Value(workflow.infra);
  if (name == "address" && ours && !server->second.address.empty()) return server->second.address;
  return fact_of(state, workflow.workspace, host, name);
}

Result<Name> read_name(std::string_view text) {
  auto condition = expression::Condition::parse(std::string(text) + " == null");
  if (!condition) return tl::unexpected(condition.error());
  if (condition->names().size() != 1) {
    return fail(Code::invalid, "\"{{" + std::string(text) + "}}\" is not a name",
                "e.g. {{params.version}}, {{outputs.build.image}}, {{host.name}}");
  }
  return condition->names().front();
}

// Walks over `{{NAME}}`; what stands between goes to `plain`.
Result<void> each_name(std::string_view text, const std::function<void(std::string_view)>& plain,
                       const std::function<Result<void>(const Name&)>& named) {
  std::size_t at = 0;
  for (;;) {
    const std::size_t open = text.find("{{", at);
    plain(text.substr(at, open == std::string_view::npos ? open : open - at));
    if (open == std::string_view::npos) return {};
    const std::size_t close = text.find("}}", open);
    if (close == std::string_view::npos) return fail(Code::invalid, "a \"{{\" is not closed by \"}}\"");
    auto name = read_name(text.substr(open + 2, close - open - 2));
    if (!name) return tl::unexpected(name.error());
    if (auto ok = named(*name); !ok) return ok;
    at = close + 2;
  }
}

// A list is its values with commas between them.
std::string plain_text(const Value& value) {
  if (const std::string* text = value.text()) return *text;
  if (value.list() == nullptr) return expression::text_of(value);
  std::string out;
  for (const Value& element : *value.list()) out += (out.empty() ? "" : ",") + plain_text(element);
  return out;
}

}  // namespace

HostView view_of(const ServerSpec& spec, const std::string& status) {
  HostView view;
  view.name = spec.hostname;
  view.infra = spec.infra;
  view.provider = spec.provider;
  view.status = status;
  view.labels = spec.labels;
  add_labelled_roles(view);
  return view;
}

std::vector<HostView> host_views(const State& state, const std::string& workspace) {
  std::map<std::string, HostView> views;
  for (auto at = state.servers.lower_bound({workspace, ""}); at != state.servers.end(); ++at) {
    if (at->first.first != workspace) break;
    views[at->first.second] = view_of(at->second.spec, name_of(at->second.status));
  }
  for (auto at = state.agent_by_host.lower_bound({workspace, ""}); at != state.agent_by_host.end(); ++at) {
    if (at->first.first != workspace) break;
    HostView& view = views[at->first.second];
    if (view.name.empty()) {
      view.name = at->first.second;
      view.status = "enrolled";
    }
    const Agent& agent = state.agents.at(at->second);
    view.has_facts = !agent.facts.boot_id.empty() || !agent.facts.os.empty();
    view.facts = expression::fact_pairs(agent.facts);
  }
  for (auto at = state.taskservs.lower_bound({workspace, "", ""}); at != state.taskservs.end(); ++at) {
    if (std::get<0>(at->first) != workspace) break;
    const auto view = views.find(std::get<1>(at->first));
    if (view != views.end()) add_role(view->second, std::get<2>(at->first));
  }
  std::vector<HostView> out;
  out.reserve(views.size());
  for (auto& [name, view] : views) out.push_back(std::move(view));
  return out;
}

Value value_of(const State& state, const Workflow& workflow, const std::string& host, const Name& name) {
  const auto& parts = name.parts;
  if (parts.size() == 2 && parts[0] == "params") {
    for (const auto& [key, value] : workflow.params) {
      if (key == parts[1]) return value;
    }
    return {};
  }
  if (parts.size() == 3 && parts[0] == "outputs") return output_of(workflow, parts[1], parts[2]);
  if (parts.size() == 2 && parts[0] == "result") return result_of(workflow, parts[1]);
  if (parts.size() == 3 && parts[0] == "facts") return fact_of(state, workflow.workspace, parts[1], parts[2]);
  if (parts.size() == 2 && parts[0] == "host") return host_value(state, workflow, host, parts[1]);
  return {};
}

Result<bool> evaluate(const State& state, const Workflow& workflow, const std::string& condition) {
  const auto parsed = expression::Condition::parse(condition);
  if (!parsed) return tl::unexpected(parsed.error());
  return parsed->evaluate([&](const Name& name) { return value_of(state, workflow, "", name); });
}

Result<std::vector<Name>> names_in(std::string_view text) {
  std::vector<Name> out;
  const auto keep = [&](const Name& name) -> Result<void> {
    out.push_back(name);
    return {};
  };
  if (auto ok = each_name(
          text, [](std::string_view) {}, keep);
      !ok)
    return tl::unexpected(ok.error());
  return out;
}

Result<std::string> fill_in(const State& state, const Workflow& workflow, const std::string& host,
                            std::string_view text) {
  std::string out;
  const auto put = [&](const Name& name) -> Result<void> {
    const Value value = value_of(state, workflow, host, name);
    if (value.is_null()) return fail(Code::invalid, "\"{{" + name.text() + "}}\" has no value here");
    out += plain_text(value);
    if (out.size() <= kMaxFilledBytes) return {};
    return fail(Code::exhausted, "with \"{{" + name.text() + "}}\" it is longer than " +
                                     std::to_string(kMaxFilledBytes >> 10) + " KiB, which no program takes");
  };
  if (auto ok = each_name(
          text, [&](std::string_view plain) { out += plain; }, put);
      !ok) {
    return tl::unexpected(ok.error());
  }
  return out;
}

}  // namespace prov::domain
