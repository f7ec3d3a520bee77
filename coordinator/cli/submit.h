#pragma once
// The way of every command that makes a workflow: register the workspace, bring the bundles, submit, and follow it.
#include <string>
#include <vector>

#include "common/json/json.h"
#include "coordinator/cli/context.h"
#include "coordinator/modules/bundle.h"

namespace prov::cli {

struct Submission {
  std::string workspace;  // to be registered first; empty: the path says it by a workflow that is there
  std::string path;       // "/workflows/servers/create"
  nlohmann::json body;
  std::vector<workspace::Bundle> bundles;
  std::string question = {};  // is asked whatever the plan holds; empty: only where it removes something
  std::string plan = {};      // digest of the plan that it is bound to; empty: none
};

// What the command would do, as the coordinator answers it. Changes nothing.
Result<nlohmann::json> check(Context& context, const Submission& submission);

// Registers the workspace, brings the bundles and submits: the coordinator's answer.
Result<nlohmann::json> send(Context& context, const Submission& submission);

// With --check only the plan is shown. With --wait the workflow is followed, and its outcome decides the exit.
Result<Exit> submit(Context& context, const Submission& submission);

// The same for what may remove something: that is asked about, by its plan, to which what is done is bound.
Result<Exit> submit_asking(Context& context, Submission submission);

// Shows a plan and asks whether to do it; an empty question is the one about what goes for good.
Result<bool> agreed(Context& context, const nlohmann::json& plan, const std::string& question);

// How submit goes on after the coordinator's answer: follows the workflow, or says how to.
Result<Exit> go_on(Context& context, const nlohmann::json& answer);

// --timeout without --wait means nothing.
Result<void> check_waiting(const Context& context);

// An infra of the workspace in use (--infra, or its default), with the extensions that it can use.
struct Loaded {
  workspace::Workspace workspace;
  workspace::Infra infra;
  workspace::ExtensionFinder finder;
};
Result<Loaded> load_infra_in_use(Context& context);
Result<Loaded> load_infra_named(Context& context, const std::string& name);  // empty: the default

}  // namespace prov::cli
