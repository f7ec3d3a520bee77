#pragma once
// All layers read from where they are, laid over each other, and put together: what holds, and why.
//
//   files (places.h)  --read_tree-->          |
//   environment       --read_variables-->     | Tree --merge--> Tree --interpolate--> Config
//   --set and flags   --read_assignments-->   |
//
// No clock, no network, no process: the time and the environment come in.
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/config/interpolate.h"

namespace prov::config {

inline constexpr std::size_t kMaxFile = 1 << 20;  // bytes of one file

struct Request {
  std::string home;            // of the platform, absolute
  std::string workspace_root;  // empty: none is in use
  std::string no_workspace;    // then: why, for who asks for {{paths.workspace}}
  std::string infra;           // --infra; empty: workspace.default_infra, else the only one
  std::string cwd;
  std::string defaults_file;     // empty: what is built in, alone
  std::string coordinator_file;  // in place of <home>/config/orchestrator.toml; has to be there; empty: that one
  std::vector<Assignment> flags;
  std::vector<std::pair<std::string, std::string>> variables;  // PROVISIONING_*
  std::function<std::string(const std::string&)> variable;     // any of the environment; empty: not set
  std::uint64_t now_ms = 0;
  bool without_infra_file = false;             // the infra is known, but what its file says is left out
  std::map<std::string, std::string> instead;  // path -> text that is taken for the file's
};

struct Source {
  Layer layer;
  std::string file;
  bool there;
};

class Config {
 public:
  // nullptr: nothing was said about it, and it has no default.
  const Setting* find(std::string_view key) const;

  // What holds; empty, 0 or false when nothing does. REQUIRES: a key of the table, of that type.
  std::string text(std::string_view key) const;
  std::int64_t integer(std::string_view key) const;
  bool boolean(std::string_view key) const;
  std::vector<std::string> texts(std::string_view key) const;

  const Settings& all() const { return settings_; }
  const std::vector<Source>& sources() const { return sources_; }  // weakest first
  const std::vector<std::string>& warnings() const { return warnings_; }
  const std::string& infra() const { return infra_; }  // that is meant; empty: none

 private:
  friend class Loader;
  Settings settings_;
  std::vector<Source> sources_;
  std::vector<std::string> warnings_;
  std::string infra_;
};

// Everything that is wrong, in one error (workspace::Problems). A file that is not there is an empty one, but for
// `coordinator_file`, and for an environment that was asked for where only others have a file.
Result<Config> load(const Request& request);

}  // namespace prov::config
