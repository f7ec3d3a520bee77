#include "coordinator/workspace/extension.h"
#include "common/nearest.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "coordinator/workspace/fields.h"

namespace prov::workspace {
namespace fs = std::filesystem;
namespace {

constexpr int kLevelsAboveProgram = 5;

std::vector<std::string> read_names(Reading& reading, Fields& fields, const char* key) {
  std::vector<std::string> names = fields.texts(key);
  const Node* node = fields.find(key);
  for (std::size_t i = 0; i < names.size() && !reading.failed(); ++i) {
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
  static const std::vector<std::string> kTypes{"string", "int", "bool", "list", "secret"};
  const std::string text = reading.text(node, "\"type\"");
  const auto found = std::find(kTypes.begin(), kTypes.end(), text);
  if (found == kTypes.end()) {
    reading.refuse(node.place, "there is no parameter type \"" + text + "\"", did_you_mean(text, kTypes));
    return ParamType::string;
  }
  return static_cast<ParamType>(found - kTypes.begin());
}

void check_default(Reading& reading, const Parameter& parameter) {
  const Node& node = parameter.default_value;
  switch (parameter.type) {
    case ParamType::string: reading.text(node, "\"default\""); return;
    case ParamType::integer: reading.integer(node, "\"default\"", INT64_MIN, INT64_MAX); return;
    case ParamType::boolean: reading.boolean(node, "\"default\""); return;
    case ParamType::list: reading.texts(node, "\"default\""); return;
    case ParamType::secret:
      reading.refuse(node.place, "a secret cannot have a default", "the settings name it: {secret: NAME}");
      return;
  }
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
  if (!reading.failed()) parameter.type = read_type(reading, type);
  parameter.description = fields.text("description");
  fields.find("default");  // known; an empty text is a value too, so it is taken from the node itself
  if (const Node* value = node.find("default"); value != nullptr && value->kind != Node::Kind::null) {
    parameter.has_default = true;
    parameter.default_value = *value;
    check_default(reading, parameter);
  }
  fields.end();
  return parameter;
}

void read_relations(Reading& reading, Fields& fields, Manifest& manifest) {
  manifest.requires_ = read_names(reading, fields, "requires");
  manifest.optional = read_names(reading, fields, "optional");
  manifest.conflicts = read_names(reading, fields, "conflicts");
  const auto names_itself = [&](const std::vector<std::string>& names, const char* key) {
    if (std::count(names.begin(), names.end(), manifest.name) == 0) return;
    reading.refuse(fields.place(key), "\"" + manifest.name + "\" names itself in \"" + key + "\"");
  };
  names_itself(manifest.requires_, "requires");
  names_itself(manifest.optional, "optional");
  names_itself(manifest.conflicts, "conflicts");
  for (const auto& name : manifest.requires_) {
    if (std::count(manifest.conflicts.begin(), manifest.conflicts.end(), name) == 0) continue;
    reading.refuse(fields.place("conflicts"), "it both requires \"" + name + "\" and conflicts with it");
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

void read_kind(Reading& reading, Fields& fields, Manifest& manifest) {
  static const std::vector<std::string> kKinds{"provider", "taskserv", "cluster"};
  const Node& node = fields.need("kind");
  if (reading.failed()) return;
  const std::string text = reading.text(node, "\"kind\"");
  const auto found = std::find(kKinds.begin(), kKinds.end(), text);
  if (found == kKinds.end()) {
    reading.refuse(node.place, "there is no kind \"" + text + "\"", did_you_mean(text, kKinds));
    return;
  }
  manifest.kind = static_cast<ExtensionKind>(found - kKinds.begin());
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
  read_kind(reading, fields, manifest);
  manifest.version = fields.need_text("version");
  if (!is_version(manifest.version)) {
    reading.refuse(fields.place("version"),
                   "\"version\" must be a semantic version, it is \"" + manifest.version + "\"", "e.g. 1.0.0");
  }
  manifest.description = fields.text("description");
  manifest.licence = fields.text("licence");
  read_relations(reading, fields, manifest);
  manifest.retry_safe = fields.boolean("retry_safe", false);
  manifest.timeout_s = static_cast<std::uint32_t>(fields.integer("timeout_s", 600, 1, kMaxTimeoutS));
  read_ports(reading, fields, manifest);
  if (manifest.kind == ExtensionKind::provider) manifest.runtimes = read_names(reading, fields, "runtimes");
  if (const Node* parameters = fields.find("parameters")) {
    if (parameters->kind != Node::Kind::map) reading.refuse(parameters->place, "\"parameters\" must be a mapping");
    for (std::size_t i = 0; i < parameters->keys.size(); ++i) {
      manifest.parameters.push_back(read_parameter(reading, parameters->keys[i], parameters->items[i]));
    }
  }
  fields.end();
  if (reading.failed()) return tl::unexpected(reading.error());
  return manifest;
}

ExtensionFinder::ExtensionFinder(std::vector<Layer> layers) : layers_(std::move(layers)) {}

Result<Extension> ExtensionFinder::find(ExtensionKind kind, const std::string& name) const {
  std::string looked_in;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const std::string parent = layers_[i].folder + "/" + name_of(kind) + "s";
    looked_in += (looked_in.empty() ? "" : ", ") + parent;
    if (!is_name(name)) continue;
    const std::string folder = parent + "/" + name, file = folder + "/manifest.yaml";
    auto tree = load_yaml(file);
    if (!tree && tree.error().code == Code::not_found) continue;
    if (!tree) return tl::unexpected(tree.error());
    auto manifest = parse_manifest(*tree, file);
    if (!manifest) return tl::unexpected(manifest.error());
    if (manifest->name != name || manifest->kind != kind) {
      return fail(Code::invalid, file + ": it says \"" + manifest->name + "\" (" + name_of(manifest->kind) +
                                     "), its folder says \"" + name + "\" (" + name_of(kind) + ")");
    }
    Extension extension{std::move(*manifest), folder, layers_[i].name, {}};
    for (std::size_t j = i; j < layers_.size() && extension.library_folder.empty(); ++j) {
      std::error_code none;
      if (fs::is_directory(layers_[j].folder + "/lib", none)) extension.library_folder = layers_[j].folder + "/lib";
    }
    return extension;
  }
  return fail(Code::not_found,
              std::string("there is no ") + name_of(kind) + " \"" + name + "\" in " +
                  (looked_in.empty() ? "any folder (no extensions folder was found)" : looked_in),
              did_you_mean(name, names(kind)));
}

std::vector<std::string> ExtensionFinder::names(ExtensionKind kind) const {
  std::set<std::string> found;
  for (const auto& layer : layers_) {
    std::error_code none;
    fs::directory_iterator folder(layer.folder + "/" + name_of(kind) + "s", none), end;
    for (; !none && folder != end; folder.increment(none)) {
      const std::string name = folder->path().filename().string();
      std::error_code ignored;
      if (is_name(name) && fs::is_regular_file(folder->path() / "manifest.yaml", ignored)) found.insert(name);
    }
  }
  return {found.begin(), found.end()};
}

std::string core_extensions_folder(const std::string& override_folder, const std::string& program_folder) {
  if (!override_folder.empty()) return override_folder;
  fs::path folder = program_folder;
  for (int level = 0; level < kLevelsAboveProgram; ++level) {
    for (const char* candidate : {"share/provisioning/extensions", "extensions"}) {
      std::error_code none;
      if (fs::is_directory(folder / candidate / "taskservs", none)) return (folder / candidate).string();
    }
    if (!folder.has_parent_path() || folder.parent_path() == folder) break;
    folder = folder.parent_path();
  }
  return {};
}

}  // namespace prov::workspace
