// What an operator writes beside infras: clusters, the file of an older workspace, and how errors are taken apart.
#include "coordinator/config/migrate.h"
#include "coordinator/modules/cluster.h"
#include "coordinator/validation/report.h"
#include "coordinator/workspace/toml_tree.h"
#include "tests/fuzz/targets.h"

namespace prov::fuzz {

void cluster(std::string_view bytes) {
  const auto tree = prov::workspace::parse_yaml(std::string(bytes), "demo.yaml");
  if (!tree) return;
  const auto read = prov::workspace::parse_cluster(*tree, "demo.yaml", "demo");
  if (!read) {
    expect(!read.error().message.empty(), "a refusal says why");
    return;
  }
  expect(!read->servers.empty() && !read->taskservs.empty(), "a cluster is of something");
}

// An infra in TOML; whatever is said of it can be taken apart, each with a message.
void infra_toml(std::string_view bytes) {
  const auto tree = prov::workspace::parse_toml(std::string(bytes), "settings.toml");
  const auto read = tree ? prov::workspace::parse_infra(*tree, "settings.toml", "demo")
                         : Result<prov::workspace::Infra>(tl::unexpected(tree.error()));
  if (read) return;
  validation::Report report;
  report.add(read.error(), "settings.toml");
  report.finish();
  expect(!report.fine(), "a refusal is a finding");
  for (const auto& one : report.findings()) {
    expect(one.file == "settings.toml" && !one.message.empty(), "a finding says of what, and why");
  }
}

// What a migration gives reads as it should, and is not migrated again.
void migrate(std::string_view bytes) {
  const auto migrated = config::migrate_workspace_file(std::string(bytes), "f.yaml");
  if (!migrated) {
    expect(!migrated.error().message.empty(), "a refusal says why");
    return;
  }
  const auto tree = prov::workspace::parse_yaml(migrated->text, "f.yaml");
  expect(tree && prov::workspace::parse_workspace(*tree, "f.yaml"), "it reads as a workspace");
  const auto again = config::migrate_workspace_file(migrated->text, "f.yaml");
  expect(again && again->steps.empty() && again->text == migrated->text, "twice is once");
}

}  // namespace prov::fuzz
