// Settings written into the file of a layer, and taken out of it.
#include <algorithm>
#include <filesystem>

#include "common/json/json.h"
#include "common/nearest.h"
#include "coordinator/cli/context.h"
#include "coordinator/cli/verbs/config_settings.h"
#include "coordinator/cli/verbs/verbs.h"
#include "coordinator/cli/verbs/workspaces.h"
#include "coordinator/cli/views/console.h"
#include "coordinator/config/edit.h"
#include "coordinator/config/places.h"
#include "coordinator/workspace/definition.h"

namespace prov::cli {

namespace fs = std::filesystem;

namespace {

struct Destination {
  config::Layer layer;
  std::string file;
};

Result<std::string> root_in_use(Context& context) {
  auto found = context.found_workspace();
  if (!found) return tl::unexpected(found.error());
  return found->root;
}

// By flag; without one, a workspace's own keys go into its file, and all others into the user's.
Result<Destination> destination_of(Context& context, const config::Key& key) {
  const auto& call = context.call;
  if (static_cast<int>(call.has("user")) + static_cast<int>(call.has("infra")) +
          static_cast<int>(call.has("environment")) >
      1) {
    return fail(Code::invalid, "--user, --environment and --infra each name another file", "give one of them");
  }
  const bool of_user = call.has("user") || (!call.has("infra") && !call.has("environment") && !call.has("workspace") &&
                                            key.name.rfind("workspace.", 0) != 0);
  if (of_user) return Destination{config::Layer::user, config::user_file(context.home.root)};
  auto root = root_in_use(context);
  if (!root) return tl::unexpected(root.error());
  for (const char* flag : {"infra", "environment"}) {
    if (call.has(flag) && !workspace::is_name(call.value(flag))) {
      return fail(Code::invalid, std::string("--") + flag + ": \"" + call.value(flag) + "\" is not a name",
                  std::string(workspace::kNameRule));
    }
  }
  if (call.has("environment")) {
    return Destination{config::Layer::environment, config::environment_file(*root, call.value("environment"))};
  }
  if (!call.has("infra")) return Destination{config::Layer::workspace, config::workspace_file(*root)};
  const std::string file = config::infra_file(*root, call.value("infra"));
  std::error_code none;
  if (fs::is_directory(fs::path(file).parent_path(), none)) return Destination{config::Layer::infra, file};
  return fail(Code::not_found, "the workspace has no infra \"" + call.value("infra") + "\"",
              "make the folder " + fs::path(file).parent_path().string());
}

Result<std::string> text_of_file(const std::string& file) {
  auto text = workspace::read_file(file, config::kMaxFile);
  if (!text && text.error().code == Code::not_found) return std::string();
  return text;
}

// What would hold if the file were so; everything that is wrong is told before anything is written.
Result<config::Config> try_out(Context& context, const Destination& to, const std::string& text) {
  auto request = context.settings_request();
  if (!request) return tl::unexpected(request.error());
  request->instead[to.file] = text;
  return config::load(*request);
}

// Of what the file itself says: a stronger layer may say something else, which is no fault of this one.
const config::Setting* said_by(const config::Config& settings, const std::string& name, const Destination& to) {
  const config::Setting* setting = settings.find(name);
  return setting != nullptr && setting->origin().layer == to.layer ? setting : nullptr;
}

Result<workspace::Workspace> workspace_in(const std::string& text, const std::string& file) {
  auto tree = workspace::parse_yaml(text, file);
  if (!tree) return tl::unexpected(tree.error());
  return workspace::parse_workspace(*tree, file);
}

// A workspace stays one, and the same one: hosts in the log and the list of known workspaces go by its name.
Result<void> check_workspace(const std::string& key, const Destination& to, const std::string& before,
                             const std::string& after) {
  if (to.layer != config::Layer::workspace) return {};
  const auto was = workspace_in(before, to.file), is = workspace_in(after, to.file);
  if (!was) return {};  // broken already: whatever mends a part of it is welcome
  if (!is && key == "workspace.name") {
    return fail(Code::invalid, "a workspace needs its \"name\": without it hardly any command works",
                "it stays \"" + was->name + "\"; another workspace is made with: provisioning workspace init NAME");
  }
  if (!is) return tl::unexpected(is.error());
  if (is->name == was->name) return {};
  return fail(Code::invalid,
              "the workspace cannot be renamed: what the coordinator knows of it stands under \"" + was->name + "\"",
              "make another one: provisioning workspace init " + is->name + " --path FOLDER");
}

// What a name means has to be there. What the command line cannot look at (no workspace is in use) it does not judge.
Result<void> check_names(Context& context, const config::Config& settings, const std::string& name,
                         const Destination& to) {
  const config::Setting* setting = said_by(settings, name, to);
  if (setting == nullptr) return {};
  const auto found = context.found_workspace();
  const std::string& value = setting->value.text;
  if (name == "workspace.default_infra" && found) {
    const auto infras = config::infras_of(found->root);
    if (std::find(infras.begin(), infras.end(), value) != infras.end()) return {};
    return fail(Code::not_found, "the workspace has no infra \"" + value + "\"",
                infras.empty() ? "write it first: infra/" + value + "/settings.yaml" : did_you_mean(value, infras));
  }
  if (name == "providers.default_provider") return known_provider(context, found ? found->root : "", value);
  return {};
}

Result<void> write(const Destination& to, const std::string& text) {
  std::error_code none;
  const auto status = fs::status(to.file, none);
  const bool own = to.layer == config::Layer::user;
  const unsigned mode = fs::exists(status) ? static_cast<unsigned>(status.permissions()) & 0777U : own ? 0600U : 0644U;
  const std::string folder = fs::path(to.file).parent_path().string();
  if (own) {
    if (auto made = workspace::make_private_folder(folder); !made) return made;
  }
  std::string real =
      fs::is_symlink(fs::symlink_status(to.file, none)) ? fs::canonical(to.file, none).string() : to.file;
  return workspace::write_file_atomically(real.empty() ? to.file : real, text, mode);
}

// Sections that only the coordinator reads, once.
bool is_read_at_start(const std::string& name) {
  constexpr std::string_view kSections[] = {"orchestrator.", "link.", "log.", "limits."};
  return std::any_of(std::begin(kSections), std::end(kSections), [&](auto one) { return name.starts_with(one); });
}

Result<Exit> finish(Context& context, const std::string& name, const config::Key& key, const Destination& to,
                    const std::string& before, const std::string& after) {
  auto would_hold = try_out(context, to, after);
  if (!would_hold) return tl::unexpected(would_hold.error());
  if (before != after) {
    if (auto fits = check_workspace(name, to, before, after); !fits) return tl::unexpected(fits.error());
    if (auto fits = check_names(context, *would_hold, name, to); !fits) return tl::unexpected(fits.error());
    if (auto written = write(to, after); !written) return tl::unexpected(written.error());
  }
  const config::Setting* setting = would_hold->find(name);
  nlohmann::json holds;
  if (setting != nullptr) holds = {{"value", shown(key, setting->value)}, {"from", text_of(setting->origin())}};
  context.print({{"key", name},
                 {"file", to.file},
                 {"layer", config::name_of(to.layer)},
                 {"changed", before != after},
                 {"holds", holds}},
                [&] {
                  const std::string value = setting == nullptr ? "no value" : one_line(shown(key, setting->value));
                  return to.file + (before == after ? " says so already" : " is written") + "; " + name + " has " +
                         value + "\n";
                });
  if (setting != nullptr && setting->origin().layer > to.layer) {
    context.console.warn("note: " + text_of(setting->origin()) + " is stronger than this file");
  }
  if (before != after && is_read_at_start(name)) {
    context.console.say("a coordinator that runs takes it up at its next start: provisioning platform stop, then " +
                        std::string("provisioning platform start"));
  }
  return Exit::ok;
}

struct SettingTarget {
  const config::Key* key;
  Destination to;
  std::string text;
};

Result<SettingTarget> setting_target_of(Context& context) {
  const std::string& name = context.call.args[0];
  const config::Key* key = config::find_key(name);
  if (key == nullptr || name.back() == '*') return tl::unexpected(not_found_setting(name));
  auto to = destination_of(context, *key);
  if (!to) return tl::unexpected(to.error());
  auto text = text_of_file(to->file);
  if (!text) return tl::unexpected(text.error());
  return SettingTarget{key, std::move(*to), std::move(*text)};
}

}  // namespace

Result<Exit> config_set(Context& context) {
  auto target = setting_target_of(context);
  if (!target) return tl::unexpected(target.error());
  const std::string &name = context.call.args[0], &given = context.call.args[1];
  config::Value value;
  if (given.find("{{") != std::string::npos && !is_list(target->key->type)) {
    value.text = given;  // judged when it has been put together
  } else {
    auto read = config::value_of(*target->key, std::string_view(given));
    if (!read) return tl::unexpected(by_name(read.error(), *target->key, name));
    value = std::move(*read);
  }
  const config::Edit edit{target->to.file, target->text, name, toml_of(*target->key, value)};
  auto after = config::set_in(edit, config::form_of(target->to.file));
  if (!after) return tl::unexpected(after.error());
  return finish(context, name, *target->key, target->to, target->text, *after);
}

Result<Exit> config_unset(Context& context) {
  auto target = setting_target_of(context);
  if (!target) return tl::unexpected(target.error());
  const std::string& name = context.call.args[0];
  const config::Edit edit{target->to.file, target->text, name, {}};
  auto after = config::unset_in(edit, config::form_of(target->to.file));
  if (!after) return tl::unexpected(after.error());
  return finish(context, name, *target->key, target->to, target->text, *after);
}

}  // namespace prov::cli
