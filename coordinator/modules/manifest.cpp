#include "coordinator/modules/manifest.h"

#include <algorithm>

#include "common/nearest.h"
#include "coordinator/modules/relations.h"
#include "coordinator/workspace/attachments.h"

namespace prov::workspace {
namespace {
// Named as the provider's own world names them: "t3.medium", "4 cores".
std::vector<std::string> read_plans(Reading& reading, Fields& fields) {
  std::vector<std::string> plans = fields.texts("plans");
  const Node* node = fields.find("plans");
  for (std::size_t i = 0; i < plans.size(); ++i) {
    if (plans[i].empty()) reading.refuse(node->items[i].place, "a plan has a name");
    if (std::count(plans.begin(), plans.end(), plans[i]) > 1) {
      reading.refuse(node->items[i].place, "\"" + plans[i] + "\" is twice in \"plans\"");
    }
  }
  return plans;
}

std::vector<std::string> read_names(Reading& reading, Fields& fields, const char* key) {
  std::vector<std::string> names = fields.texts(key);
  const Node* node = fields.find(key);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Place place = node->items[i].place;
    if (!is_name(names[i])) {
      reading.refuse(place, "\"" + names[i] + "\" cannot be the name of an extension", std::string(kNameRule));
    }
    if (std::count(names.begin(), names.end(), names[i]) > 1) {
      reading.refuse(place, "\"" + names[i] + "\" is twice in \"" + key + "\"");
    }
  }
  return names;
}

ParamType read_type(Reading& reading, const Node& node) {
  static const std::vector<std::string> kTypes{"string", "int", "bool", "list", "secret", "storages", "networks"};
  const std::string text = reading.text(node, "\"type\"");
  const auto found = std::find(kTypes.begin(), kTypes.end(), text);
  if (found == kTypes.end()) {
    reading.refuse(node.place, "there is no parameter type \"" + text + "\"", did_you_mean(text, kTypes));
    return ParamType::string;
  }
  return static_cast<ParamType>(found - kTypes.begin());
}

Parameter read_parameter(Reading& reading, const Node& key, const Node& node) {
  Parameter parameter;
  parameter.name = key.text;
  if (!is_parameter_name(key.text)) {
    reading.refuse(key.place, "\"" + key.text + "\" cannot be the name of a parameter",
                   "lower-case letters, digits and underscores, beginning with a letter");
  }
  Fields fields(reading, node, "parameter \"" + key.text + "\"");
  const Node& type = fields.need("type");
  const bool typed = type.place.line > 0;
  if (typed) parameter.type = read_type(reading, type);
  parameter.description = fields.text("description");
  parameter.note = fields.text("note");
  fields.find("default");  // known; an empty text is a value too, so it is taken from the node itself
  if (const Node* value = node.find("default"); value != nullptr && value->kind != Node::Kind::null) {
    parameter.has_default = true;
    parameter.default_value = *value;
    if (typed) check_value(reading, parameter, *value, "\"default\"");
  }
  fields.end();
  return parameter;
}

void read_all_relations(Reading& reading, Fields& fields, Manifest& manifest) {
  manifest.requires_ = read_relations(reading, fields, "requires");
  manifest.optional = read_relations(reading, fields, "optional");
  manifest.conflicts = read_relations(reading, fields, "conflicts");
  const auto has = [](const std::vector<Relation>& list, const std::string& name) {
    return std::any_of(list.begin(), list.end(), [&](const Relation& one) { return one.package == name; });
  };
  const auto names_itself = [&](const std::vector<Relation>& list, const char* key) {
    if (!has(list, manifest.name)) return;
    reading.refuse(fields.place(key), "\"" + manifest.name + "\" names itself in \"" + key + "\"");
  };
  names_itself(manifest.requires_, "requires");
  names_itself(manifest.optional, "optional");
  names_itself(manifest.conflicts, "conflicts");
  for (const auto& one : manifest.requires_) {
    const auto against = std::find_if(manifest.conflicts.begin(), manifest.conflicts.end(),
                                      [&](const Relation& other) { return other.package == one.package; });
    if (against == manifest.conflicts.end() || !(one.range & ~against->range).is_none()) continue;
    reading.refuse(fields.place("conflicts"), "it both requires \"" + one.package + "\" and conflicts with it");
  }
}

void read_ports(Reading& reading, Fields& fields, Manifest& manifest) {
  const Node* node = fields.find("ports");
  if (node == nullptr) return;
  if (node->kind != Node::Kind::list) reading.refuse(node->place, "\"ports\" must be a list of numbers");
  for (const auto& item : node->items) {
    manifest.ports.push_back(static_cast<std::uint16_t>(reading.integer(item, "a port", 1, 65535)));
  }
}

Params read_profile_params(Reading& reading, const Manifest& manifest, const Node& node) {
  Params params;
  if (node.kind != Node::Kind::map) reading.refuse(node.place, "\"params\" must be a mapping");
  std::vector<std::string> known;
  for (const auto& parameter : manifest.parameters) known.push_back(parameter.name);
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    const Node& key = node.keys[i];
    const Parameter* parameter = manifest.find_parameter(key.text);
    if (parameter == nullptr) {
      reading.refuse(key.place, "there is no parameter \"" + key.text + "\"", did_you_mean(key.text, known));
    } else {
      check_value(reading, *parameter, node.items[i], "\"" + key.text + "\"");
    }
    params.emplace_back(key, node.items[i]);
  }
  return params;
}

std::vector<std::string> read_words(Reading& reading, Fields& fields, const char* key, const char* rule) {
  std::vector<std::string> words = fields.texts(key);
  const Node* node = fields.find(key);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool plain =
        !words[i].empty() && words[i].find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") == std::string::npos;
    if (!plain) reading.refuse(node->items[i].place, "\"" + words[i] + "\" cannot be in \"" + key + "\"", rule);
  }
  return words;
}

void read_supported(Reading& reading, Fields& fields, Manifest& manifest) {
  manifest.interpreters = read_words(reading, fields, "interpreters", "e.g. [bash, python3]");
  const Node* node = fields.find("supported");
  if (node == nullptr) return;
  Fields supported(reading, *node, "\"supported\"");
  manifest.os = read_words(reading, supported, "os", "e.g. [debian-12]");
  manifest.arch = read_words(reading, supported, "arch", "e.g. [amd64, arm64]");
  supported.end();
}

void read_health_check(Reading& reading, Fields& fields, HealthCheck& check) {
  const Node* node = fields.find("health_check");
  if (node == nullptr) return;
  Fields own(reading, *node, "\"health_check\"");
  check.port = static_cast<std::uint16_t>(own.integer("port", 0, 1, 65535));
  check.http_path = own.text("http_path");
  check.command = own.text("command");
  check.interval_s = static_cast<std::uint32_t>(own.integer("interval_s", check.interval_s, 1, kMaxTimeoutS));
  check.timeout_s = static_cast<std::uint32_t>(own.integer("timeout_s", check.timeout_s, 1, kMaxTimeoutS));
  check.retries = static_cast<std::uint32_t>(own.integer("retries", check.retries, 0, 1000));
  own.end();
  if ((check.port == 0) == check.command.empty()) {
    reading.refuse(node->place, "\"health_check\" needs one of \"port\" and \"command\"");
  }
  if (!check.http_path.empty() && (check.http_path[0] != '/' || check.port == 0)) {
    reading.refuse(own.place("http_path"), "\"http_path\" begins with / and goes with a \"port\"");
  }
}

void read_resources(Reading& reading, Fields& fields, Resources& resources) {
  constexpr std::int64_t kMost = 1'000'000'000;
  const Node* node = fields.find("resources");
  if (node == nullptr) return;
  Fields own(reading, *node, "\"resources\"");
  resources.cpus = static_cast<std::uint32_t>(own.integer("cpus", 0, 1, 10'000));
  resources.memory_mb = static_cast<std::uint64_t>(own.integer("memory_mb", 0, 1, kMost));
  resources.disk_mb = static_cast<std::uint64_t>(own.integer("disk_mb", 0, 1, kMost));
  own.end();
}

void read_profiles(Reading& reading, Fields& fields, Manifest& manifest) {
  const Node* node = fields.find("profiles");
  if (node == nullptr) return;
  if (node->kind != Node::Kind::map) return reading.refuse(node->place, "\"profiles\" must be a mapping");
  for (std::size_t i = 0; i < node->keys.size(); ++i) {
    Profile profile{node->keys[i].text, {}, {}};
    if (!is_name(profile.name)) {
      reading.refuse(node->keys[i].place, "\"" + profile.name + "\" cannot be the name of a profile",
                     std::string(kNameRule));
    }
    Fields own(reading, node->items[i], "profile \"" + profile.name + "\"");
    profile.description = own.text("description");
    if (const Node* params = own.find("params")) profile.params = read_profile_params(reading, manifest, *params);
    own.end();
    manifest.profiles.push_back(std::move(profile));
  }
}

bool read_kind(Reading& reading, Fields& fields, Manifest& manifest) {
  static const std::vector<std::string> kKinds{"provider", "taskserv", "cluster"};
  const Node& node = fields.need("kind");
  if (node.place.line == 0) return false;  // it is not there, which was said
  const std::string text = reading.text(node, "\"kind\"");
  const auto found = std::find(kKinds.begin(), kKinds.end(), text);
  if (found == kKinds.end()) {
    reading.refuse(node.place, "there is no kind \"" + text + "\"", did_you_mean(text, kKinds));
    return false;
  }
  manifest.kind = static_cast<ExtensionKind>(found - kKinds.begin());
  return true;
}

}  // namespace

const char* name_of(ExtensionKind kind) {
  switch (kind) {
    case ExtensionKind::provider: return "provider";
    case ExtensionKind::taskserv: return "taskserv";
    case ExtensionKind::cluster: return "cluster";
  }
  return "";
}

const char* name_of(ParamType type) {
  switch (type) {
    case ParamType::string: return "string";
    case ParamType::integer: return "int";
    case ParamType::boolean: return "bool";
    case ParamType::list: return "list";
    case ParamType::secret: return "secret";
    case ParamType::storages: return "storages";
    case ParamType::networks: return "networks";
  }
  return "";
}

Result<Manifest> parse_manifest(const Node& tree, const std::string& file) {
  Reading reading(file);
  Fields fields(reading, tree, "the manifest");
  Manifest manifest;
  manifest.name = fields.need_text("name");
  if (!is_name(manifest.name))
    reading.refuse(fields.place("name"), "\"name\" is not a name: " + manifest.name, std::string(kNameRule));
  const bool has_kind = read_kind(reading, fields, manifest);
  manifest.version = fields.need_text("version");
  if (!is_version(manifest.version)) {
    reading.refuse(fields.place("version"),
                   "\"version\" must be a semantic version, it is \"" + manifest.version + "\"", "e.g. 1.0.0");
  }
  manifest.description = fields.text("description");
  manifest.licence = fields.text("licence");
  read_all_relations(reading, fields, manifest);
  manifest.retry_safe = fields.boolean("retry_safe", false);
  manifest.timeout_s = static_cast<std::uint32_t>(fields.integer("timeout_s", 600, 1, kMaxTimeoutS));
  read_ports(reading, fields, manifest);
  if (!has_kind || manifest.kind == ExtensionKind::provider) {
    manifest.runtimes = read_names(reading, fields, "runtimes");
    manifest.plans = read_plans(reading, fields);
  }
  read_supported(reading, fields, manifest);
  read_health_check(reading, fields, manifest.health_check);
  read_resources(reading, fields, manifest.resources);
  if (const Node* parameters = fields.find("parameters")) {
    if (parameters->kind != Node::Kind::map) reading.refuse(parameters->place, "\"parameters\" must be a mapping");
    for (std::size_t i = 0; i < parameters->keys.size(); ++i) {
      manifest.parameters.push_back(read_parameter(reading, parameters->keys[i], parameters->items[i]));
      const Parameter& one = manifest.parameters.back();
      const bool of_server = one.type == ParamType::storages || one.type == ParamType::networks;
      if (of_server && has_kind && (manifest.kind != ExtensionKind::provider || one.name != name_of(one.type))) {
        reading.refuse(parameters->keys[i].place,
                       std::string("\"") + name_of(one.type) + "\" is the type of a provider's parameter of that name");
      }
    }
  }
  read_profiles(reading, fields, manifest);
  fields.end();
  if (reading.failed()) return tl::unexpected(reading.error());
  return manifest;
}

void check_value(Reading& reading, const Parameter& parameter, const Node& node, const std::string& what) {
  switch (parameter.type) {
    case ParamType::string: reading.text(node, what); return;
    case ParamType::integer: reading.integer(node, what, INT64_MIN, INT64_MAX); return;
    case ParamType::boolean: reading.boolean(node, what); return;
    case ParamType::list: reading.texts(node, what); return;
    case ParamType::secret:
      reading.refuse(node.place, "a secret cannot have a default", "the settings name it: {secret: NAME}");
      return;
    case ParamType::storages: read_storages(reading, node); return;
    case ParamType::networks: read_networks(reading, node); return;
  }
}

const Parameter* Manifest::find_parameter(const std::string& parameter) const {
  const auto found =
      std::find_if(parameters.begin(), parameters.end(), [&](const auto& one) { return one.name == parameter; });
  return found == parameters.end() ? nullptr : &*found;
}

const Profile* Manifest::find_profile(const std::string& profile) const {
  const auto found =
      std::find_if(profiles.begin(), profiles.end(), [&](const auto& one) { return one.name == profile; });
  return found == profiles.end() ? nullptr : &*found;
}

}  // namespace prov::workspace
