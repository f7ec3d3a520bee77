// `workspace init`: a working tree that says in its comments what to write where. What it makes passes `validate
// --all`.
#include <filesystem>

#include "common/json/json.h"
#include "coordinator/cli/verbs/verbs.h"
#include "coordinator/cli/verbs/workspaces.h"

namespace prov::cli {
namespace fs = std::filesystem;

namespace {

struct Wanted {
  std::string name, root, infra, provider;
  bool named = false;  // the operator said the name
};

std::string workspace_text(const Wanted& wanted) {
  return "# The workspace \"" + wanted.name +
         "\": what it is called, and settings for everybody who works with it.\n"
         "# What can stand here: provisioning config explain KEY. Is all of it right: provisioning validate --all\n"
         "workspace:\n  format: 1\n  name: " +
         wanted.name + "\n  version: 0.1.0\n  default_infra: " + wanted.infra +
         "\n\n"
         "# Settings: config/dev-defaults.toml and its like go before these, infra/NAME/config.toml before those.\n"
         "# limits:\n"
         "#   workflow_parallel: 64\n";
}

std::string environment_text() {
  return "# Settings of the environment \"dev\". Beside it: test-defaults.toml, prod-defaults.toml, as you need them;\n"
         "# PROVISIONING_ENV or --environment say which one is meant.\n"
         "#\n"
         "# [orchestrator]\n"
         "# log_level = \"debug\"\n";
}

std::string infra_text(const Wanted& wanted) {
  return "# The infra \"" + wanted.infra +
         "\": its hosts, and the task services on each of them.\n"
         "# An editor that knows JSON Schema helps: provisioning schema show settings > settings.schema.json\n"
         "settings:\n  name: " +
         wanted.infra + "\n  provider: " + wanted.provider +
         "\n\n"
         "servers: []\n"
         "# servers:\n"
         "#   - hostname: web-1\n"
         "#     plan: small\n"
         "#     labels: {role: web}\n"
         "#     taskservs:\n"
         "#       - name: os\n"
         "#       - name: nginx\n"
         "#         params: {port: 80}\n";
}

std::string batch_text() {
  return "# A batch: operations over many hosts (docs/formats/batch.md). Look first, then do it:\n"
         "#   provisioning batch submit batches/look-around.yaml --check\n"
         "batch_workflow:\n"
         "  name: look-around\n"
         "  operations:\n"
         "    - id: uptime\n"
         "      type: script\n"
         "      targets: all\n"
         "      run: [uptime]\n";
}

std::string ignore_text() {
  return "# What is made again, and what is nobody else's business.\n"
         ".cache/\n.runtime/\ngenerated/\n*.plan\n*.bak\n/secrets/\n";
}

std::string readme_text(const Wanted& wanted) {
  return "# " + wanted.name +
         "\n\n"
         "    config/provisioning.yaml        what the workspace is called, settings\n"
         "    config/ENV-defaults.toml        settings of an environment\n"
         "    infra/NAME/settings.yaml        hosts and the task services on them\n"
         "    infra/NAME/clusters/*.yaml      task services on several hosts that are one thing\n"
         "    batches/*.yaml                  operations over many hosts\n"
         "    extensions/                     providers, task services and clusters of your own\n\n"
         "    provisioning validate --all     is everything right?\n"
         "    provisioning infra create --check\n";
}

Result<void> write_new_file(const std::string& path, const std::string& text) {
  std::error_code none;
  if (fs::exists(path, none)) return {};
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  if (error) return fail(Code::io, "cannot make " + fs::path(path).parent_path().string() + ": " + error.message());
  return workspace::write_file_atomically(path, text, 0644);
}

Result<void> make_workspace(const Wanted& wanted) {
  const std::pair<std::string, std::string> files[] = {
      {"infra/" + wanted.infra + "/settings.yaml", infra_text(wanted)},
      {"config/dev-defaults.toml", environment_text()},
      {"batches/look-around.yaml", batch_text()},
      {"extensions/README.md",
       "Extensions of this workspace: providers/NAME, taskservs/NAME, clusters/NAME. They go before the platform's "
       "own.\n"},
      {"README.md", readme_text(wanted)},
      {".gitignore", ignore_text()},
      {workspace::kWorkspaceFile, workspace_text(wanted)}};  // last: with it the folder is a workspace
  for (const auto& [path, text] : files) {
    if (auto written = write_new_file(wanted.root + "/" + path, text); !written) return written;
  }
  return {};
}

// Of the settings that hold for every workspace: what the one in use says is no business of a new one.
Result<std::string> usual_provider(Context& context) {
  auto request = context.settings_request();
  if (!request) return tl::unexpected(request.error());
  request->workspace_root.clear();
  request->infra.clear();
  auto settings = config::load(*request);
  if (!settings) return tl::unexpected(settings.error());
  return settings->text("providers.default_provider");
}

// Without a name it is the folder where we are, called as that is.
Result<Wanted> wanted_by(Context& context) {
  Wanted out;
  out.named = !context.call.args.empty();
  out.root = folder_given(context, context.call.value("path", out.named ? context.call.args[0] : "."));
  out.name = out.named ? context.call.args[0] : fs::path(out.root).filename().string();
  out.infra = context.call.value("infra", out.name);
  auto known = workspace::load_user_config(context.home);
  if (!known) return tl::unexpected(known.error());
  auto usual = usual_provider(context);
  if (!usual) return tl::unexpected(usual.error());
  const auto preferred = known->preferences.find("preferred_provider");
  out.provider = context.call.value("provider", preferred == known->preferences.end() ? *usual : preferred->second);
  for (const auto& given : {out.name, out.infra, out.provider}) {
    if (workspace::is_name(given)) continue;
    return fail(Code::invalid, "\"" + given + "\" is not a name",
                std::string(workspace::kNameRule) + (out.named ? "; where it stands is said with --path FOLDER"
                                                               : "; say one: provisioning workspace init NAME"));
  }
  if (!context.call.has("provider")) return out;
  if (auto there = known_provider(context, out.root, out.provider); !there) return tl::unexpected(there.error());
  return out;
}

}  // namespace

Result<Exit> workspace_init(Context& context) {
  auto wanted = wanted_by(context);
  if (!wanted) return tl::unexpected(wanted.error());
  std::error_code none;
  const bool there = fs::exists(wanted->root + "/" + workspace::kWorkspaceFile, none);
  if (there) {
    auto existing = workspace::load_workspace(wanted->root);
    if (!existing) return tl::unexpected(existing.error());
    if (existing->name != wanted->name && wanted->named) {
      return fail(Code::conflict, wanted->root + " is the workspace \"" + existing->name + "\" already",
                  "choose another --path");
    }
    wanted->name = existing->name;
  } else if (auto made = make_workspace(*wanted); !made) {
    return tl::unexpected(made.error());
  }
  if (auto kept = remember_workspace(context, wanted->name, wanted->root, context.call.has("activate")); !kept) {
    return tl::unexpected(kept.error());
  }
  context.print({{"name", wanted->name}, {"path", wanted->root}, {"changed", !there}}, [&] {
    return "workspace " + wanted->name + (there ? " is there already: " : ": ") + wanted->root + "\n";
  });
  context.console.say("next: edit " + wanted->root + "/infra/" + wanted->infra +
                      "/settings.yaml, then: provisioning infra create --check");
  return Exit::ok;
}

}  // namespace prov::cli
