#include "coordinator/config/documents.h"

#include <algorithm>

#include "common/json/json.h"
#include "coordinator/workspace/definition.h"

namespace prov::config {
namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t kWidth = 118;
constexpr std::string_view kCoordinatorSections[] = {"orchestrator", "link", "log", "limits"};

std::string_view section_of(std::string_view name) { return name.substr(0, name.rfind('.')); }
std::string_view last_of(std::string_view name) { return name.substr(name.rfind('.') + 1); }
bool is_open(const Key& key) { return key.name.back() == '*'; }

std::string sentence(std::string_view text) {
  std::string out(text);
  if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 'a' + 'A');
  return out + ".";
}

// As a comment of lines that are not too long.
std::string comment(const std::string& text) {
  std::string out = "#", rest = text;
  std::size_t width = 1;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t to = std::min(text.find(' ', from), text.size());
    if (width + 1 + (to - from) > kWidth) {
      out += "\n#";
      width = 1;
    }
    out += " " + text.substr(from, to - from);
    width += 1 + (to - from);
    from = to + 1;
  }
  return out + "\n";
}

Value default_of(const Key& key) {
  const Tree tree = built_in();
  const auto found = tree.find(key.name);
  return found == tree.end() ? Value{} : found->second.back().value;
}

std::string what_it_can_be(const Key& key) {
  std::string out = key.type == Type::name ? std::string(name_of(key.type)) : expected(key);
  if (!key.unit.empty()) out += ", " + std::string(key.unit);
  return out;
}

std::string layers_of(const Key& key) {
  switch (key.where) {
    case Where::anywhere: return "anywhere";
    case Where::workspace_only: return "`config/provisioning.yaml` alone";
    case Where::before_infra: return "anywhere but in the infra's file, which it chooses";
    case Where::before_its_file: return "anywhere but in the files of an environment and an infra";
  }
  return {};
}

json placeholder_schema() { return {{"type", "string"}, {"pattern", "\\{\\{.+\\}\\}"}}; }

json type_schema(const Key& key) {
  switch (key.type) {
    case Type::text: return {{"type", json::array({"string", "number", "boolean"})}};
    case Type::path: return {{"type", "string"}, {"minLength", 1}};
    case Type::name: return {{"type", "string"}, {"pattern", "^([a-z][a-z0-9-]{0,62}|.*\\{\\{.+\\}\\}.*)$"}};
    case Type::choice: {
      json words = json::array();
      const std::string_view spaced = key.choices;
      for (std::size_t from = 0; from < spaced.size();) {
        const std::size_t to = std::min(spaced.find(' ', from), spaced.size());
        words.push_back(std::string(spaced.substr(from, to - from)));
        from = to + 1;
      }
      return {{"anyOf", json::array({{{"enum", words}}, placeholder_schema()})}};
    }
    case Type::boolean: return {{"anyOf", json::array({{{"type", "boolean"}}, placeholder_schema()})}};
    case Type::integer:
      return {{"anyOf", json::array({{{"type", "integer"}, {"minimum", key.low}, {"maximum", key.high}},
                                     placeholder_schema()})}};
    case Type::text_list:
      return {{"type", "array"}, {"minItems", 1}, {"items", {{"type", "string"}, {"minLength", 1}}}};
    case Type::integer_list:
      return {{"type", "array"},
              {"minItems", 1},
              {"items",
               {{"anyOf", json::array({{{"type", "integer"}, {"minimum", key.low}, {"maximum", key.high}},
                                       placeholder_schema()})}}}};
  }
  return {};
}

json default_json(const Key& key) {
  const Value value = default_of(key);
  if (key.type == Type::text_list) return value.items;
  if (key.type == Type::integer || key.type == Type::boolean) return json::parse(value.text);
  return value.text;
}

json key_schema(const Key& key) {
  json out{{"description", sentence(key.help) + (key.unit.empty() ? "" : " Unit: " + std::string(key.unit) + ".")}};
  if (!key.otherwise.empty()) out["default"] = default_json(key);
  out.update(type_schema(key));
  return out;
}

std::string escaped(std::string_view text) {  // in a table cell
  std::string out;
  for (const char c : text) out += c == '|' ? "\\|" : std::string(1, c);
  return out;
}

std::string reference_of(const Key& key) {
  const std::string name(key.name);
  std::string out = "### `" + name + "`\n\n" + sentence(key.help) + "\n\n| | |\n|---|---|\n";
  out += "| value | " + escaped(what_it_can_be(key)) + " |\n";
  out +=
      "| default | " + (key.otherwise.empty() ? std::string("none") : "`" + shown(key, default_of(key)) + "`") + " |\n";
  out += "| may stand | " + layers_of(key) + " |\n";
  if (may_stand_in(key, Layer::variable)) {
    out += "| variable | `" + (is_open(key) ? "PROVISIONING_VARS_<NAME>" : variable_of(key.name)) + "`";
    if (!key.variable.empty()) out += ", weaker than it `" + std::string(key.variable) + "`";
    out += " |\n| flag | `--set " + (is_open(key) ? std::string("vars.NAME") : name) + "=VALUE`";
    if (!key.flag.empty()) out += ", `--" + std::string(key.flag) + " VALUE`";
    out += " |\n";
  }
  return out + "\n";
}

}  // namespace

std::string defaults_document() {
  std::string out =
      "# Every setting with its default: the weakest of the layers (docs/guides/configuration.md). Change nothing "
      "here:\n"
      "# write what should be different into ~/.provisioning/config.user.toml, or: provisioning config set KEY VALUE.\n"
      "# Made from coordinator/config/keys.cpp.\n";
  std::string section;
  for (const Key& key : keys()) {
    if (is_open(key) || !may_stand_in(key, Layer::defaults)) continue;
    if (const std::string own(section_of(key.name)); own != section) {
      section = own;
      out += "\n" + comment(sentence(section_help(section))) + "[" + section + "]\n";
    }
    out += comment(std::string(key.help) + " (" + what_it_can_be(key) + ")");
    const std::string name(last_of(key.name));
    out += key.otherwise.empty() ? "# " + name + " =\n" : name + " = " + toml_of(key, default_of(key)) + "\n";
  }
  return out;
}

namespace {

json settings_schema() {
  json sections = json::object();
  for (const std::string& section : section_names()) {
    json properties = json::object(), one{{"description", sentence(section_help(section))}, {"type", "object"}};
    for (const Key& key : keys()) {
      if (section_of(key.name) != section) continue;
      if (is_open(key)) {
        one["propertyNames"] = {{"pattern", "^[a-z][a-z0-9_]{0,62}$"}};
        one["additionalProperties"] = key_schema(key);
      } else {
        properties[std::string(last_of(key.name))] = key_schema(key);
      }
    }
    if (!one.contains("additionalProperties")) one["additionalProperties"] = false;
    if (!properties.empty()) one["properties"] = std::move(properties);
    sections[section] = std::move(one);
  }
  return {{"$schema", "http://json-schema.org/draft-07/schema#"},
          {"title", "A file of settings"},
          {"description",
           "Made from coordinator/config/keys.cpp. Which key may stand in which layer, and what holds of two keys "
           "together, is judged by: provisioning config validate."},
          {"type", "object"},
          {"properties", std::move(sections)},
          {"additionalProperties", false}};
}

}  // namespace

std::string schema_document() { return settings_schema().dump(2) + "\n"; }

std::string workspace_schema_document() {
  json document = settings_schema();
  document["title"] = "A workspace";
  document["description"] =
      "config/provisioning.yaml: what a workspace says of itself, and its settings. Made from "
      "coordinator/config/keys.cpp.";
  document["required"] = json::array({"workspace"});
  json& own = document["properties"]["workspace"];
  own["required"] = json::array({"name"});
  own["properties"]["format"]["anyOf"][0]["maximum"] = workspace::kWorkspaceFormat;
  return document.dump(2) + "\n";
}

std::string reference_document() {
  std::string out =
      "# Settings\n\nEvery setting there is, made from `coordinator/config/keys.cpp`. How the layers work, and how a "
      "value is put\ntogether, is in [guides/configuration.md](../guides/configuration.md). `provisioning config "
      "explain "
      "KEY` says the same,\nwith what holds here and now.\n";
  for (const std::string& section : section_names()) {
    out += "\n## " + section + "\n\n" + sentence(section_help(section)) + "\n\n";
    for (const Key& key : keys()) {
      if (section_of(key.name) == section) out += reference_of(key);
    }
    out.pop_back();
  }
  out += "\n## Facts\n\nNames for `{{...}}` that are no settings:\n\n| name | what it stands for |\n|---|---|\n";
  for (const auto& [name, meaning] : fact_names()) {
    out += "| `{{" + std::string(name) + "}}` | " + std::string(meaning) + " |\n";
  }
  return out;
}

bool is_for_coordinator(std::string_view key) {
  return std::find(std::begin(kCoordinatorSections), std::end(kCoordinatorSections), section_of(key)) !=
         std::end(kCoordinatorSections);
}

std::string coordinator_document(const Config& config) {
  std::string out =
      "# Written when the coordinator was started: what its settings were. Changing this changes nothing.\n";
  std::string section;
  for (const Key& key : keys()) {
    const Setting* setting = is_for_coordinator(key.name) ? config.find(key.name) : nullptr;
    if (setting == nullptr) continue;
    if (const std::string own(section_of(key.name)); own != section) {
      section = own;
      out += "\n[" + section + "]\n";
    }
    out += std::string(last_of(key.name)) + " = " + toml_of(key, setting->value) + "\n";
  }
  return out;
}

}  // namespace prov::config
