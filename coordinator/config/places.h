#pragma once
// Where the file of each layer is.
//
//   <home>/config.user.toml                       user; the home is PROVISIONING_HOME, else ~/.provisioning
//   <home>/config/orchestrator.toml               user too, and stronger: what the coordinator alone is told
//   <workspace>/config/provisioning.yaml          workspace
//   <workspace>/config/{env}-defaults.toml        environment
//   <workspace>/infra/{name}/config.toml          infra
#include <string>
#include <vector>

#include "common/result.h"

namespace prov::config {

std::string user_file(const std::string& home);
std::string coordinator_file(const std::string& home);
std::string workspace_file(const std::string& root);
std::string environment_file(const std::string& root, const std::string& environment);
std::string infra_file(const std::string& root, const std::string& infra);

std::vector<std::string> environments_of(const std::string& root);  // those that have a file; sorted
std::vector<std::string> infras_of(const std::string& root);        // folders with settings or a config.toml; sorted

// The shipped config.defaults.toml beside the program or above it; empty: not there, and what is built in holds alone.
std::string find_defaults_file(const std::string& program_folder);

// The branch that is checked out in the repository at or above `folder`, by its .git/HEAD; "HEAD" where none is, as git
// says it too. Code::not_found: no repository.
Result<std::string> git_branch(const std::string& folder);

}  // namespace prov::config
