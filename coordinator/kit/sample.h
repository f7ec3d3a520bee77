#pragma once
// What a template of an extension would be rendered with on some host: its defaults, and values made up from the types
// where there are none.
#include <string>
#include <utility>
#include <vector>

#include "common/result.h"
#include "coordinator/modules/manifest.h"
#include "coordinator/templates/template.h"

namespace prov::kit {

// `given`: values of parameters as a command line has them, a list with spaces between its items. Code::invalid: no
// parameter of that name, or not a value of its type.
Result<templates::TemplateScope> sample_scope(const workspace::Manifest& manifest,
                                              const std::vector<std::pair<std::string, std::string>>& given = {});

// Two hosts for each `hosts.NAME` of the text.
void add_sample_hosts(templates::TemplateScope& scope, const std::string& text);

}  // namespace prov::kit
