#pragma once
// A home, a workspace and an environment of one's own, and what holds of all that is written there.
#include <gtest/gtest.h>

#include <map>

#include "coordinator/config/load.h"
#include "coordinator/config/places.h"
#include "tests/unit/workspace/temp_folder.h"

namespace prov::test {

class SettingsWorld {
 public:
  SettingsWorld() {
    folder.write("ws/config/provisioning.yaml", "workspace: {name: demo}\n");
    request.home = folder / "home";
    request.workspace_root = folder / "ws";
    request.cwd = folder.path();
    request.now_ms = 1'767'225'599'123;  // 2025-12-31T23:59:59.123Z
    request.variable = [this](const std::string& name) {
      const auto found = env.find(name);
      return found == env.end() ? std::string() : found->second;
    };
  }

  std::string user(const std::string& text) const { return folder.write("home/config.user.toml", text); }
  std::string workspace(const std::string& text) const {
    return folder.write("ws/config/provisioning.yaml", "workspace: {name: demo}\n" + text);
  }
  std::string environment(const std::string& name, const std::string& text) const {
    return folder.write("ws/config/" + name + "-defaults.toml", text);
  }
  std::string infra(const std::string& name, const std::string& text) const {
    return folder.write("ws/infra/" + name + "/config.toml", text);
  }

  Result<config::Config> load() {
    request.variables.assign(env.begin(), env.end());
    return config::load(request);
  }
  config::Config must_load() {
    auto loaded = load();
    EXPECT_TRUE(loaded.has_value()) << loaded.error().message;
    return loaded ? std::move(*loaded) : config::Config();
  }
  Error refused() {
    auto loaded = load();
    EXPECT_FALSE(loaded.has_value());
    return loaded ? Error{} : loaded.error();
  }

  TempFolder folder;
  std::map<std::string, std::string> env;
  config::Request request;
};

inline bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace prov::test
