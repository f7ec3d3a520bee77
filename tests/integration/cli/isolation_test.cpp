// Two workspaces on one platform: no host of the one is reached from the other, whichever way it is named.
#include <gtest/gtest.h>

#include "tests/integration/cli/rig.h"

namespace prov::test {
namespace {

TEST(Isolation, AHostOfOneWorkspaceIsNoneOfAnother) {
  Rig rig;
  rig.start();
  rig.start_agent("host-a");
  ASSERT_EQ(rig.run({"server", "ssh", "host-a", "--", "true"}).status, 0);
  ASSERT_EQ(rig.run({"workspace", "init", "other", "--path", rig.path("other")}).status, 0);
  const auto in_other = [&](std::vector<std::string> words) {
    words.insert(words.begin() + 2, {"--workspace", "other"});
    return rig.run(words);
  };
  EXPECT_EQ(in_other({"server", "ssh", "host-a", "--", "true"}).status, 4);
  EXPECT_FALSE(has(in_other({"server", "list"}).out, "host-a"));
  EXPECT_TRUE(has(in_other({"exec", "--yes", "--target", "all", "--", "true"}).err, "the workspace has none yet"));
  EXPECT_TRUE(has(in_other({"targets", "explain", "all"}).err, "has no hosts yet: provisioning server create"));
  EXPECT_FALSE(has(in_other({"agent", "list"}).out, "host-a"));
  EXPECT_FALSE(has(in_other({"workflow", "list"}).out, "host-a"));
  EXPECT_EQ(in_other({"agent", "show", "host-a"}).status, 4);
  EXPECT_FALSE(has(in_other({"server", "delete", "host-a", "--yes"}).out, "workflow")) << "there is nothing to delete";
  EXPECT_EQ(in_other({"infra", "delete", "main", "--yes"}).status, 4) << "an infra of the other";
  EXPECT_EQ(rig.run({"server", "ssh", "host-a", "--", "true"}).status, 0) << "it is still there";
}

}  // namespace
}  // namespace prov::test
