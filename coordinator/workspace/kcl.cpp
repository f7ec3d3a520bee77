#include "coordinator/workspace/kcl.h"

#include <filesystem>

#include "coordinator/workspace/program.h"

namespace prov::workspace {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kShownTalk = 600;

Result<Infra> infra_in_kcl(const std::string& name, const std::string& folder, const SettingsEvaluator& evaluator) {
  auto text = evaluator.evaluate(folder + "/settings.k");
  if (!text) return tl::unexpected(text.error());
  const std::string file = folder + "/settings.k (as kcl makes it)";
  auto tree = parse_yaml(*text, file);
  if (!tree) return tl::unexpected(tree.error());
  auto infra = parse_infra(*tree, file, name);
  if (infra) {
    infra->file = folder + "/settings.k";
    infra->folder = folder;
  }
  return infra;
}

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

Result<Infra> load_infra(const Workspace& workspace, const std::string& name, const SettingsEvaluator& evaluator) {
  auto chosen = choose_infra(workspace, name);
  if (!chosen) return tl::unexpected(chosen.error());
  const std::string folder = workspace.root + "/infra/" + *chosen;
  std::error_code none;
  if (!fs::exists(folder + "/settings.k", none)) return load_infra(workspace, *chosen);
  if (fs::exists(folder + "/settings.yaml", none)) {
    return fail(Code::invalid, folder + " has both settings.k and settings.yaml, and only one can be right",
                "remove one of them");
  }
  return infra_in_kcl(*chosen, folder, evaluator);
}

}  // namespace prov::workspace
