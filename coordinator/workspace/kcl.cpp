#include "coordinator/workspace/kcl.h"

#include <filesystem>

#include "coordinator/workspace/program.h"
#include "coordinator/workspace/toml_tree.h"

namespace prov::workspace {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kShownTalk = 600;

}  // namespace

Result<std::string> KclProgram::evaluate(const std::string& file) const {
  const std::string program = find_program(search_path_, "kcl");
  if (program.empty()) {
    return fail(Code::unsupported, file + ": it is written in KCL, and there is no program kcl on PATH",
                "install kcl, or make settings.yaml of it where kcl is: kcl run settings.k > settings.yaml");
  }
  auto ran = run_program({program, "run", file}, fs::path(file).parent_path().string(), limits_);
  if (!ran) {
    const bool slow = ran.error().code == Code::unavailable;
    return fail(ran.error().code, file + ": " + ran.error().message,
                slow ? "does the file come to an end?" : ran.error().hint);
  }
  if (ran->status == 0) return std::move(ran->said);
  const std::string why = ran->talk.empty() ? "it says nothing" : ran->talk.substr(0, kShownTalk);
  return fail(Code::invalid, file + ": " + program + " ended with " + std::to_string(ran->status) + ": " + why,
              "see for yourself: kcl run " + file);
}

Result<SettingsTree> load_settings_tree(const std::string& file, const SettingsEvaluator& evaluator) {
  const auto form = fs::path(file).extension();
  const bool kcl = form == ".k";
  auto text = kcl ? evaluator.evaluate(file) : read_file(file, kMaxYamlBytes);
  if (!text) return tl::unexpected(text.error());
  const std::string shown = kcl ? file + " (as kcl makes it)" : file;
  auto tree = form == ".toml" ? parse_toml(*text, shown) : parse_yaml(*text, shown);
  if (!tree) return tl::unexpected(tree.error());
  return SettingsTree{std::move(*tree), shown};
}

Result<Infra> load_infra(const Workspace& workspace, const std::string& name, const SettingsEvaluator& evaluator) {
  auto chosen = choose_infra(workspace, name);
  if (!chosen) return tl::unexpected(chosen.error());
  auto file = settings_file(workspace.root, *chosen);
  if (!file) return tl::unexpected(file.error());
  auto settings = load_settings_tree(*file, evaluator);
  if (!settings) return tl::unexpected(settings.error());
  auto infra = parse_infra(settings->tree, settings->file, *chosen);
  if (!infra) return infra;
  infra->file = *file;
  infra->folder = workspace.root + "/infra/" + *chosen;
  return infra;
}

}  // namespace prov::workspace
