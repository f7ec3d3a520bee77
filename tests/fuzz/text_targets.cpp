// Text: requests, workspaces, batches, templates, frames of a feed.
#include <set>

#include "common/io/http_client/ws_frame.h"
#include "coordinator/api/routes/batch_body.h"
#include "coordinator/api/routes/command_bodies.h"
#include "coordinator/api/routes/target.h"
#include "coordinator/batch/batch.h"
#include "coordinator/modules/extension.h"
#include "coordinator/templates/template.h"
#include "coordinator/workspace/definition.h"
#include "coordinator/workspace/yaml_tree.h"
#include "tests/fuzz/targets.h"

namespace prov::fuzz {

// The first byte chooses the reader.
void rest_body(std::string_view bytes) {
  constexpr api::ReadBody kReaders[] = {api::read_create_servers,
                                        api::read_delete_servers,
                                        api::read_create_taskservs,
                                        api::read_delete_taskservs,
                                        api::read_check_taskservs,
                                        api::read_exec,
                                        api::read_noop,
                                        api::read_submit_batch};
  if (bytes.empty()) return;
  const auto reader = kReaders[static_cast<unsigned char>(bytes[0]) % std::size(kReaders)];
  const auto parsed = api::parse_body(bytes.substr(1), reader);
  if (!parsed) expect(!parsed.error().message.empty(), "a refusal says why");
}

void rest_target(std::string_view bytes) {
  const auto target = api::parse_target(bytes);
  if (!target) return;
  for (const std::string& part : target->path) expect(part.find('\0') == std::string::npos, "no NUL in a path");
}

void yaml(std::string_view bytes) { static_cast<void>(workspace::parse_yaml(std::string(bytes), "input.yaml")); }

void manifest(std::string_view bytes) {
  const auto tree = workspace::parse_yaml(std::string(bytes), "manifest.yaml");
  if (!tree) return;
  const std::string bytes_of_tree = workspace::encode_tree(*tree);
  const auto again = workspace::decode_tree(bytes_of_tree);
  expect(again && workspace::encode_tree(*again) == bytes_of_tree, "a manifest's tree survives in the cache");
  static_cast<void>(workspace::decode_tree(bytes));
  static_cast<void>(workspace::parse_manifest(*tree, "manifest.yaml"));
}

void infra(std::string_view bytes) {
  const auto tree = workspace::parse_yaml(std::string(bytes), "settings.yaml");
  if (tree) static_cast<void>(workspace::parse_infra(*tree, "settings.yaml", "demo"));
}

void workspace(std::string_view bytes) {
  const auto tree = workspace::parse_yaml(std::string(bytes), "provisioning.yaml");
  if (tree) static_cast<void>(workspace::parse_workspace(*tree, "provisioning.yaml"));
}

// TOML when it begins with "#toml". A file that it includes is the batch itself, once under another name, so that
// inclusion is tried too.
void batch(std::string_view bytes) {
  const bool toml = bytes.substr(0, 5) == "#toml";
  const batch::BatchText source{toml ? "b.toml" : "b.yaml", std::string(bytes), toml};
  const auto load = [&](const std::string&, const std::string& name) -> Result<batch::BatchText> {
    return batch::BatchText{name, source.text, toml};
  };
  const auto batch = batch::parse_batch(source, {}, load);
  if (!batch) {
    expect(!batch.error().message.empty(), "a refusal says why");
    return;
  }
  std::set<std::string> before;
  for (const auto& operation : batch->operations) {
    expect(!operation.id.empty() && operation.id.size() <= 256, "an id is bounded");
    for (const auto& need : operation.dependencies) expect(before.count(need.id) > 0, "what is needed stands before");
    expect(before.insert(operation.id).second, "an id is there once");
  }
}

void mustache(std::string_view bytes) {
  templates::TemplateScope scope;
  scope.workspace = "w";
  scope.infra = "demo";
  scope.host = {"db-1", "10.0.0.1"};
  scope.params = {{"port", "5432"}, {"list", "a b"}};
  scope.secrets = {"password"};
  scope.hosts["redis"] = {{"cache-1", "10.0.0.2"}, {"cache-2", "10.0.0.3"}};
  const auto text = templates::render_template("input", std::string(bytes), scope);
  if (!text) expect(!text.error().message.empty(), "a refusal says why");
  for (const auto& one : templates::check_tags(std::string(bytes), scope)) {
    expect(one.line > 0 && one.column > 0 && !one.message.empty(), "a wrong tag has a place");
  }
}

void ws_frame(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    std::size_t used = 0;
    const auto frame = io::take_frame(bytes.substr(at), 1 << 20, used);
    if (!frame || !*frame) return;
    expect(used > 0 && used <= bytes.size() - at, "a frame takes its bytes and no more");
    at += used;
  }
}

}  // namespace prov::fuzz
