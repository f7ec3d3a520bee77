#include "coordinator/dispatcher/order_renderer.h"

#include <arpa/inet.h>

#include <algorithm>

#include "coordinator/domain/scope.h"
#include "coordinator/event_log/blobs.h"
#include "coordinator/templates/template.h"

namespace prov::dispatcher {

using templates::TemplateScope;

namespace {

constexpr std::string_view kTemplates = "templates/";
constexpr std::string_view kSuffix = ".mustache";

bool is_address(const std::string& text) {
  in6_addr raw{};
  return inet_pton(AF_INET, text.c_str(), &raw) == 1 || inet_pton(AF_INET6, text.c_str(), &raw) == 1;
}

// What a host says of itself ends up in the files and the environment of others: nothing but an address may.
std::string address_of(const domain::State& state, const std::string& workspace, const std::string& hostname) {
  const auto server = state.servers.find({workspace, hostname});
  if (server != state.servers.end() && !server->second.address.empty()) return server->second.address;
  const domain::Agent* agent = domain::agent_of(state, workspace, hostname);
  if (agent == nullptr || agent->facts.addresses.empty()) return "";
  return is_address(agent->facts.addresses.front()) ? agent->facts.addresses.front() : "";
}

// A workflow over several infras names none (`drift` without --infra): what is installed says where it belongs.
std::string infra_of(const domain::State& state, const domain::Workflow& workflow, const domain::TaskservSpec& spec) {
  if (!workflow.infra.empty()) return workflow.infra;
  const auto taskserv = state.taskservs.find({workflow.workspace, spec.server, spec.name});
  if (taskserv != state.taskservs.end()) return taskserv->second.infra;
  const auto server = state.servers.find({workflow.workspace, spec.server});
  return server == state.servers.end() ? "" : server->second.spec.infra;
}

// `hosts`: where every task service of the infrastructure runs too, which is looked for in all there are.
TemplateScope scope_of(const domain::State& state, const domain::Workflow& workflow, const domain::TaskservSpec& spec,
                       bool hosts) {
  TemplateScope scope;
  scope.workspace = workflow.workspace;
  scope.infra = infra_of(state, workflow, spec);
  scope.host = {spec.server, address_of(state, workflow.workspace, spec.server)};
  scope.params = spec.params;
  for (const auto& [parameter, reference] : spec.secrets) scope.secrets.push_back(parameter);
  if (!hosts) return scope;
  for (const auto& [key, taskserv] : state.taskservs) {
    const auto& [workspace, hostname, name] = key;
    if (workspace != workflow.workspace || taskserv.infra != scope.infra) continue;
    scope.hosts[name].push_back({hostname, address_of(state, workspace, hostname)});
  }
  return scope;
}

std::string variable_name(const std::string& parameter) {
  std::string out = "PROV_PARAM_";
  for (const char c : parameter) {
    if (c >= 'a' && c <= 'z') {
      out.push_back(static_cast<char>(c - 'a' + 'A'));
    } else if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) {
      out.push_back(c);
    } else {
      out.push_back('_');
    }
  }
  return out;
}

std::vector<wire::Variable> environment_of(const TemplateScope& scope, domain::TaskservVerb verb) {
  std::vector<wire::Variable> out{{"PROV_VERB", domain::name_of(verb)},
                                  {"PROV_HOSTNAME", scope.host.hostname},
                                  {"PROV_ADDRESS", scope.host.address},
                                  {"PROV_WORKSPACE", scope.workspace},
                                  {"PROV_INFRA", scope.infra}};
  for (const auto& [name, value] : scope.params) out.push_back({variable_name(name), value});
  return out;
}

bool is_template(const wire::File& file) { return file.path.starts_with(kTemplates) && file.path.ends_with(kSuffix); }

bool name_hosts(const BundleFiles& files) {
  return std::any_of(files.begin(), files.end(),
                     [](const wire::File& file) { return is_template(file) && templates::may_name_hosts(file.data); });
}

Result<std::vector<wire::File>> rendered(const BundleFiles& files, const TemplateScope& scope) {
  std::vector<wire::File> out;
  for (const wire::File& file : files) {
    if (!is_template(file)) continue;
    auto text = templates::render_template(file.path, file.data, scope);
    if (!text) return tl::unexpected(text.error());
    out.push_back({file.path.substr(kTemplates.size(), file.path.size() - kTemplates.size() - kSuffix.size()),
                   std::move(*text), 0600});
  }
  return out;
}

}  // namespace

Result<std::shared_ptr<const BundleCache::Bundle>> BundleCache::get(const Digest& digest) {
  for (auto at = recent_.begin(); at != recent_.end(); ++at) {
    if (at->first != digest) continue;
    recent_.splice(recent_.begin(), recent_, at);
    return recent_.front().second;
  }
  auto bytes = event_log::read_blob(log_, digest);
  if (!bytes) return tl::unexpected(bytes.error());
  if (!*bytes)
    return fail(Code::not_found, "bundle " + to_text(digest) + " is not in the store", "submit the command again");
  auto files = wire::decode_bundle(**bytes);
  if (!files) return tl::unexpected(files.error());
  const bool hosts = name_hosts(*files);
  auto bundle = std::make_shared<Bundle>(Bundle{std::move(**bytes), std::move(*files), hosts});
  recent_.emplace_front(digest, bundle);
  std::size_t kept = 0;
  auto at = recent_.begin();
  while (at != recent_.end() && (kept += at->second->bytes.size()) <= kKeepBytes) ++at;
  if (at != recent_.begin()) recent_.erase(at, recent_.end());
  return bundle;
}

std::vector<std::string> OrderRenderer::missing_secrets(const domain::State& state, const domain::Workflow& workflow,
                                                        const domain::Task& task) const {
  std::vector<std::string> out;
  const auto* action = std::get_if<domain::TaskservAction>(&*task.plan->action);
  if (action == nullptr) return out;
  for (const auto& [parameter, reference] : action->spec.secrets) {
    const bool known = state.secrets.contains({workflow.workspace, reference});
    if (!known && std::find(out.begin(), out.end(), reference) == out.end()) out.push_back(reference);
  }
  return out;
}

Result<wire::Order> OrderRenderer::render(const domain::State& state, const domain::Workflow& workflow, const Id& id) {
  const domain::Task& task = workflow.tasks[*task_index(id)];
  wire::Order order;
  order.task = id;
  order.attempt = task.attempt;
  order.sequence = task.dispatch_sequence;
  order.timeout_s = task.plan->timeout_s;
  order.exclusive = task.plan->exclusive;
  order.mode = static_cast<wire::Mode>(task.plan->mode);
  if (const auto* exec = std::get_if<domain::ExecAction>(&*task.plan->action)) {
    if (auto made = command(state, workflow, task, *exec, order); !made) return tl::unexpected(made.error());
  } else if (const auto* action = std::get_if<domain::TaskservAction>(&*task.plan->action)) {
    auto made = script(state, workflow, id, *action);
    if (!made) return tl::unexpected(made.error());
    order.action = std::move(*made);
    // An agent refuses a frame as a whole: an order that it cannot read would hold up all the others in it, for ever.
    if (auto readable = wire::decode_order(wire::encode(order)); !readable) return tl::unexpected(readable.error());
  } else {
    order.action = wire::Noop{};
  }
  return order;
}

Result<void> OrderRenderer::command(const domain::State& state, const domain::Workflow& workflow,
                                    const domain::Task& task, const domain::ExecAction& exec, wire::Order& order) {
  // What an operator types for one host is what runs there, to the letter; a batch file has names to fill in.
  const auto filled_in = [&](const std::string& text) -> Result<std::string> {
    if (workflow.kind == "exec") return text;
    return domain::fill_in(state, workflow, task.plan->server, text);
  };
  std::vector<std::string> argv;
  for (const std::string& argument : exec.argv) {
    auto filled = filled_in(argument);
    if (!filled) return tl::unexpected(filled.error());
    argv.push_back(std::move(*filled));
  }
  std::vector<wire::Variable> environment;
  for (const auto& [name, value] : exec.environment) {
    auto filled = filled_in(value);
    if (!filled) return tl::unexpected(filled.error());
    environment.push_back({name, std::move(*filled)});
  }
  if (exec.bundle.is_zero()) {
    order.action = wire::Exec{std::move(argv), std::move(environment), exec.stdin_data};
    return {};
  }
  auto bundle = bundles_.get(exec.bundle);
  if (!bundle) return tl::unexpected(bundle.error());
  wire::Script out;
  out.bundle = exec.bundle;
  out.path = exec.script;
  out.environment = std::move(environment);
  out.arguments = std::move(argv);
  order.action = std::move(out);
  return {};
}

Result<wire::Script> OrderRenderer::script(const domain::State& state, const domain::Workflow& workflow, const Id& id,
                                           const domain::TaskservAction& action) {
  const domain::TaskservSpec& spec = action.spec;
  auto bundle = bundles_.get(spec.bundle);
  if (!bundle) return tl::unexpected(bundle.error());
  wire::Script out;
  out.bundle = spec.bundle;
  out.path = std::string("scripts/") + domain::name_of(action.verb);
  const auto& files = (*bundle)->files;
  const bool there =
      std::any_of(files.begin(), files.end(), [&](const wire::File& file) { return file.path == out.path; });
  if (!there) return fail(Code::invalid, "task service \"" + spec.name + "\" has no " + out.path);
  const TemplateScope scope = scope_of(state, workflow, spec, (*bundle)->names_hosts);
  auto templates = rendered(files, scope);
  if (!templates) return tl::unexpected(templates.error());
  out.files = std::move(*templates);
  out.environment = environment_of(scope, action.verb);
  const auto agent = state.agents.find(workflow.tasks[*task_index(id)].agent);
  if (agent == state.agents.end()) return fail(Code::not_found, "the agent of this attempt was removed");
  for (const auto& [parameter, reference] : spec.secrets) {
    auto box = secrets_.seal(workflow.workspace, reference, agent->second.seal_key);
    if (!box) return tl::unexpected(box.error());
    out.secrets.push_back({parameter, std::move(*box)});
  }
  return out;
}

}  // namespace prov::dispatcher
