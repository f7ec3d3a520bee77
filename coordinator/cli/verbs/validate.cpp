// Everything that is wrong, in one pass: of settings, files, infras, or a whole workspace.
#include <algorithm>

#include "common/json/json.h"
#include "coordinator/cli/infra.h"
#include "coordinator/cli/verbs/documents.h"
#include "coordinator/cli/verbs/findings.h"
#include "coordinator/cli/verbs/verbs.h"
#include "coordinator/cli/verbs/workspaces.h"
#include "coordinator/cli/views/render.h"
#include "coordinator/modules/resolve.h"
#include "coordinator/validation/validate.h"
#include "coordinator/workspace/problems.h"

namespace prov::cli {

using nlohmann::json;
using validation::Report;

namespace {

workspace::KclProgram evaluator_of(const Context& context) { return workspace::KclProgram(context.world.env("PATH")); }

// Settings that cannot be read are among what is told, so nothing here may depend on them.
std::string core_extensions(Context& context) {
  const auto given = context.setting("cli.extensions");
  return workspace::core_extensions_folder(given ? *given : context.world.env("PROVISIONING_EXTENSIONS"),
                                           context.world.program_folder);
}

Result<validation::Request> request_for(Context& context, const std::string& root) {
  auto settings = context.settings_request();
  if (!settings) return tl::unexpected(settings.error());
  validation::Request request;
  request.root = root;
  request.home = context.home.root;
  request.core = core_extensions(context);
  request.settings = std::move(*settings);
  request.settings.workspace_root = root;
  request.manifests = context.manifests();
  return request;
}

std::string report_text(const Report& report, const Console& console) {
  std::string out;
  for (const auto& one : report.findings()) {
    out += console.out_paint(Colour::red, one_line(workspace::text_of(one))) + "\n";
    if (!one.hint.empty()) out += "  hint: " + one_line(one.hint) + "\n";
  }
  const std::size_t count = report.count(), files = report.files().size();
  out += std::to_string(files) + (files == 1 ? " file: " : " files: ");
  out += count == 0 ? "all is right\n" : std::to_string(count) + (count == 1 ? " mistake\n" : " mistakes\n");
  return out;
}

Result<Exit> tell(Context& context, const Report& report) {
  json findings = json::array();
  for (const auto& one : report.findings()) findings.push_back(finding_json(one));
  context.print(
      {{"valid", report.fine()}, {"total", report.count()}, {"findings", findings}, {"files", report.files()}},
      [&] { return report_text(report, context.console); });
  return report.fine() ? Exit::ok : exit_of(report.code());
}

Result<Exit> validate_whole(Context& context, const std::string& root) {
  auto request = request_for(context, root);
  if (!request) return tl::unexpected(request.error());
  return tell(context, validation::validate_workspace(*request, evaluator_of(context)));
}

// The workspace that a file lies in, whichever one is active.
std::string workspace_around(const std::string& file) {
  const auto found = workspace::find_workspace({{}, {}, file.substr(0, std::max<std::size_t>(file.rfind('/'), 1))}, {});
  return found ? found->root : std::string();
}

Result<json> resolved_infra(Context& context, const workspace::Workspace& workspace, const std::string& name) {
  auto infra = load_infra(context, workspace, name);
  if (!infra) return tl::unexpected(infra.error());
  const auto finder = context.extensions(workspace.root, infra->folder);
  if (!finder) return tl::unexpected(finder.error());
  auto servers = workspace::resolve_servers(*infra, *finder, {});
  if (!servers) return tl::unexpected(servers.error());
  auto taskservs = workspace::resolve_taskservs(*infra, *finder, {});
  if (!taskservs) return tl::unexpected(taskservs.error());
  json document = servers_body(*servers);
  document["taskservs"] = std::move(taskservs_body(*taskservs)["taskservs"]);
  return document;
}

std::string order_text(const std::string& name, const json& resolved) {
  const auto counted = [](std::size_t count, const char* what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
  };
  const json& taskservs = child_in(resolved, "taskservs");
  std::string out = name + ": " + counted(child_in(resolved, "servers").size(), "server") + ", " +
                    counted(taskservs.size(), "taskserv") +
                    (taskservs.size() > 1 ? ", in this order:\n"
                     : taskservs.empty()  ? "\n"
                                          : ":\n");
  for (const auto& one : taskservs) out += "  " + text_in(one, "name") + " on " + text_in(one, "server") + "\n";
  return out;
}

// Not only what was met first.
tl::unexpected<Error> every_mistake(Context& context, const std::string& root, const std::vector<std::string>& infras,
                                    const Error& first) {
  auto request = request_for(context, root);
  if (!request) return tl::unexpected(request.error());
  request->infras = infras;
  const Report report = validation::validate_workspace(*request, evaluator_of(context));
  if (report.fine()) return tl::unexpected(first);
  workspace::Problems problems;
  for (const auto& one : report.findings()) problems.add({report.code(), workspace::text_of(one), one.hint});
  return tl::unexpected(problems.error());
}

}  // namespace

Result<Exit> validate(Context& context) {
  if (context.call.has("all")) {
    if (!context.call.args.empty()) return fail(Code::invalid, "name files, or say --all, not both");
    auto found = context.found_workspace();
    if (!found) return tl::unexpected(found.error());
    return validate_whole(context, found->root);
  }
  if (context.call.args.empty()) return config_validate(context);
  Report report;
  for (const auto& given : context.call.args) {
    const std::string file = folder_given(context, given);
    auto request = request_for(context, workspace_around(file));
    if (!request) return tl::unexpected(request.error());
    validation::validate_file(*request, file, evaluator_of(context), report);
  }
  report.finish();
  return tell(context, report);
}

Result<Exit> workspace_validate(Context& context) {
  auto root = workspace_root(context);
  if (!root) return tl::unexpected(root.error());
  return validate_whole(context, *root);
}

Result<Exit> infra_validate(Context& context) {
  auto loaded = context.workspace();
  if (!loaded) return tl::unexpected(loaded.error());
  auto names = workspace::list_infras(*loaded);
  if (!names) return tl::unexpected(names.error());
  if (!context.call.args.empty()) {
    auto chosen = workspace::choose_infra(*loaded, context.call.args[0]);
    if (!chosen) return tl::unexpected(chosen.error());
    names = std::vector{*chosen};
  }
  json documents = json::array();
  std::string text;
  for (const auto& name : *names) {
    auto resolved = resolved_infra(context, *loaded, name);
    if (!resolved) return every_mistake(context, loaded->root, *names, resolved.error());
    text += order_text(name, *resolved);
    documents.push_back(std::move(*resolved));
  }
  context.print({{"items", documents}, {"total", documents.size()}}, [&] { return text; });
  if (names->empty()) {
    context.console.say("workspace \"" + loaded->name + "\" has no infra yet: make " + loaded->root +
                        "/infra/NAME/settings.yaml");
  }
  return Exit::ok;
}

}  // namespace prov::cli
