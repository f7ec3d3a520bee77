#pragma once
// Everything that is wrong with what an operator has written, in one pass. Each file is read by the reader that a
// command would use, so what is right here is right there; nothing is written and nobody is asked.
//
//   validate.cpp ─► a workspace: its file, settings of every environment and infra, modules, extensions,
//                   infra.cpp (each infra with its clusters), batches.cpp
//   file.cpp     ─► one file, by what stands in it
#include <memory>
#include <string>

#include "coordinator/config/load.h"
#include "coordinator/modules/manifest_cache.h"
#include "coordinator/validation/report.h"
#include "coordinator/workspace/kcl.h"

namespace prov::validation {

struct Request {
  std::string root;          // of the workspace; of one file: where it belongs to one, else empty
  std::string home;          // of the platform: user_config.yaml, active-mode.yaml
  std::string core;          // the platform's own extensions; empty: none
  config::Request settings;  // as any command reads them; environments and infras are tried in turn
  std::shared_ptr<workspace::ManifestCache> manifests = {};  // null: each is parsed
  std::vector<std::string> infras;  // only these, and nothing else of the workspace; empty: everything
};

// `evaluator`: for infras in KCL.
Report validate_workspace(const Request& request, const workspace::SettingsEvaluator& evaluator);

// What kind of file it is says its name, or else its first keys; not_found and "what is it?" are findings too.
void validate_file(const Request& request, const std::string& path, const workspace::SettingsEvaluator& evaluator,
                   Report& report);

}  // namespace prov::validation
