// Every command line that the original platform's architecture overview shows for modules, workspaces, validation,
// infras and configuration, as it is written there, with the real programs. A line of a feature that does not exist yet
// stands in kNotYet with the reason, and fails there as soon as the feature does: that list can only shrink.
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "tests/integration/cli/rig.h"

namespace prov::test {
namespace {

// In the order of the overview's own workflows, in a workspace that is called as there.
constexpr const char* kLines[] = {
    "provisioning module discover taskservs",
    "provisioning module load taskserv my-workspace kubernetes containerd",
    "provisioning module list taskserv my-workspace",
    "provisioning validate --all",
    "provisioning server create --check",
    "provisioning server create",
    "provisioning infra create --check",
    "provisioning infra create",
    "provisioning workspace cleanup",
};

struct NotYet {
  const char* line;
  const char* why;
};
constexpr NotYet kNotYet[] = {
    {"provisioning mode current", "modes are not there yet; env shows the active one"},
    {"provisioning mode switch multi-user", "modes are not there yet"},
    {"provisioning mode switch enterprise", "modes are not there yet"},
    {"provisioning mode validate enterprise", "modes are not there yet"},
    {"provisioning workspace lock my-infra", "locks of workspaces are not there yet"},
    {"provisioning workspace unlock my-infra", "locks of workspaces are not there yet"},
    {"provisioning workspace lock prod-deployment --provider etcd", "locks of workspaces are not there yet"},
    {"provisioning workspace unlock prod-deployment", "locks of workspaces are not there yet"},
    {"provisioning workspace request prod-deployment", "requests for a workspace are not there yet"},
};

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  words.erase(words.begin());  // the program
  return words;
}

class Overview : public testing::Test {
 protected:
  Overview() {
    rig_.start();
    rig_.write("my-workspace/.keep", "");
    std::filesystem::current_path(rig_.path("my-workspace"));
    EXPECT_EQ(rig_.run({"workspace", "remove", "demo", "--force"}).status, 0);
    const Ran init = rig_.run(words_of("provisioning workspace init"));  // of the folder where we are
    EXPECT_EQ(init.status, 0) << init.err;
    for (const char* name : {"kubernetes", "containerd"}) {
      rig_.write(std::string("my-workspace/extensions/taskservs/") + name + "/manifest.yaml",
                 std::string("name: ") + name + "\nkind: taskserv\nversion: 1.0.0\n");
    }
    // Hosts that nobody makes: what is submitted is what is looked at here.
    rig_.write("my-workspace/extensions/providers/nobody/manifest.yaml",
               "name: nobody\nkind: provider\nversion: 1.0.0\n");
    const std::string script = rig_.write("my-workspace/extensions/providers/nobody/scripts/provider",
                                          "#!/bin/sh\necho '{\"ok\": false, \"error\": \"nobody makes hosts\"}'\n");
    std::filesystem::permissions(script, std::filesystem::perms(0755));
    rig_.write("my-workspace/infra/my-workspace/settings.yaml",
               "settings: {name: my-workspace, provider: nobody}\n"
               "servers:\n  - {hostname: node-1, taskservs: [containerd, kubernetes]}\n");
  }
  ~Overview() override { std::filesystem::current_path("/"); }

  Rig rig_;
};

TEST_F(Overview, ItsCommandLinesRunAsTheyAreWritten) {
  for (const char* line : kLines) {
    SCOPED_TRACE(line);
    const Ran ran = rig_.run(words_of(line));
    EXPECT_EQ(ran.status, 0) << ran.out << ran.err;
    EXPECT_FALSE(ran.out.empty());
    const bool submitted = ran.out.find("\nworkflow ") != std::string::npos;
    if (submitted) rig_.run({"workflow", "monitor"});  // the next line may want the same host
  }
}

TEST_F(Overview, WhatIsNotThereYetIsRefusedAsUnknown) {
  for (const auto& [line, why] : kNotYet) {
    SCOPED_TRACE(std::string(line) + ": " + why);
    const Ran ran = rig_.run(words_of(line));
    EXPECT_EQ(ran.status, 2) << "it is there now: move the line to kLines";
  }
}

}  // namespace
}  // namespace prov::test
