// Settings: what holds, where it comes from, what it means.
#include <algorithm>

#include "common/json/json.h"
#include "common/nearest.h"
#include "coordinator/cli/context.h"
#include "coordinator/cli/verbs/config_settings.h"
#include "coordinator/cli/verbs/verbs.h"
#include "coordinator/cli/views/render.h"
#include "coordinator/config/documents.h"
#include "coordinator/config/places.h"

namespace prov::cli {

using nlohmann::json;

namespace {

json number_or_text(const std::string& text) {
  const json number = json::parse(text, nullptr, false);
  return number.is_discarded() ? json(text) : number;
}

json value_json(const config::Key& key, const config::Value& value) {
  switch (key.type) {
    case config::Type::text_list: return value.items;
    case config::Type::integer_list: {
      json out = json::array();
      for (const auto& item : value.items) out.push_back(number_or_text(item));
      return out;
    }
    case config::Type::integer:
    case config::Type::boolean: return number_or_text(value.text);
    default: return value.text;
  }
}

json origin_json(const config::Origin& origin) {
  json out{{"layer", config::name_of(origin.layer)}, {"source", origin.source}, {"at", text_of(origin)}};
  if (origin.place.line > 0) {
    out["line"] = origin.place.line;
    out["column"] = origin.place.column;
  }
  return out;
}

std::string origin_text(const config::Origin& origin) {
  return std::string(config::name_of(origin.layer)) + "  " + text_of(origin);
}

// What an argument asks for: a setting, a section, or (empty) everything.
bool is_asked(const std::string& asked, const std::string& key) {
  return asked.empty() || key == asked || (key.size() > asked.size() && key.rfind(asked + ".", 0) == 0);
}

Result<void> check_asked(const std::string& asked) {
  if (asked.empty() || config::find_key(asked) != nullptr || config::is_section(asked)) return {};
  return tl::unexpected(not_found_setting(asked));
}

json settings_json(const config::Config& all, const std::string& asked, bool with_origin) {
  json out = json::object();
  for (const auto& [name, setting] : all.all()) {
    if (!is_asked(asked, name)) continue;
    const json value = value_json(*config::find_key(name), setting.value);
    if (with_origin) {
      out[name] = {{"value", value}, {"origin", origin_json(setting.origin())}};
    } else {
      const std::size_t dot = name.rfind('.');
      out[name.substr(0, dot)][name.substr(dot + 1)] = value;
    }
  }
  return out;
}

std::string settings_table(const config::Config& all, const std::string& asked, bool with_origin,
                           const Console& console) {
  std::vector<std::string> titles{"KEY", "VALUE"};
  if (with_origin) titles.insert(titles.end(), {"LAYER", "FROM"});
  Table table(titles);
  for (const auto& [name, setting] : all.all()) {
    if (!is_asked(asked, name)) continue;
    const auto& origin = setting.origin();
    const Colour colour = origin.layer == config::Layer::defaults ? Colour::dim : Colour::plain;
    std::vector<Cell> row{{name}, {shown(*config::find_key(name), setting.value), colour}};
    if (with_origin) row.insert(row.end(), {{std::string(config::name_of(origin.layer))}, {text_of(origin)}});
    table.add(std::move(row));
  }
  return table.text(console);
}

void warn(Context& context, const config::Config& all) {
  for (const auto& warning : all.warnings()) context.console.warn("warning: " + one_line(warning));
}

std::string what_it_can_be(const config::Key& key) {
  return config::expected(key) + (key.unit.empty() ? "" : ", " + std::string(key.unit));
}

std::string where_it_can_stand(const config::Key& key) {
  std::string out;
  for (const auto layer : config::kLayers) {
    if (may_stand_in(key, layer)) out += (out.empty() ? "" : ", ") + std::string(config::name_of(layer));
  }
  return out;
}

json explained(const std::string& name, const config::Key& key, const config::Setting* setting) {
  json claims = json::array();
  if (setting != nullptr) {
    for (const auto& claim : setting->claims) {
      claims.push_back({{"value", value_json(key, claim.value)}, {"origin", origin_json(claim.origin)}});
    }
  }
  json layers = json::array();
  for (const auto layer : config::kLayers) {
    if (may_stand_in(key, layer)) layers.push_back(config::name_of(layer));
  }
  return {{"key", name},
          {"help", key.help},
          {"type", config::expected(key)},
          {"unit", key.unit},
          {"default", key.otherwise.empty() ? json() : json(key.otherwise)},
          {"variable", config::variable_of(name)},
          {"layers", layers},
          {"value", setting == nullptr ? json() : value_json(key, setting->value)},
          {"claims", claims}};
}

std::string explained_text(const std::string& name, const config::Key& key, const config::Setting* setting) {
  std::vector<std::pair<std::string, std::string>> facts{
      {name, std::string(key.help)},
      {"can be", what_it_can_be(key)},
      {"default", key.otherwise.empty() ? "none" : std::string(key.otherwise)},
      {"can stand in", where_it_can_stand(key)}};
  if (may_stand_in(key, config::Layer::variable)) {
    facts.emplace_back("variable",
                       config::variable_of(name) + (key.variable.empty() ? "" : ", " + std::string(key.variable)));
  }
  facts.emplace_back("holds now", setting == nullptr ? "nothing" : shown(key, setting->value));
  std::string out = facts_text(facts);
  if (setting == nullptr) return out;
  out += "\nSaid by, weakest first:\n";
  for (const auto& claim : setting->claims) {
    out += "  " + one_line(shown(key, claim.value)) + "  (" + origin_text(claim.origin) + ")\n";
  }
  return out;
}

std::string facts_page() {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const auto& [name, meaning] : config::fact_names()) rows.emplace_back("{{" + std::string(name) + "}}", meaning);
  return "Names that can be put into a value of a file, beside those of settings:\n\n" + facts_text(rows);
}

json sources_json(const config::Config& all) {
  json out = json::array();
  for (const auto& source : all.sources()) {
    out.push_back({{"layer", config::name_of(source.layer)}, {"file", source.file}, {"there", source.there}});
  }
  return out;
}

// --infra names one that is there.
Result<void> check_infra(Context& context) {
  auto found = context.found_workspace();
  if (!found) return tl::unexpected(found.error());
  const std::string name = context.call.value("infra");
  const auto all = config::infras_of(found->root);
  if (std::find(all.begin(), all.end(), name) != all.end()) return {};
  return fail(Code::not_found, "the workspace has no infra \"" + name + "\"", did_you_mean(name, all));
}

}  // namespace

Error not_found_setting(const std::string& key) {
  const Error error = config::unknown_key(key);
  return {Code::not_found, error.message, error.hint};
}

Result<const config::Config*> settings_in_question(Context& context) {
  if (context.call.has("workspace") || !context.world.env("PROVISIONING_WORKSPACE").empty()) {
    if (auto found = context.found_workspace(); !found) return tl::unexpected(found.error());
  }
  auto all = context.settings();
  if (!all) return all;
  if (context.call.has("infra")) {
    if (auto there = check_infra(context); !there) return tl::unexpected(there.error());
  }
  warn(context, **all);
  return all;
}

Result<Exit> config_show(Context& context) {
  const std::string asked = context.call.args.empty() ? "" : context.call.args[0];
  if (auto known = check_asked(asked); !known) return tl::unexpected(known.error());
  auto all = settings_in_question(context);
  if (!all) return tl::unexpected(all.error());
  const bool with_origin = context.call.has("origin");
  context.print(settings_json(**all, asked, with_origin),
                [&] { return settings_table(**all, asked, with_origin, context.console); });
  return Exit::ok;
}

Result<Exit> config_get(Context& context) {
  const std::string& name = context.call.args[0];
  const config::Key* key = config::find_key(name);
  if (key == nullptr) return tl::unexpected(not_found_setting(name));
  auto all = settings_in_question(context);
  if (!all) return tl::unexpected(all.error());
  const config::Setting* setting = (*all)->find(name);
  if (setting == nullptr) {
    return fail(Code::not_found, "\"" + name + "\" has no value", "provisioning config set " + name + " VALUE");
  }
  context.print(value_json(*key, setting->value), [&] {
    std::string text;
    for (const auto& item : setting->value.items) text += item + "\n";
    return is_list(key->type) ? text : setting->value.text + "\n";
  });
  return Exit::ok;
}

Result<Exit> config_validate(Context& context) {
  auto all = settings_in_question(context);
  if (!all) return tl::unexpected(all.error());
  const auto& sources = (*all)->sources();
  context.print({{"valid", true}, {"files", sources_json(**all)}, {"warnings", (*all)->warnings()}}, [&] {
    Table table({"LAYER", "FILE", ""});
    for (const auto& source : sources) {
      table.add(
          {{std::string(config::name_of(source.layer))}, {source.file}, {source.there ? "is right" : "is not there"}});
    }
    return table.text(context.console);
  });
  return Exit::ok;
}

Result<Exit> config_explain(Context& context) {
  const std::string& name = context.call.args[0];
  if (name == "facts") {
    json document = json::object();
    for (const auto& [fact, meaning] : config::fact_names()) document[std::string(fact)] = meaning;
    context.print(document, facts_page);
    return Exit::ok;
  }
  const config::Key* key = config::find_key(name);
  if (key == nullptr) return tl::unexpected(not_found_setting(name));
  auto all = settings_in_question(context);
  if (!all) return tl::unexpected(all.error());
  const config::Setting* setting = (*all)->find(name);
  context.print(explained(name, *key, setting), [&] { return explained_text(name, *key, setting); });
  return Exit::ok;
}

}  // namespace prov::cli
