#include <gtest/gtest.h>

#include "tests/unit/resolution/universe.h"

namespace prov::resolution {
namespace {

TEST(Sentences, OneFactIsEnough) {
  Universe u;
  EXPECT_EQ(u.answer({"nginx"}), "nginx is wanted, and there is no nginx.");
  u.add("a", "1.0.0").add("a", "1.1.0");
  EXPECT_EQ(u.answer({"a ^2"}), "a ^2 is wanted, of which there is only 1.1.0 and 1.0.0.");
  for (int i = 2; i < 8; ++i) u.add("a", "1." + std::to_string(i) + ".0");
  EXPECT_EQ(u.answer({"a ^2"}),
            "a ^2 is wanted, of which there is only 1.7.0, 1.6.0, 1.5.0, 1.4.0, 1.3.0 and 3 older.");
}

TEST(Sentences, WhoAsksAndWhereIsSaidInTheirWords) {
  Universe u;
  u.add("docker", "24.0.0", {}, {}, {"podman"}).add("podman", "4.0.0");
  u.catalogue["docker"][0].conflicts[0].note = "both are on web-1";
  u.request.wanted = {{relation("docker"), "infra demo uses docker"}, {relation("podman"), "infra demo uses podman"}};
  const auto refused = solve_or_explain(u.catalogue, u.request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::invalid);
  EXPECT_EQ(refused.error().message,
            "Because docker 24.0.0 conflicts with podman (both are on web-1) and infra demo uses podman, docker "
            "24.0.0 cannot be used.\nAnd because infra demo uses docker, nothing fulfils all of this.");
}

TEST(Sentences, TheExampleOfTheOverview) {
  Universe u;
  u.add("kubernetes", "1.28.0", {"containerd", "etcd", "os"}, {"cilium", "helm"}, {"podman"});
  u.add("containerd", "1.7.0", {"os"}).add("etcd", "3.5.0", {"os"}).add("os", "12.0.0").add("podman", "4.0.0");
  u.add("docker", "24.0.0", {}, {}, {"containerd"});
  EXPECT_EQ(u.answer({"kubernetes"}), "containerd 1.7.0, etcd 3.5.0, kubernetes 1.28.0, os 12.0.0");
  EXPECT_EQ(u.answer({"kubernetes", "podman"}),
            "Because kubernetes 1.28.0 conflicts with podman and podman is wanted, kubernetes 1.28.0 cannot be used.\n"
            "And because kubernetes is wanted, nothing fulfils all of this.");
  EXPECT_EQ(u.answer({"kubernetes", "docker"}),
            "Because docker 24.0.0 conflicts with containerd and kubernetes 1.28.0 requires containerd, docker 24.0.0 "
            "and kubernetes 1.28.0 cannot be used together.\n"
            "And because kubernetes is wanted and docker is wanted, nothing fulfils all of this.");
}

TEST(Sentences, ThroughSeveralPackages) {
  Universe u;
  u.add("a", "1.0.0", {"b ^1"}).add("b", "1.0.0", {"c ^1"}).add("b", "1.1.0", {"c ^1"});
  u.add("c", "1.0.0", {"d ^2"}).add("d", "1.0.0").add("d", "2.0.0");
  EXPECT_EQ(u.answer({"a", "d 1.0.0"}),
            "Because a 1.0.0 requires b ^1 and b requires c ^1, a 1.0.0 requires c 1.0.0.\n"
            "And because c 1.0.0 requires d ^2, a 1.0.0 requires d 2.0.0.\n"
            "And because d 1.0.0 is wanted and a is wanted, nothing fulfils all of this.");
}

TEST(Sentences, ALineThatIsNeededAgainHasANumber) {
  Universe u;
  u.add("foo", "1.0.0", {"a ^1", "b ^1"}).add("foo", "1.1.0", {"x ^1", "y ^1"});
  u.add("a", "1.0.0", {"b ^2"}).add("b", "1.0.0").add("b", "2.0.0");
  u.add("x", "1.0.0", {"y ^2"}).add("y", "1.0.0").add("y", "2.0.0");
  EXPECT_EQ(u.answer({"foo ^1"}),
            "Because a 1.0.0 requires b ^2 and foo 1.0.0 requires a ^1, foo 1.0.0 requires b 2.0.0.\n"
            "And because foo 1.0.0 requires b ^1, foo 1.0.0 cannot be used. (1)\n"
            "Because x 1.0.0 requires y ^2 and foo 1.1.0 requires x ^1, foo 1.1.0 requires y 2.0.0.\n"
            "And because foo 1.1.0 requires y ^1, foo 1.1.0 cannot be used.\n"
            "And because foo 1.0.0 cannot be used (1), foo cannot be used.\n"
            "And because foo ^1 is wanted, nothing fulfils all of this.");
}

TEST(Sentences, ALongProofIsCutAndItsEndIsKept) {
  Universe u;
  for (int i = 0; i < 200; ++i) u.add("p" + std::to_string(i), "1.0.0", {"p" + std::to_string(i + 1)});
  auto outcome = u.solve({"p0"});
  ASSERT_TRUE(std::holds_alternative<Proof>(outcome));
  const auto lines = sentences(std::get<Proof>(outcome));
  EXPECT_EQ(lines.size(), kMaxSentences + 1);
  EXPECT_EQ(lines[kMaxSentences - 1].find(" more sentences are left out.)"), 3U) << lines[kMaxSentences - 1];
  EXPECT_NE(lines.back().find("nothing fulfils all of this."), std::string::npos) << lines.back();
}

}  // namespace
}  // namespace prov::resolution
