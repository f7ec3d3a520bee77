#pragma once
// The way of every command that makes a workflow: register the workspace, bring the bundles, submit, and follow it.
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "coordinator/cli/context.h"
#include "coordinator/workspace/bundle.h"

namespace prov::cli {

struct Submission {
  std::string workspace;
  std::string path;  // "/workflows/servers/create"
  nlohmann::json body;
  std::vector<workspace::Bundle> bundles;
};

// With --check only the plan is shown. With --wait the workflow is followed, and its outcome decides the exit.
Result<Exit> submit(Context& context, const Submission& submission);

std::string plan_text(const nlohmann::json& answer, const Console& console);  // {workflow, plan, unchanged, plan_total}

// An infra of the workspace in use (--infra, or its default), with the extensions that it can use.
struct Loaded {
  workspace::Workspace workspace;
  workspace::Infra infra;
  workspace::ExtensionFinder finder;
};
Result<Loaded> load_infra_in_use(Context& context);

}  // namespace prov::cli
