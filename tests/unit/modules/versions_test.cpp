// Several versions of extensions, the lists and locks of a workspace, and what is laid over what.
#include "coordinator/modules/versions.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "coordinator/modules/bundle.h"
#include "coordinator/modules/lock.h"
#include "coordinator/modules/relations.h"
#include "coordinator/modules/resolve.h"
#include "tests/unit/workspace/temp_folder.h"

namespace prov::workspace {
namespace {

constexpr ExtensionKind kTaskserv = ExtensionKind::taskserv;

class Versions : public testing::Test {
 protected:
  Versions() {
    taskserv("os", "12.0.0");
    taskserv("etcd", "3.5.0", "requires: [os]\n");
    taskserv("containerd", "1.6.0", "requires: [os]\n");
    taskserv("containerd", "1.7.2", "requires: [os]\n", "core", true);
    taskserv("docker", "24.0.0", "requires: [os]\nconflicts: [containerd]\n");
    taskserv("kubernetes", "1.28.0",
             "requires: {containerd: ^1.7, etcd: \">=3.4 <4\", os: \"*\"}\noptional: [cilium@^1.14]\n"
             "conflicts: [podman]\n");
    taskserv("podman", "4.0.0", "requires: [os]\n");
    folder_.write("core/providers/local/manifest.yaml", "name: local\nkind: provider\nversion: 0.1.0\n");
  }

  void taskserv(const std::string& name, const std::string& version, const std::string& more = "",
                const std::string& layer = "core", bool beside = false) {
    const std::string at = layer + "/taskservs/" + name + (beside ? "@" + version : "");
    folder_.write(at + "/manifest.yaml", "name: " + name + "\nkind: taskserv\nversion: " + version + "\n" + more);
    folder_.write(at + "/scripts/install", "#!/bin/sh\n# " + version + "\n", true);
  }
  ExtensionFinder finder(ModuleRules rules = {}) const {
    return ExtensionFinder({{"infra", folder_ / "infra"}, {"workspace", folder_ / "ws"}, {"core", folder_ / "core"}},
                           std::move(rules));
  }
  static Infra infra(const std::string& servers) {
    auto tree = parse_yaml("settings: {name: demo, provider: local, runtime: auto}\nservers:\n" + servers, "s.yaml");
    auto parsed = parse_infra(*tree, "s.yaml", "demo");
    EXPECT_TRUE(parsed) << parsed.error().message;
    return *parsed;
  }
  std::string version_in_use(const std::string& servers, const std::string& name, ModuleRules rules = {}) const {
    const auto resolved = resolve_taskservs(infra(servers), finder(std::move(rules)), {});
    if (!resolved) return resolved.error().message;
    for (const auto& one : resolved->taskservs) {
      if (one.name == name) return one.version;
    }
    return "not there";
  }
  Error refused(const std::string& servers, ModuleRules rules = {}) const {
    const auto resolved = resolve_taskservs(infra(servers), finder(std::move(rules)), {});
    EXPECT_FALSE(resolved);
    return resolved ? Error{} : resolved.error();
  }
  static ModuleRules listing(const std::vector<std::string>& names) {
    ModuleRules rules;
    for (const auto& name : names) rules.list.add(kTaskserv, *parse_relation(name));
    return rules;
  }

  const std::string kCluster = "  - {hostname: a, taskservs: [os, etcd, containerd, kubernetes]}\n";
  test::TempFolder folder_;
};

TEST_F(Versions, TheHighestThatGoesWithTheOthersIsUsed) {
  EXPECT_EQ(version_in_use(kCluster, "containerd"), "1.7.2");
  taskserv("kubernetes", "1.28.0", "requires: [os, etcd, containerd@~1.6.0]\n");
  EXPECT_EQ(version_in_use(kCluster, "containerd"), "1.6.0");
  EXPECT_EQ(version_in_use("  - {hostname: a, taskservs: [os, containerd]}\n", "containerd"), "1.7.2");
}

TEST_F(Versions, ARangeThatNothingIsInIsToldInSentences) {
  taskserv("kubernetes", "1.28.0", "requires: [os, etcd, containerd@^2]\n");
  const Error error = refused(kCluster);
  EXPECT_EQ(error.code, Code::invalid);
  EXPECT_EQ(error.message,
            "s.yaml: these task services do not go together:\nBecause kubernetes 1.28.0 requires containerd ^2, of "
            "which there is only 1.7.2 and 1.6.0 and infra demo uses kubernetes, nothing fulfils all of this.");
  EXPECT_NE(error.hint.find("module graph --infra demo"), std::string::npos);
}

TEST_F(Versions, AnOptionalOneOnAnyHostHasToBeInItsRange) {
  taskserv("cilium", "1.13.0");
  EXPECT_EQ(version_in_use(kCluster, "kubernetes"), "1.28.0");
  const Error error = refused(kCluster + "  - {hostname: b, taskservs: [cilium]}\n");
  EXPECT_NE(error.message.find("kubernetes 1.28.0 goes only with cilium ^1.14"), std::string::npos) << error.message;
}

TEST_F(Versions, ConflictsHoldOnOneHostAndNowhereElse) {
  const Error error = refused("  - {hostname: a, taskservs: [os, docker, containerd]}\n");
  EXPECT_NE(error.message.find("docker 24.0.0 conflicts with containerd (both are on a)"), std::string::npos)
      << error.message;
  EXPECT_EQ(
      version_in_use("  - {hostname: a, taskservs: [os, docker]}\n  - {hostname: b, taskservs: [os, containerd]}\n",
                     "docker"),
      "24.0.0");
}

TEST_F(Versions, WhatAHostLacksIsNamedWhole) {
  const Error error = refused("  - {hostname: a, taskservs: [kubernetes]}\n");
  EXPECT_EQ(error.message, "s.yaml: kubernetes on a requires containerd ^1.7, which is not on that host");
  EXPECT_EQ(error.hint, "add \"- name: containerd\", \"- name: etcd\" and \"- name: os\" to the taskservs of a");
}

TEST_F(Versions, WhatCannotBeAddedIsExplained) {
  const Error error = refused("  - {hostname: a, taskservs: [os, etcd, kubernetes, docker]}\n");
  EXPECT_EQ(error.message,
            "s.yaml: kubernetes on a requires containerd ^1.7, which is not on that host, and adding it would not "
            "help:\nBecause docker 24.0.0 conflicts with containerd and kubernetes 1.28.0 requires containerd ^1.7, "
            "docker 24.0.0 and kubernetes 1.28.0 cannot be used together.\n"
            "And because a has kubernetes and a has docker, nothing fulfils all of this.");
  EXPECT_EQ(error.hint, "put them on different hosts");
}

TEST_F(Versions, TheNearestLayerThatHasItHidesAllOthers) {
  taskserv("containerd", "1.5.0", "requires: [os]\n", "ws");
  EXPECT_EQ(version_in_use("  - {hostname: a, taskservs: [os, containerd]}\n", "containerd"), "1.5.0");
  EXPECT_NE(refused(kCluster).message.find("of which there is only 1.5.0"), std::string::npos);
}

TEST_F(Versions, AListAllowsWhatItNamesAndWhatThatRequires) {
  EXPECT_EQ(version_in_use(kCluster, "etcd", listing({"kubernetes"})), "3.5.0");
  const Error error = refused("  - {hostname: a, taskservs: [os, podman]}\n", listing({"kubernetes"}));
  EXPECT_EQ(error.message.rfind("s.yaml:3:35: taskserv \"podman\" is not loaded", 0), 0U) << error.message;
  EXPECT_EQ(error.hint, "provisioning module load taskserv WORKSPACE podman");
  const std::string two = "  - {hostname: a, taskservs: [os, containerd]}\n";
  EXPECT_EQ(version_in_use(two, "containerd", listing({"os", "containerd@<1.7"})), "1.6.0");
  EXPECT_NE(refused(kCluster, listing({"kubernetes", "containerd@<1.7"}))
                .message.find("config/modules.yaml asks for containerd <1.7"),
            std::string::npos);
}

TEST_F(Versions, WhatIsLockedIsUsedAndNothingElse) {
  const std::string two = "  - {hostname: a, taskservs: [os, containerd]}\n";
  ModuleRules rules = listing({"os", "containerd@<1.7"});
  auto locked = lock_infra(infra(two), finder(rules));
  ASSERT_TRUE(locked) << locked.error().message;
  ASSERT_EQ(locked->size(), 3U);
  EXPECT_EQ((*locked)[std::pair(kTaskserv, std::string("containerd"))].version, "1.6.0");
  ModuleRules held;
  held.locked = *locked;
  EXPECT_EQ(version_in_use(two, "containerd", held), "1.6.0") << "1.7.2 is there too";

  folder_.write("core/taskservs/containerd/scripts/install", "#!/bin/sh\necho other\n", true);
  const Error changed = refused(two, held);
  EXPECT_EQ(changed.code, Code::conflict);
  EXPECT_NE(changed.message.find("is not what config/modules.lock.yaml holds"), std::string::npos) << changed.message;
  EXPECT_NE(changed.hint.find("provisioning module lock"), std::string::npos);
  const auto states = module_states(*lock_infra(infra(two), finder()), finder(held));
  const auto of = [&](const std::string& name) {
    return *std::find_if(states.begin(), states.end(), [&](const auto& one) { return one.name == name; });
  };
  EXPECT_TRUE(of("containerd").differs);
  EXPECT_EQ(of("containerd").newest, "1.7.2");
  EXPECT_EQ(of("containerd").in_use, "1.6.0");
  EXPECT_FALSE(of("os").differs);

  std::filesystem::remove_all(folder_ / "core/taskservs/containerd");
  EXPECT_NE(refused(two, held).message.find("config/modules.lock.yaml holds containerd at 1.6.0"), std::string::npos);
}

TEST_F(Versions, ListAndLockReadBackAsTheyWereWritten) {
  folder_.write("w/config/provisioning.yaml", "workspace: {name: demo}\n");
  const ModuleRules rules = listing({"os", "containerd@>=1.6 <2 || 3.0.0"});
  ASSERT_TRUE(save_modules(folder_ / "w", rules.list));
  const auto list = load_modules(folder_ / "w");
  ASSERT_TRUE(list) << list.error().message;
  ASSERT_NE(list->find(kTaskserv, "containerd"), nullptr);
  EXPECT_EQ(list->find(kTaskserv, "containerd")->range, rules.list.find(kTaskserv, "containerd")->range);
  EXPECT_TRUE(list->find(kTaskserv, "os")->range.is_all());

  ModuleLock lock;
  lock.infras["demo"] = *lock_infra(infra(kCluster), finder());
  lock.infras["empty"] = {};
  ASSERT_TRUE(save_lock(folder_ / "w", lock));
  const auto read = load_lock(folder_ / "w");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->infras, lock.infras);

  ModuleList none = *list;
  EXPECT_TRUE(none.remove(kTaskserv, "os"));
  EXPECT_FALSE(none.remove(kTaskserv, "os"));
  EXPECT_TRUE(none.remove(kTaskserv, "containerd"));
  ASSERT_TRUE(save_modules(folder_ / "w", none));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "w/config/modules.yaml"));

  folder_.write("w/config/modules.lock.yaml",
                "infras: {demo: {taskservs: {os: {version: 1.0.0, layer: core, digest: abc}}}}\n");
  const auto bad = load_lock(folder_ / "w");
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().message.find("modules.lock.yaml:1:"), std::string::npos) << bad.error().message;
  EXPECT_NE(bad.error().message.find("is not a digest"), std::string::npos);
}

TEST_F(Versions, AFolderMustSayItsVersionAndTwoOfOneAreRefused) {
  taskserv("etcd", "3.4.0", "", "core", true);
  std::filesystem::rename(folder_ / "core/taskservs/etcd@3.4.0", folder_ / "core/taskservs/etcd@3.4.1");
  auto found = finder().versions(kTaskserv, "etcd");
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().message.find("its folder says \"etcd@3.4.1\""), std::string::npos) << found.error().message;
  std::filesystem::remove_all(folder_ / "core/taskservs/etcd@3.4.1");
  taskserv("etcd", "3.5.0", "", "core", true);
  found = finder().versions(kTaskserv, "etcd");
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().message.find("etcd 3.5.0 is in two folders"), std::string::npos) << found.error().message;
}

// ---- overlays

TEST_F(Versions, AnOverlayTakesThePlaceOfFilesAndKeys) {
  taskserv("web", "1.2.0", "timeout_s: 60\nparameters:\n  port: {type: int, default: 80}\n  name: {type: string}\n");
  folder_.write("core/taskservs/web/templates/a.mustache", "core\n");
  folder_.write("core/taskservs/web/templates/b.mustache", "core\n");
  const auto before = pack_extension(*finder().find(kTaskserv, "web"));
  folder_.write("ws/taskservs/web/templates/a.mustache", "workspace\n");
  folder_.write("ws/taskservs/web/overlay.yaml", "for: ^1.0\ntimeout_s: 90\nparameters: {port: 81, name: x}\n");
  folder_.write("infra/taskservs/web/templates/a.mustache", "infra\n");
  folder_.write("infra/taskservs/web/overlay.yaml", "parameters: {port: 82}\n");
  const auto web = finder().find(kTaskserv, "web");
  ASSERT_TRUE(web) << web.error().message;
  EXPECT_EQ(web->layer, "core");
  EXPECT_EQ(web->manifest.timeout_s, 90U);
  EXPECT_EQ(web->manifest.find_parameter("port")->default_value.text, "82");
  EXPECT_TRUE(web->manifest.find_parameter("name")->has_default);
  ASSERT_EQ(web->changed.size(), 3U);
  EXPECT_EQ(web->changed[1].key, "parameters.port");
  EXPECT_EQ(web->changed[1].layer, "infra");
  EXPECT_EQ(web->changed[1].before, "81");
  EXPECT_EQ(web->changed[1].before_layer, "workspace");

  const auto files = list_packed_files(*web);
  ASSERT_TRUE(files) << files.error().message;
  const auto file = [&](const std::string& name) {
    return *std::find_if(files->begin(), files->end(), [&](const PackedFile& one) { return one.name == name; });
  };
  EXPECT_EQ(file("templates/a.mustache").layer, "infra");
  EXPECT_EQ(file("templates/a.mustache").hidden, (std::vector<std::string>{"workspace", "core"}));
  EXPECT_EQ(file("templates/b.mustache").layer, "core");
  EXPECT_TRUE(file("templates/b.mustache").hidden.empty());
  const auto after = pack_extension(*web);
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_NE(after->digest, before->digest);
  EXPECT_NE(after->bytes.find("infra\n"), std::string::npos);
  EXPECT_EQ(after->bytes.find("workspace\n"), std::string::npos);
}

TEST_F(Versions, FilesOfManyAreThoseOfEachAlone) {
  folder_.write("core/lib/common.sh", "# shared\n");
  taskserv("web", "1.0.0");
  taskserv("clash", "1.0.0");
  folder_.write("core/taskservs/clash/lib/common.sh", "# its own\n");
  PackedFiles many;
  const ExtensionFinder all = finder();
  for (const std::string name : {"web", "clash", "os", "web"}) {
    const auto extension = all.find(kTaskserv, name);
    ASSERT_TRUE(extension) << extension.error().message;
    const auto alone = list_packed_files(*extension), among = many.of(*extension);
    const auto whole = pack_extension(*extension);
    ASSERT_EQ(alone.has_value(), name != "clash");
    ASSERT_EQ(among.has_value(), alone.has_value());
    ASSERT_EQ(whole.has_value(), alone.has_value()) << "what is listed is what can be packed";
    if (!alone) {
      EXPECT_EQ(among.error().message, alone.error().message);
      EXPECT_EQ(whole.error().message, alone.error().message);
      continue;
    }
    ASSERT_EQ(among->size(), alone->size());
    for (std::size_t i = 0; i < alone->size(); ++i) {
      EXPECT_EQ((*among)[i].name, (*alone)[i].name);
      EXPECT_EQ((*among)[i].layer, (*alone)[i].layer);
      EXPECT_EQ((*among)[i].path, (*alone)[i].path);
    }
  }
}

TEST_F(Versions, ReadAllTogetherTheyAreWhatEachIsAlone) {
  std::vector<std::string> names = finder().names(kTaskserv);
  for (int n = 0; n < 60; ++n) {
    names.push_back("t" + std::to_string(n));
    taskserv(names.back(), "1.0." + std::to_string(n), n % 7 == 3 ? "nonsense: true\n" : "requires: [os]\n",
             n % 2 == 0 ? "ws" : "core");
  }
  folder_.write("infra/taskservs/t4/overlay.yaml", "timeout_s: 90\n");
  names.push_back("nobody");
  const ExtensionFinder together = finder(), alone = finder();
  together.read_all(kTaskserv, names);
  together.read_all(kTaskserv, names);  // finds them read
  for (const std::string& name : names) {
    const auto &a = together.versions(kTaskserv, name), &b = alone.versions(kTaskserv, name);
    ASSERT_EQ(a.has_value(), b.has_value()) << name;
    if (!a) {
      EXPECT_EQ(a.error().message, b.error().message);
      continue;
    }
    ASSERT_EQ(a->size(), b->size()) << name;
    for (std::size_t i = 0; i < a->size(); ++i) {
      EXPECT_EQ((*a)[i].manifest.version, (*b)[i].manifest.version);
      EXPECT_EQ((*a)[i].folder, (*b)[i].folder);
      EXPECT_EQ((*a)[i].changed.size(), (*b)[i].changed.size());
    }
  }
}

TEST_F(Versions, AnOverlayThatDoesNotFitIsRefusedWithItsPlace) {
  taskserv("web", "2.0.0", "parameters:\n  port: {type: int, default: 80}\n  key: {type: secret}\n");
  const auto with = [&](const std::string& overlay) {
    folder_.write("ws/taskservs/web/overlay.yaml", overlay);
    const auto found = finder().find(kTaskserv, "web");
    return found ? std::string("taken") : found.error().message;
  };
  const std::string file = folder_ / "ws/taskservs/web/overlay.yaml";
  EXPECT_EQ(with("parameters: {port: 81}\n"), "taken");
  EXPECT_EQ(with("for: ^1.0\n").rfind(file + ":1:6: it was written for web ^1.0, and lies over 2.0.0", 0), 0U);
  EXPECT_EQ(with("for: latest\n").rfind(file + ":1:6: \"latest\" is not a range", 0), 0U);
  EXPECT_EQ(with("parameters: {prot: 81}\n"), file + ":1:14: web has no parameter \"prot\"");
  EXPECT_EQ(with("parameters: {port: high}\n").rfind(file + ":1:20: \"port\" must be a whole number", 0), 0U);
  EXPECT_NE(with("parameters: {key: x}\n").find("a secret cannot have a default"), std::string::npos);
  EXPECT_NE(with("version: 3.0.0\n").find("\"version\" is not known in the overlay"), std::string::npos);
}

TEST_F(Versions, AnOverlayOfNothingIsNoExtension) {
  folder_.write("ws/taskservs/ghost/templates/a.mustache", "x");
  EXPECT_EQ(finder().find(kTaskserv, "ghost").error().code, Code::not_found);
  const auto names = finder().names(kTaskserv);
  EXPECT_EQ(std::count(names.begin(), names.end(), "ghost"), 0);
}

// ---- what a manifest can say

TEST_F(Versions, AManifestWithEveryField) {
  const auto tree = parse_yaml(
      "name: web\nkind: taskserv\nversion: 1.0.0-rc.1\ndescription: d\nlicence: MIT\n"
      "requires: [os, {etcd: ^3.5}, \"redis@>=6 <8\"]\noptional: {cilium: 1.14}\nconflicts: [apache]\n"
      "retry_safe: true\ntimeout_s: 30\nports: [80]\nsupported: {os: [debian-12], arch: [amd64, arm64]}\n"
      "interpreters: [bash, python3]\nhealth_check: {port: 80, http_path: /up, retries: 5}\n"
      "resources: {cpus: 2, memory_mb: 512, disk_mb: 100}\n"
      "parameters:\n  port: {type: int, default: 80}\n  key: {type: secret}\n"
      "profiles: {production: {description: p, params: {port: 443}}}\n",
      "m.yaml");
  const auto manifest = parse_manifest(*tree, "m.yaml");
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(names_of(manifest->requires_), (std::vector<std::string>{"os", "etcd", "redis"}));
  EXPECT_EQ(to_text(manifest->requires_[2]), "redis >=6 <8");
  EXPECT_TRUE(manifest->optional[0].range.contains({1, 14, 9}));
  EXPECT_EQ(manifest->arch, (std::vector<std::string>{"amd64", "arm64"}));
  EXPECT_EQ(manifest->interpreters, (std::vector<std::string>{"bash", "python3"}));
  EXPECT_EQ(manifest->health_check.http_path, "/up");
  EXPECT_EQ(manifest->health_check.retries, 5U);
  EXPECT_EQ(manifest->resources.memory_mb, 512U);
  ASSERT_NE(manifest->find_profile("production"), nullptr);
  EXPECT_EQ(manifest->find_profile("production")->params[0].second.text, "443");
}

TEST_F(Versions, AProfileStandsBetweenDefaultsAndSettings) {
  taskserv("web", "1.0.0",
           "parameters:\n  port: {type: int, default: 80}\n  name: {type: string, default: a}\n"
           "profiles: {production: {params: {port: 443, name: b}}}\n");
  const auto resolved = resolve_taskservs(
      infra("  - {hostname: a, taskservs: [{name: web, profile: production, params: {name: c}}]}\n"), finder(), {});
  ASSERT_TRUE(resolved) << resolved.error().message;
  EXPECT_EQ(resolved->taskservs[0].params, (Pairs{{"name", "c"}, {"port", "443"}}));
  const Error error = refused("  - {hostname: a, taskservs: [{name: web, profile: prodution}]}\n");
  EXPECT_EQ(error.message, "s.yaml:3:31: web on a: there is no profile \"prodution\"");
  EXPECT_EQ(error.hint, "did you mean \"production\"?");
}

}  // namespace
}  // namespace prov::workspace
