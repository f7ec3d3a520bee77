// The JSON Schemas of what one writes, for editors.

#include "common/json/json.h"
#include "common/nearest.h"
#include "coordinator/cli/context.h"
#include "coordinator/cli/verbs/verbs.h"
#include "coordinator/cli/views/render.h"
#include "coordinator/schemas/schemas.h"

namespace prov::cli {

using nlohmann::json;

Result<Exit> schema_list(Context& context) {
  json items = json::array();
  Table table({"SCHEMA", "OF", "MEANING"});
  for (const auto& one : schemas::schemas()) {
    items.push_back({{"name", one.name}, {"files", one.files}, {"help", one.help}});
    table.add({{std::string(one.name), Colour::bold}, {std::string(one.files)}, {std::string(one.help)}});
  }
  context.print({{"items", items}, {"total", items.size()}}, [&] { return table.text(context.console); });
  return Exit::ok;
}

// It is JSON in every form of the result but YAML.
Result<Exit> schema_show(Context& context) {
  const std::string& name = context.call.args[0];
  const auto* schema = schemas::find_schema(name);
  if (schema == nullptr) {
    std::vector<std::string> names;
    for (const auto& one : schemas::schemas()) names.emplace_back(one.name);
    std::string hint = did_you_mean(name, names);
    if (hint.empty()) hint = "provisioning schema list";
    return fail(Code::not_found, "there is no schema \"" + name + "\"", std::move(hint));
  }
  if (context.format() != Format::yaml) {
    context.console.result(std::string(schema->text));
    return Exit::ok;
  }
  context.print(json::parse(schema->text), [&] { return std::string(schema->text); });
  return Exit::ok;
}

}  // namespace prov::cli
