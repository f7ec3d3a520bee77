#include "coordinator/modules/overlay.h"

#include <algorithm>

#include "common/nearest.h"

namespace prov::workspace {
namespace {

class Laying {
 public:
  Laying(Extension& extension, const Layer& overlay, std::string file)
      : extension_(extension), overlay_(overlay), reading_(std::move(file)) {}

  Result<void> run(const Node& tree) {
    Fields fields(reading_, tree, "the overlay");
    check_version(fields);
    Manifest& manifest = extension_.manifest;
    if (fields.find("timeout_s") != nullptr) {
      const auto value = fields.integer("timeout_s", manifest.timeout_s, 1, kMaxTimeoutS);
      note("timeout_s", std::to_string(value), std::to_string(manifest.timeout_s));
      manifest.timeout_s = static_cast<std::uint32_t>(value);
    }
    if (fields.find("retry_safe") != nullptr) {
      const bool value = fields.boolean("retry_safe", manifest.retry_safe);
      note("retry_safe", value ? "true" : "false", manifest.retry_safe ? "true" : "false");
      manifest.retry_safe = value;
    }
    if (fields.find("description") != nullptr) {
      const std::string value = fields.text("description");
      note("description", value, manifest.description);
      manifest.description = value;
    }
    if (const Node* parameters = fields.find("parameters")) lay_parameters(*parameters);
    fields.end();
    if (reading_.failed()) return tl::unexpected(reading_.error());
    return {};
  }

 private:
  void check_version(Fields& fields) {
    const std::string written = fields.text("for");
    if (written.empty()) return;
    const auto range = resolution::parse_range(written);
    if (!range) return reading_.refuse(fields.place("for"), range.error().message, range.error().hint);
    const Manifest& manifest = extension_.manifest;
    if (range->contains(*resolution::parse_version(manifest.version))) return;
    reading_.refuse(fields.place("for"),
                    "it was written for " + manifest.name + " " + written + ", and lies over " + manifest.version +
                        " (" + extension_.folder + ")",
                    "see whether it fits that version too, and write so behind \"for\"");
  }

  void lay_parameters(const Node& node) {
    if (node.kind != Node::Kind::map) {
      return reading_.refuse(node.place, "\"parameters\" must be a mapping (name: default)");
    }
    auto& parameters = extension_.manifest.parameters;
    std::vector<std::string> known;
    for (const auto& one : parameters) known.push_back(one.name);
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
      const std::string& name = node.keys[i].text;
      const auto found =
          std::find_if(parameters.begin(), parameters.end(), [&](const auto& one) { return one.name == name; });
      if (found == parameters.end()) {
        reading_.refuse(node.keys[i].place, extension_.manifest.name + " has no parameter \"" + name + "\"",
                        did_you_mean(name, known));
        continue;
      }
      check_value(reading_, *found, node.items[i], "\"" + name + "\"");
      note("parameters." + name, shown(node.items[i]), found->has_default ? shown(found->default_value) : "");
      found->has_default = true;
      found->default_value = node.items[i];
    }
  }

  static std::string shown(const Node& node) {
    if (node.kind != Node::Kind::list) return node.text;
    std::string text;
    for (const auto& item : node.items) text += (text.empty() ? "" : ", ") + item.text;
    return "[" + text + "]";
  }

  void note(const std::string& key, const std::string& value, const std::string& before) {
    auto& changed = extension_.changed;
    const auto at = std::lower_bound(changed.begin(), changed.end(), key,
                                     [](const ChangedKey& one, const std::string& wanted) { return one.key < wanted; });
    if (at != changed.end() && at->key == key) {
      *at = {key, value, overlay_.name, reading_.file(), before, at->layer};
    } else {
      changed.insert(at, {key, value, overlay_.name, reading_.file(), before, extension_.layer});
    }
  }

  Extension& extension_;
  const Layer& overlay_;
  Reading reading_;
};

}  // namespace

Result<void> lay_over(Extension& extension, const Layer& overlay) {
  extension.overlays.insert(extension.overlays.begin(), overlay);
  const std::string file = overlay.folder + "/" + kOverlayFile;
  auto tree = load_yaml(file);
  if (!tree && tree.error().code == Code::not_found) return {};
  if (!tree) return tl::unexpected(tree.error());
  return Laying(extension, overlay, file).run(*tree);
}

}  // namespace prov::workspace
