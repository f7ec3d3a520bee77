#include "coordinator/kit/sample.h"

#include <algorithm>

#include "coordinator/modules/resolve.h"

namespace prov::kit {
namespace {

using workspace::Node;
using workspace::Parameter;
using workspace::ParamType;

Node scalar(const std::string& text, bool quoted) {
  Node node;
  node.kind = Node::Kind::scalar;
  node.text = text;
  node.quoted = quoted;
  return node;
}

Node list_of(const std::string& text) {
  Node node;
  node.kind = Node::Kind::list;
  for (std::size_t at = text.find_first_not_of(' '); at != std::string::npos;) {
    const std::size_t end = text.find(' ', at);
    node.items.push_back(scalar(text.substr(at, end - at), true));
    at = text.find_first_not_of(' ', end);
  }
  return node;
}

Node reference(const std::string& name) {
  Node node;
  node.kind = Node::Kind::map;
  node.keys.push_back(scalar("secret", false));
  node.items.push_back(scalar("sample/" + name, true));
  return node;
}

Node made_up(const Parameter& parameter) {
  switch (parameter.type) {
    case ParamType::string: return scalar("sample", true);
    case ParamType::integer: return scalar("1", false);
    case ParamType::boolean: return scalar("true", false);
    case ParamType::list: return list_of("sample");
    case ParamType::secret: return reference(parameter.name);
    case ParamType::storages:
    case ParamType::networks: return list_of("sample");
  }
  return {};
}

Node as_given(const Parameter* parameter, const std::string& text) {
  if (parameter == nullptr || parameter->type == ParamType::string) return scalar(text, true);
  const bool many = parameter->type == ParamType::list || parameter->type == ParamType::storages ||
                    parameter->type == ParamType::networks;
  return many ? list_of(text) : scalar(text, false);
}

}  // namespace

Result<templates::TemplateScope> sample_scope(const workspace::Manifest& manifest,
                                              const std::vector<std::pair<std::string, std::string>>& given) {
  workspace::Params params;
  for (const auto& [name, text] : given) {
    const Parameter* parameter = manifest.find_parameter(name);
    if (parameter != nullptr && parameter->type == ParamType::secret) {
      return fail(Code::invalid, "\"" + name + "\" is a secret: its value is never shown",
                  "a template shows it as a placeholder, " + templates::secret_placeholder(name));
    }
    params.emplace_back(scalar(name, false), as_given(parameter, text));
  }
  for (const auto& parameter : manifest.parameters) {
    const bool is_given =
        std::any_of(given.begin(), given.end(), [&](const auto& one) { return one.first == parameter.name; });
    if (!is_given && !parameter.has_default) params.emplace_back(scalar(parameter.name, false), made_up(parameter));
  }
  auto merged = workspace::merge_params("--param", manifest, params, {}, manifest.name);
  if (!merged) return tl::unexpected(merged.error());
  templates::TemplateScope scope{"sample", "sample", {"host-1", "192.0.2.1"}, std::move(merged->params), {}, {}};
  for (const auto& [name, secret] : merged->secrets) scope.secrets.push_back(name);
  return scope;
}

void add_sample_hosts(templates::TemplateScope& scope, const std::string& text) {
  for (const auto& name : templates::hosts_in(text))
    scope.hosts[name] = {{"host-1", "192.0.2.1"}, {"host-2", "192.0.2.2"}};
}

}  // namespace prov::kit
