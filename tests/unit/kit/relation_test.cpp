// Relations of an extension to others: there, in range, no circle, together.
#include <gtest/gtest.h>

#include "coordinator/kit/check.h"
#include "tests/unit/workspace/temp_folder.h"

namespace prov::kit {
namespace {

using workspace::ExtensionKind;

class Relations : public ::testing::Test {
 protected:
  void add(const std::string& name, const std::string& more, const std::string& version = "1.0.0",
           const std::string& kind = "taskserv") {
    folder_.write(kind + "s/" + name + "/manifest.yaml",
                  "name: " + name + "\nkind: " + kind + "\nversion: " + version + "\n" + more);
  }
  std::string findings(const std::string& name, ExtensionKind kind = ExtensionKind::taskserv) {
    const workspace::ExtensionFinder finder({{"core", folder_.path()}});
    const auto subjects = subjects_named(finder, kind, name);
    if (!subjects) return subjects.error().message;
    std::string text;
    const Report report = check_extensions(finder, *subjects, Level::dependencies, "");
    for (const auto& one : report.items[0].findings) {
      text += std::to_string(one.place.line) + ":" + std::to_string(one.place.column) + " " + name_of(one.severity) +
              ": " + one.message + (one.hint.empty() ? "" : " (" + one.hint + ")") + "\n";
    }
    return text;
  }
  test::TempFolder folder_;
};

TEST_F(Relations, WhatIsThereInRangeIsFine) {
  add("os", "");
  add("db", "requires: [os@^1.0]\noptional: [cache]\nconflicts: [other-db]\n");
  EXPECT_EQ(findings("db"), "");
}

TEST_F(Relations, EachMissingOneIsToldWithItsPlace) {
  add("redis", "", "7.0.0");
  add("db", "requires: [os, {redis: ^6}, radis]\n");
  EXPECT_EQ(findings("db"),
            "4:12 error: it requires \"os\", which no layer has (known are: db, redis)\n"
            "4:17 error: it requires redis ^6, and there is 7.0.0 (allow that version, or add one that fits)\n"
            "4:29 error: it requires \"radis\", which no layer has (did you mean \"redis\"?)\n");
}

TEST_F(Relations, ASlipInAnOptionalNameIsAWarning) {
  add("redis", "");
  add("db", "optional: [radis, nowhere-near]\nconflicts: [rediss]\n");
  EXPECT_EQ(findings("db"),
            "4:12 warning: no layer has the \"radis\" of \"optional\" (did you mean \"redis\"?)\n"
            "5:13 warning: no layer has the \"rediss\" of \"conflicts\" (did you mean \"redis\"?)\n");
}

TEST_F(Relations, ACircleIsNamedLinkByLink) {
  add("a", "requires: [b]\n");
  add("b", "requires: [c]\n");
  add("c", "requires: [a]\n");
  add("outside", "requires: [a]\n");
  EXPECT_NE(findings("a").find("a circle: a requires b, b requires c, c requires a"), std::string::npos)
      << findings("a");
  EXPECT_EQ(findings("outside").find("circle"), std::string::npos) << findings("outside");
}

TEST_F(Relations, WhatCannotBeHadTogetherIsExplained) {
  add("containerd", "");
  add("docker", "conflicts: [containerd]\n");
  add("kube", "requires: [containerd, docker]\n");
  const std::string all = findings("kube");
  EXPECT_NE(all.find("4:11 error: what it requires cannot be had together:\n"), std::string::npos) << all;
  EXPECT_NE(all.find("docker 1.0.0 conflicts with containerd"), std::string::npos) << all;
}

TEST_F(Relations, ABrokenManifestOfAnotherIsToldWhereItIsNeeded) {
  add("os", "ports: x\n");
  add("db", "requires: [os]\n");
  EXPECT_NE(findings("db").find("it requires \"os\", which cannot be read: "), std::string::npos) << findings("db");
}

TEST_F(Relations, AClusterSpeaksOfTaskServices) {
  add("web", "requires: [nginx]\n", "1.0.0", "cluster");
  EXPECT_NE(findings("web", ExtensionKind::cluster).find("it requires \"nginx\", which no layer has"),
            std::string::npos);
  add("nginx", "requires: [web]\n");
  add("web", "");
  EXPECT_EQ(findings("web", ExtensionKind::cluster), "") << "the task service of its name is another thing";
}

}  // namespace
}  // namespace prov::kit
