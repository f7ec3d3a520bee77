#pragma once
// The operator's own folder, by default ~/.provisioning, and what stands where in it.
//
//   config/user_config.yaml             workspaces that are known, the active one, preferences
//   config/active-mode.yaml             active_mode: solo, multi-user, cicd or enterprise
//   orchestrator/data/                  the event log, keys, secrets
//   config.user.toml, config/orchestrator.toml  settings (coordinator/config/places.h)
//   services/pids/orchestrator.pid      services/logs/orchestrator.log      services/state/orchestrator.sock
//   tokens/orchestrator.token           the bearer token for TCP
//   cache/{oci,kcl,modules}             what can be fetched or made again
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "common/result.h"

namespace prov::workspace {

struct Home {
  std::string root;

  std::string user_config() const { return root + "/config/user_config.yaml"; }
  std::string active_mode_file() const { return root + "/config/active-mode.yaml"; }
  std::string pid_file() const { return root + "/services/pids/orchestrator.pid"; }
  std::string started_file() const { return root + "/services/state/orchestrator.started"; }  // "PID START_TIME"
  std::string settings_file() const { return root + "/services/state/orchestrator.toml"; }  // what it was started with
  std::string manifest_cache() const { return root + "/cache/modules/manifests"; }
  std::string log_file() const { return root + "/services/logs/orchestrator.log"; }
};

struct KnownWorkspace {
  std::string name, path;
  std::string last_used;  // when it was last made the active one, ISO 8601; empty: never
};
struct UserConfig {
  std::string active;                              // empty: none
  std::vector<KnownWorkspace> workspaces;          // sorted by name
  std::map<std::string, std::string> preferences;  // also those that nobody here knows: another release may

  const KnownWorkspace* find(const std::string& name) const;
  void remember(const std::string& name, const std::string& path);     // replaces one of that name, keeps its last_used
  void activate(const std::string& name, const std::string& now_iso);  // REQUIRES: it is remembered
  bool forget(const std::string& name);                                // false: it was not known
};

Result<UserConfig> load_user_config(const Home& home);                      // empty when there is no file
Result<void> save_user_config(const Home& home, const UserConfig& config);  // whole or not at all

// What a preference can be. One that is not set leaves things as they are.
struct Preference {
  std::string_view name;
  std::string_view choices;  // separated by spaces; empty: a name (fields.h)
  std::string_view otherwise, help;
};
std::span<const Preference> preferences();
const Preference* find_preference(std::string_view name);                          // nullptr: there is none
Result<void> check_preference(const std::string& name, const std::string& value);  // not_found, invalid

// The mode that is active: PROVISIONING_MODE (`environment`), else active-mode.yaml, else solo.
struct ActiveMode {
  std::string name, by;  // "solo", "default"
};
Result<ActiveMode> load_active_mode(const Home& home, const std::string& environment = {});

// Makes the folder and its parents, mode 0700 where it makes them.
Result<void> make_private_folder(const std::string& path);

// Writes the file whole or not at all, in a folder that exists. Until it is whole it has another name, which ends in
// kUnfinishedMark and six letters; one that was interrupted leaves that behind.
inline constexpr std::string_view kUnfinishedMark = ".tmp-";
Result<void> write_file_atomically(const std::string& path, const std::string& bytes, unsigned mode);

// ---- which workspace is meant

struct WorkspaceRequest {
  std::string flag;         // --workspace: a known name, or a path; empty: not given
  std::string environment;  // PROVISIONING_WORKSPACE, in the same form
  std::string cwd;
};
struct FoundWorkspace {
  std::string root;
  std::string by;    // for people: "--workspace", "PROVISIONING_WORKSPACE", "active", "current folder"
  std::string note;  // something to say on the way; may be empty
};

// The first that says something: flag, environment, the active one of the user's configuration, the nearest folder at
// or above `cwd` that is a workspace. When that folder is not the active one, `note` says so.
Result<FoundWorkspace> find_workspace(const WorkspaceRequest& request, const UserConfig& config);

}  // namespace prov::workspace
