#pragma once
// Templates of task services: mustache without escaping, strict about names. What a template can see is in
// docs/guides/extension-contract.md. Values are data: nothing that comes from a host is ever read as a template.
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "coordinator/domain/specs.h"

namespace prov::dispatcher {

struct TemplateHost {
  std::string hostname, address;
};

struct TemplateScope {
  std::string workspace, infra;
  TemplateHost host;
  domain::Pairs params;
  std::vector<std::string> secrets;                        // names of secret parameters
  std::map<std::string, std::vector<TemplateHost>> hosts;  // by task service; an absent one has no hosts
};

// What a secret renders to; the agent replaces it on the host.
std::string secret_placeholder(const std::string& parameter);

// `name` is for messages only. Code::invalid names the place and what is wrong.
Result<std::string> render_template(const std::string& name, const std::string& text, const TemplateScope& scope);

}  // namespace prov::dispatcher
