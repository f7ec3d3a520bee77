#pragma once
// An infra written in KCL: settings.k in place of settings.yaml, made into the same document by the program `kcl`,
// which is asked for where it is installed and never needed otherwise.
#include <string>

#include "common/result.h"
#include "coordinator/workspace/definition.h"
#include "coordinator/workspace/program.h"

namespace prov::workspace {

class SettingsEvaluator {
 public:
  virtual ~SettingsEvaluator() = default;
  virtual Result<std::string> evaluate(const std::string& file) const = 0;  // the document as YAML
};

using KclLimits = ProgramLimits;
static_assert(ProgramLimits{}.bytes == kMaxYamlBytes, "what it prints is read as YAML");

// Runs `kcl run FILE` in FILE's folder, without a shell and without input; it and what it started are gone at the end.
// Codes: unsupported (no kcl on the path), unavailable (it did not end in time), exhausted (it prints too much),
// invalid (what it says is wrong with the file), io.
class KclProgram final : public SettingsEvaluator {
 public:
  explicit KclProgram(std::string search_path, KclLimits limits = {})  // as PATH has it: folders with colons between
      : search_path_(std::move(search_path)), limits_(limits) {}
  Result<std::string> evaluate(const std::string& file) const override;

 private:
  std::string search_path_;
  KclLimits limits_;
};

// Which infra is meant: `wanted`, else the workspace's default, else its only one.
Result<std::string> choose_infra(const Workspace& workspace, const std::string& wanted);

// A settings file (settings_file() of definition.h) as a tree, by its end: YAML, TOML, or KCL through `evaluator`.
struct SettingsTree {
  Node tree;
  std::string file;  // as messages name it
};
Result<SettingsTree> load_settings_tree(const std::string& file, const SettingsEvaluator& evaluator);

// As load_infra without one, which has no kcl.
Result<Infra> load_infra(const Workspace& workspace, const std::string& name, const SettingsEvaluator& evaluator);

}  // namespace prov::workspace
