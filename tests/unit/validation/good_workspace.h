#pragma once
// A small workspace in which nothing is wrong, with a home and extensions beside it.
#include <string>

#include "coordinator/validation/validate.h"
#include "tests/unit/workspace/temp_folder.h"

namespace prov::test {

struct NoKcl final : workspace::SettingsEvaluator {
  Result<std::string> evaluate(const std::string&) const override { return fail(Code::unsupported, "there is no kcl"); }
};

class GoodWorkspace {
 public:
  GoodWorkspace() {
    folder.write("core/providers/local/manifest.yaml", "name: local\nkind: provider\nversion: 1.0.0\n");
    folder.write("core/providers/zoned/manifest.yaml",
                 "name: zoned\nkind: provider\nversion: 1.0.0\nparameters: {zone: {type: string, default: here}}\n");
    folder.write("core/taskservs/web/manifest.yaml",
                 "name: web\nkind: taskserv\nversion: 1.0.0\nparameters: {port: {type: int, default: 80}}\n");
    folder.write("core/taskservs/db/manifest.yaml",
                 "name: db\nkind: taskserv\nversion: 1.0.0\nparameters:\n  port: {type: int, default: 1}\n"
                 "  password: {type: secret}\n");
    folder.write("ws/config/provisioning.yaml", "workspace: {name: demo, default_infra: demo}\n");
    folder.write("ws/infra/demo/settings.yaml",
                 "settings: {name: demo, provider: local}\nservers:\n  - {hostname: web-1, taskservs: [web]}\n");
    request.root = folder / "ws";
    request.home = request.settings.home = folder / "home";
    request.core = folder / "core";
    request.settings.workspace_root = request.root;
    request.settings.cwd = folder.path();
    request.settings.variable = [](const std::string&) { return std::string(); };
  }

  validation::Report validate() const { return validation::validate_workspace(request, kcl); }
  validation::Report validate(const std::string& below) const {
    validation::Report report;
    validation::validate_file(request, folder / below, kcl, report);
    report.finish();
    return report;
  }

  TempFolder folder;
  validation::Request request;
  NoKcl kcl;
};

inline std::string all_of(const validation::Report& report) {
  std::string out;
  for (const auto& one : report.findings())
    out += text_of(one) + (one.hint.empty() ? "" : " [" + one.hint + "]") + "\n";
  return out;
}

inline bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace prov::test
