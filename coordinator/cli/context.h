#pragma once
// What a verb works with: the parsed command line, the world, and what it asks for again and again (the client, the
// workspace, the form of the result), each made when first asked for.
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "coordinator/cli/client.h"
#include "coordinator/cli/parse.h"
#include "coordinator/cli/views/console.h"
#include "coordinator/cli/world.h"
#include "coordinator/modules/extension.h"
#include "coordinator/workspace/definition.h"
#include "coordinator/workspace/home.h"

namespace prov::config {
class Config;
struct Request;
}  // namespace prov::config

namespace prov::cli {

enum class Format { table, json, yaml, jsonl };

class Context {
 public:
  Context(World& world, const Invocation& call);

  World& world;
  const Invocation& call;
  Console console;
  const workspace::Home home;

  Format format() const { return format_; }
  std::string out_file() const;  // that --out names, where a command takes one; empty: none
  // Prints a result once: `table()` for people, `document` for programs.
  void print(const nlohmann::json& document, const std::function<std::string()>& table);

  // What holds of all layers of settings; read when first asked for.
  Result<const config::Config*> settings();
  Result<config::Request> settings_request();
  // One of them; empty when it has no value. REQUIRES: a key of coordinator/config/keys.cpp that is no list.
  Result<std::string> setting(std::string_view key);

  Result<io::Endpoint> endpoint();  // of the coordinator, with its token
  Result<Client*> client();
  void set_client(std::unique_ptr<Client> client) { client_ = std::move(client); }

  Result<workspace::FoundWorkspace> found_workspace();  // says its note, once
  Result<workspace::Workspace> workspace();
  // For lists: the workspace's name, or empty (all of them) when none is active and none was asked for.
  Result<std::string> workspace_name_or_all();
  // With the modules that the workspace lists and, for an infra, locks. Either may be empty: not these layers.
  Result<workspace::ExtensionFinder> extensions(const std::string& workspace_root, const std::string& infra_folder);

  // Manifests that earlier commands have parsed.
  const std::shared_ptr<workspace::ManifestCache>& manifests();

  // A number given by a flag; `otherwise` when it was not given. Code::invalid when it is none or out of range.
  Result<std::uint64_t> number(const std::string& flag, std::uint64_t otherwise, std::uint64_t low,
                               std::uint64_t high) const;

  // Asks on the terminal. Code::invalid, with what to type, when nobody can be asked and there is no --yes.
  Result<bool> confirmed(const std::string& question);

 private:
  // What the user's preferences say holds where the command line does not.
  Context(World& world, const Invocation& call, const std::map<std::string, std::string>& preferences);

  Format format_;
  std::unique_ptr<Client> client_;
  Result<std::shared_ptr<const config::Config>> settings_of_endpoint();
  Result<workspace::FoundWorkspace> find_workspace() const;
  Result<void> check_active_is_there(const workspace::FoundWorkspace& found) const;

  std::optional<workspace::FoundWorkspace> found_;
  std::shared_ptr<workspace::ManifestCache> manifests_;
  std::shared_ptr<const config::Config> settings_;
  std::shared_ptr<const config::Config> endpoint_settings_;  // the same, or without what an infra's broken file says
  std::string token_file_;                                   // whose token the endpoint has
};

Result<void> check_hostname(const std::string& name);
std::string absolute_path(const World& world, const std::string& path);   // a relative one begins where we are
std::string program_beside(const World& world, const std::string& name);  // path of a sibling program

}  // namespace prov::cli
