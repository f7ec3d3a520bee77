// Settings: a file of any layer, laid over the defaults and put together; and an edit of it.
#include "coordinator/config/edit.h"
#include "coordinator/config/interpolate.h"
#include "coordinator/workspace/toml_tree.h"
#include "tests/fuzz/targets.h"

namespace prov::fuzz {
namespace {

using config::Layer;

config::Settings put_together(const config::Tree& tree, prov::workspace::Problems& problems) {
  config::Facts facts;
  facts.known["paths.base"] = "/base";
  facts.variable = [](const std::string& name) { return name == "HOME" ? std::string("{{vars.a}}") : std::string(); };
  facts.git_branch = [] { return Result<std::string>("main"); };
  return config::interpolate(tree, facts, problems);
}

// What an edit gives must parse, say the new value, and give itself when it is made again.
void edit(const std::string& text, const std::string& file, config::Form form) {
  const config::Edit one{file, text, "link.port", "9191"};
  const auto edited = config::set_in(one, form);
  if (!edited) {
    expect(!edited.error().message.empty(), "a refusal says why");
    return;
  }
  const auto again = config::set_in({file, *edited, "link.port", "9191"}, form);
  expect(again && *again == *edited, "an edit made twice is an edit made once");
  expect(config::unset_in({file, *edited, "link.port", {}}, form).has_value() || form == config::Form::yaml,
         "what was set can be taken out");
}

}  // namespace

// The first byte chooses form and layer.
void config(std::string_view bytes) {
  if (bytes.empty()) return;
  const auto choice = static_cast<unsigned char>(bytes[0]);
  const bool yaml = (choice & 1) != 0;
  const Layer layer = config::kLayers[1 + (choice >> 1) % 4];
  const std::string text(bytes.substr(1)), file = yaml ? "f.yaml" : "f.toml";
  const auto tree = yaml ? prov::workspace::parse_yaml(text, file) : prov::workspace::parse_toml(text, file);
  if (!tree) {
    expect(!tree.error().message.empty(), "a refusal says why");
    return;
  }
  prov::workspace::Problems problems;
  const config::Tree read = config::read_tree(*tree, file, layer, problems);
  const config::Tree whole = config::merge(config::built_in(), read);
  for (const auto& [name, setting] : put_together(whole, problems)) {
    expect(config::check(*config::find_key(name), setting.value).has_value(), "what holds fits its key");
    expect(setting.origin() == whole.at(name).back().origin, "the origin names the layer that won");
  }
  edit(text, file, yaml ? config::Form::yaml : config::Form::toml);
}

}  // namespace prov::fuzz
