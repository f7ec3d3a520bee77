#pragma once
// Templates of task services: mustache without escaping, strict about names. What a template can see is in
// docs/guides/extension-contract.md. Values are data: nothing that comes from a host is ever read as a template.
// The coordinator renders with it at dispatch, the command line for whoever writes one. No I/O.
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"

namespace prov::templates {

struct TemplateHost {
  std::string hostname, address;
};

struct TemplateScope {
  std::string workspace, infra;
  TemplateHost host;
  std::vector<std::pair<std::string, std::string>> params;
  std::vector<std::string> secrets;                        // names of secret parameters
  std::map<std::string, std::vector<TemplateHost>> hosts;  // by task service; an absent one has no hosts
};

// What a secret renders to; the agent replaces it on the host.
std::string secret_placeholder(const std::string& parameter);

// Whether rendering it looks at TemplateScope::hosts at all; else they need not be there. May say so of one that does
// not.
bool may_name_hosts(std::string_view text);

// `name` is for messages only. Code::invalid names the place and what is wrong.
Result<std::string> render_template(const std::string& name, const std::string& text, const TemplateScope& scope);

struct TagProblem {
  std::size_t line = 0, column = 0;  // from 1; 0: of the template as a whole
  std::string message, hint;
};

// Every tag that rendering could refuse, also those in sections that this scope would pass over; in the order of the
// text. Every `hosts.NAME` is known.
std::vector<TagProblem> check_tags(const std::string& text, const TemplateScope& scope);

std::vector<std::string> hosts_in(const std::string& text);  // NAME of each `hosts.NAME`, once

}  // namespace prov::templates
