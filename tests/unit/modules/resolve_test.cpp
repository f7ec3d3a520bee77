#include "coordinator/modules/resolve.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/hash.h"
#include "common/wire/agent_wire.h"
#include "tests/unit/workspace/temp_folder.h"

namespace prov::workspace {
namespace {

namespace fs = std::filesystem;

class Resolve : public testing::Test {
 protected:
  Resolve() {
    extension("taskserv", "os", "retry_safe: true\n");
    extension("taskserv", "redis", "requires: [os]\n");
    extension("taskserv", "nginx",
              "requires: [os]\noptional: [redis]\nparameters:\n  port: {type: int, default: 80}\n"
              "  names: {type: list, default: [a, b]}\n  tls: {type: bool, default: false}\n"
              "  title: {type: string, default: \"\"}\n  password: {type: secret}\n");
    extension("provider", "local",
              "runtimes: [namespace, podman]\nparameters:\n  image: {type: string, default: base}\n");
    folder_.write("core/lib/service.sh", "svc_start() { :; }\n");
  }

  void extension(const std::string& kind, const std::string& name, const std::string& more,
                 const std::string& layer = "core") {
    const std::string at = layer + "/" + kind + "s/" + name;
    folder_.write(at + "/manifest.yaml", "name: " + name + "\nkind: " + kind + "\nversion: 1.2.3\n" + more);
    folder_.write(at + "/scripts/install", "#!/bin/sh\nexit 10\n", true);
    folder_.write(at + "/docs/README.md", "how it works\n");
  }
  ExtensionFinder finder() const {
    return ExtensionFinder(
        {{"infra", folder_ / "infra-ext"}, {"workspace", folder_ / "ws-ext"}, {"core", folder_ / "core"}});
  }
  static Infra infra(const std::string& servers) {
    auto tree = parse_yaml("settings: {name: demo, provider: local, runtime: auto}\nservers:\n" + servers, "s.yaml");
    auto infra = parse_infra(*tree, "s.yaml", "demo");
    EXPECT_TRUE(infra.has_value()) << infra.error().message;
    return *infra;
  }
  std::string refused(const std::string& servers, const Selection& selection = {}) const {
    const auto resolved = resolve_taskservs(infra(servers), finder(), selection);
    return resolved ? "" : resolved.error().message;
  }

  const std::string kThree =
      "  - {hostname: web, taskservs: [{name: nginx, params: {password: {secret: demo/pg}}}, os]}\n"
      "  - {hostname: db, plan: large, runtime: podman, labels: {b: 2, a: 1}, params: {image: x}, taskservs: [os, "
      "redis]}\n";
  test::TempFolder folder_;
};

TEST_F(Resolve, TaskservsComeInOrderWithParametersSecretsAndWhatTheyWaitFor) {
  const auto resolved = resolve_taskservs(infra(kThree), finder(), {});
  ASSERT_TRUE(resolved.has_value()) << resolved.error().message;
  const auto& list = resolved->taskservs;
  ASSERT_EQ(list.size(), 4U);
  EXPECT_EQ(list[0].server + "/" + list[0].name, "web/os");
  EXPECT_EQ(list[1].server + "/" + list[1].name, "db/os");
  EXPECT_EQ(list[2].server + "/" + list[2].name, "db/redis");
  const auto& nginx = list[3];
  EXPECT_EQ(nginx.server + "/" + nginx.name, "web/nginx");
  EXPECT_EQ(nginx.after, (std::vector<std::uint32_t>{0, 2}));
  EXPECT_EQ(nginx.params, (Pairs{{"names", "a b"}, {"port", "80"}, {"title", ""}, {"tls", "false"}}));
  EXPECT_EQ(nginx.secrets, (Pairs{{"password", "demo/pg"}}));
  EXPECT_EQ(nginx.version, "1.2.3");
  EXPECT_FALSE(nginx.retry_safe);
  EXPECT_EQ(nginx.timeout_s, 600U);
  EXPECT_TRUE(list[0].retry_safe);
  EXPECT_EQ(resolved->bundles.size(), 3U);
}

TEST_F(Resolve, SelectionBringsWhatIsRequiredAndNothingElse) {
  const auto resolved = resolve_taskservs(infra(kThree), finder(), {{"web"}, {"nginx"}});
  ASSERT_TRUE(resolved.has_value());
  ASSERT_EQ(resolved->taskservs.size(), 2U);
  EXPECT_EQ(resolved->taskservs[0].name, "os");
  EXPECT_EQ(resolved->taskservs[1].after, (std::vector<std::uint32_t>{0}));
  EXPECT_EQ(resolved->bundles.size(), 2U);
  EXPECT_EQ(resolve_taskservs(infra(kThree), finder(), {{"web"}, {"nginx"}, false})->taskservs.size(), 1U);
  EXPECT_NE(refused(kThree, {{"wbe"}, {}}).find("has no server \"wbe\""), std::string::npos);
  EXPECT_NE(refused(kThree, {{"web"}, {"redis"}}).find("has the taskserv \"redis\""), std::string::npos);
}

TEST_F(Resolve, WhatAProviderDoesNotHoldToIsSaidOfTheHostsThatAskForIt) {
  extension("provider", "cloud",
            "parameters:\n  storages: {type: storages, default: [], note: sizes are not held to}\n"
            "  zone: {type: string, default: x}\n");
  const auto resolved =
      resolve_servers(infra("  - {hostname: a, provider: cloud, storages: [{name: data, size_gb: 9}]}\n"
                            "  - {hostname: b, provider: cloud, zone: y}\n"
                            "  - {hostname: c, provider: cloud, storages: [root]}\n"),
                      finder(), {});
  ASSERT_TRUE(resolved.has_value()) << resolved.error().message;
  EXPECT_EQ(resolved->notes, std::vector<std::string>{"storages of a, c: sizes are not held to"});
}

TEST_F(Resolve, ServersCarryTheirProviderByDigest) {
  const auto resolved = resolve_servers(infra(kThree), finder(), {"db"});
  ASSERT_TRUE(resolved.has_value()) << resolved.error().message;
  ASSERT_EQ(resolved->servers.size(), 1U);
  const auto& db = resolved->servers[0];
  EXPECT_EQ(db.plan, "large");
  EXPECT_EQ(db.runtime, "podman");
  EXPECT_EQ(db.labels, (Pairs{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(db.params, (Pairs{{"image", "x"}}));
  ASSERT_EQ(resolved->bundles.size(), 1U);
  EXPECT_EQ(resolved->bundles[0].digest, db.provider_bundle);
  EXPECT_EQ(digest_of(resolved->bundles[0].bytes), db.provider_bundle);
  const auto unknown = resolve_servers(infra("  - {hostname: db, runtime: podmn}\n"), finder(), {});
  EXPECT_EQ(unknown.error().message, "s.yaml:3:29: provider local has no runtime \"podmn\" (db)");
  EXPECT_EQ(unknown.error().hint, "did you mean \"podman\"?");
}

TEST_F(Resolve, APlanIsOneOfThoseThatTheProviderNames) {
  const std::string huge = "  - {hostname: db, plan: huge}\n";
  EXPECT_TRUE(resolve_servers(infra(huge), finder(), {})) << "it names none";
  extension("provider", "local", "plans: [small, t3.medium]\n");
  const auto unknown = resolve_servers(infra(huge), finder(), {});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().message, "s.yaml:3:26: provider local has no plan \"huge\" (db)");
  EXPECT_EQ(unknown.error().hint, "its plans: small, t3.medium");
  EXPECT_TRUE(resolve_servers(infra("  - {hostname: db, plan: t3.medium}\n  - {hostname: web}\n"), finder(), {}));
}

TEST_F(Resolve, ParametersAreCheckedWithTheirPlace) {
  const auto with = [](const std::string& params) {
    return "  - {hostname: web, taskservs: [os, {name: nginx, params: " + params + "}]}\n";
  };
  EXPECT_EQ(refused(with("{password: {secret: a}, prot: 1}")), "s.yaml:3:83: nginx on web has no parameter \"prot\"");
  EXPECT_NE(refused(with("{}")).find("\"password\" (secret) must be given"), std::string::npos);
  EXPECT_NE(refused(with("{password: {secret: a}, port: \"80\"}")).find("must be a whole number"), std::string::npos);
  EXPECT_NE(refused(with("{password: {secret: a}, tls: yes}")).find("must be true or false"), std::string::npos);
  EXPECT_NE(refused(with("{password: {secret: a}, names: [\"a b\"]}")).find("joined by spaces"), std::string::npos);
  EXPECT_NE(refused(with("{password: {secret: ../a}}")).find("cannot name a secret"), std::string::npos);
  const std::string clear = refused(with("{password: hunter2}"));
  EXPECT_NE(clear.find("is a secret: its value never stands in a file"), std::string::npos);
  EXPECT_EQ(clear.find("hunter2"), std::string::npos);
}

TEST_F(Resolve, UnknownTaskservSaysWhereItStandsAndWhatIsNear) {
  const auto resolved = resolve_taskservs(infra("  - {hostname: a, taskservs: [ngnix]}\n"), finder(), {});
  EXPECT_EQ(resolved.error().message.rfind("s.yaml:3:31: there is no taskserv \"ngnix\" in ", 0), 0U)
      << resolved.error().message;
  EXPECT_EQ(resolved.error().hint, "did you mean \"nginx\"?");
}

TEST_F(Resolve, TheInfrasOwnExtensionComesBeforeTheOthers) {
  extension("taskserv", "os", "", "ws-ext");
  EXPECT_EQ(finder().find(ExtensionKind::taskserv, "os")->layer, "workspace");
  extension("taskserv", "os", "", "infra-ext");
  const auto found = finder().find(ExtensionKind::taskserv, "os");
  EXPECT_EQ(found->layer, "infra");
  EXPECT_EQ(found->library_folder, folder_ / "core/lib");
  EXPECT_EQ(finder().names(ExtensionKind::taskserv), (std::vector<std::string>{"nginx", "os", "redis"}));
}

TEST_F(Resolve, AManifestThatSaysAnotherNameIsRefused) {
  folder_.write("core/taskservs/os/manifest.yaml", "name: redis\nkind: taskserv\nversion: 1.0.0\n");
  EXPECT_EQ(finder().find(ExtensionKind::taskserv, "os").error().code, Code::invalid);
}

class Pack : public Resolve {
 protected:
  Extension os() const { return *finder().find(ExtensionKind::taskserv, "os"); }
  std::string at(const std::string& below) const { return folder_ / ("core/taskservs/os/" + below); }
};

TEST_F(Pack, EqualFilesGiveEqualDigestsWhateverTheirTimesAndModes) {
  const auto first = pack_extension(os());
  ASSERT_TRUE(first.has_value());
  ::chmod(at("scripts/install").c_str(), 0700);
  ::chmod(at("manifest.yaml").c_str(), 0600);
  folder_.write("core/taskservs/os/docs/README.md", "other words\n");
  folder_.write("core/taskservs/os/.hidden", "x");
  folder_.write("core/taskservs/os/scripts/install~", "x");
  EXPECT_EQ(pack_extension(os())->digest, first->digest);
  const auto files = wire::decode_bundle(first->bytes);
  ASSERT_TRUE(files.has_value());
  ASSERT_EQ(files->size(), 3U);
  EXPECT_EQ((*files)[0].path, "lib/service.sh");
  EXPECT_EQ((*files)[1].path, "manifest.yaml");
  EXPECT_EQ((*files)[1].mode, 0644);
  EXPECT_EQ((*files)[2].mode, 0755);
  folder_.write("core/taskservs/os/scripts/install", "#!/bin/sh\nexit 0\n", true);
  EXPECT_NE(pack_extension(os())->digest, first->digest);
}

TEST_F(Pack, LinksAreFollowedWithinAndRefusedOut) {
  fs::create_symlink("install", at("scripts/again"));
  EXPECT_EQ(wire::decode_bundle(pack_extension(os())->bytes)->size(), 4U);
  for (const char* target : {"/etc/passwd", "../../../../../../etc/hostname", "../../redis", "nowhere"}) {
    fs::create_symlink(target, at("scripts/bad"));
    const auto packed = pack_extension(os());
    EXPECT_EQ(packed.error().code, Code::invalid) << target;
    fs::remove(at("scripts/bad"));
  }
  fs::create_directory_symlink("..", at("scripts/loop"));
  EXPECT_FALSE(pack_extension(os()).has_value());
}

TEST_F(Pack, PipesStrangeNamesClashesAndTooMuchAreRefused) {
  ASSERT_EQ(::mkfifo(at("pipe").c_str(), 0600), 0);
  EXPECT_NE(pack_extension(os()).error().message.find("neither a file nor a folder"), std::string::npos);
  fs::remove(at("pipe"));
  folder_.write("core/taskservs/os/a\nb", "x");
  EXPECT_NE(pack_extension(os()).error().message.find("cannot be packed"), std::string::npos);
  fs::remove(at("a\nb"));
  folder_.write("core/taskservs/os/lib/service.sh", "x");
  EXPECT_NE(pack_extension(os()).error().message.find("there twice"), std::string::npos);
  fs::remove_all(at("lib"));
  folder_.write("core/taskservs/os/large", "");
  fs::resize_file(at("large"), wire::kMaxBundleBytes + 1);
  EXPECT_EQ(pack_extension(os()).error().code, Code::exhausted);
}

}  // namespace
}  // namespace prov::workspace
