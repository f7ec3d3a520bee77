// From operations to what is sent: hosts, task services and scripts as the workspace has them.
#include "coordinator/batch/resolve.h"

#include "common/hash.h"
#include "common/wire/agent_wire.h"
#include "coordinator/modules/cluster.h"
#include "tests/unit/batch/texts.h"
#include "tests/unit/workspace/temp_folder.h"

namespace prov::batch {
namespace {

using examples::batch_of;

class BatchResolve : public testing::Test {
 protected:
  BatchResolve() {
    extension("taskserv", "os", "");
    extension("taskserv", "redis", "requires: [os]\nparameters:\n  memory: {type: string, default: 64mb}\n");
    extension("taskserv", "nginx",
              "requires: [os]\noptional: [redis]\nparameters:\n  port: {type: int, default: 80}\n"
              "  password: {type: secret}\n");
    extension("provider", "local", "runtimes: [namespace]\n");
    extension("provider", "cloud", "");
    folder_.write(
        "infra/demo/settings.yaml",
        "settings: {name: demo, provider: local}\nservers:\n"
        "  - {hostname: web-1, taskservs: [os, {name: nginx, params: {password: {secret: demo/web}}}]}\n"
        "  - {hostname: web-2, taskservs: [os, {name: nginx, params: {port: 81, password: {secret: demo/web}}}]}\n"
        "  - {hostname: db-1, provider: cloud, taskservs: [os, redis]}\n");
    folder_.write("infra/demo/clusters/web.yaml",
                  "cluster: {name: web, version: 2.0.0, servers: [web-2, web-1],\n"
                  "  taskservs: [{name: nginx, params: {port: 8080}}, {name: redis, params: {memory: 1gb}}]}\n");
    infra_ = *parse_infra(*load_yaml(folder_ / "infra/demo/settings.yaml"), "settings.yaml", "demo");
    infra_.folder = folder_ / "infra/demo";
  }

  void extension(const std::string& kind, const std::string& name, const std::string& more) {
    const std::string at = "core/" + kind + "s/" + name;
    folder_.write(at + "/manifest.yaml", "name: " + name + "\nkind: " + kind + "\nversion: 1.2.3\n" + more);
    folder_.write(at + "/scripts/install", "#!/bin/sh\n# " + name + "\n", true);
  }
  Result<ResolvedBatch> resolve(const std::string& operations) {
    folder_.write("b.yaml", batch_of(operations));
    auto batch = load_batch(folder_ / "b.yaml", folder_.path(), {});
    if (!batch) return tl::unexpected(batch.error());
    return resolve_batch(*batch, folder_.path(), needs_infra(*batch) ? &infra_ : nullptr,
                         ExtensionFinder(std::vector<Layer>{{"core", folder_ / "core"}}));
  }
  ResolvedOperation must(const std::string& operation) {
    auto batch = resolve("    - {id: a, " + operation + "}\n");
    EXPECT_TRUE(batch.has_value()) << (batch ? "" : batch.error().message);
    return batch ? batch->operations.front() : ResolvedOperation{};
  }
  Error refused(const std::string& operation) {
    const auto batch = resolve("    - {id: a, " + operation + "}\n");
    EXPECT_FALSE(batch.has_value()) << operation;
    return batch ? Error{} : batch.error();
  }
  static std::string hosts(const std::vector<ResolvedTaskserv>& list) {
    std::string out;
    for (const auto& one : list) {
      out += (out.empty() ? "" : " ") + one.server + "/" + one.name;
      for (const auto before : one.after) out += "<" + std::to_string(before);
    }
    return out;
  }

  test::TempFolder folder_;
  Infra infra_;
};

TEST_F(BatchResolve, ServersByNameGlobAndProvider) {
  ResolvedOperation all = must("type: server_create");
  ASSERT_EQ(all.servers.size(), 3U);
  EXPECT_EQ(all.servers[2].provider, "cloud");
  EXPECT_FALSE(all.servers[2].provider_bundle.is_zero());
  EXPECT_EQ(must("type: server_create, servers: [\"web-*\", web-1]").servers.size(), 2U);
  EXPECT_EQ(must("type: server_batch, provider: cloud").servers.front().hostname, "db-1");
  EXPECT_EQ(must("type: server_delete, servers: [\"*-1\"]").hostnames, (std::vector<std::string>{"web-1", "db-1"}));
  EXPECT_EQ(must("type: server_delete, servers: [gone-9]").hostnames, (std::vector<std::string>{"gone-9"}))
      << "it may be there although the settings name it no more";
  const Error error = refused("type: server_create, servers: [wbe-1]");
  EXPECT_NE(error.message.find("b.yaml:4:7: \"a\": infra \"demo\" has no server \"wbe-1\""), std::string::npos)
      << error.message;
  EXPECT_EQ(error.hint, "did you mean \"web-1\"?");
  EXPECT_NE(refused("type: server_create, provider: aws").message.find("has no server of provider aws"),
            std::string::npos);
}

TEST_F(BatchResolve, TaskservsOfTheSettingsWithWhatTheyRequire) {
  const ResolvedOperation nginx = must("type: taskserv_create, taskservs: [nginx], params: {port: 8000}");
  EXPECT_EQ(hosts(nginx.taskservs), "web-1/os web-2/os web-1/nginx<0 web-2/nginx<1");
  EXPECT_EQ(nginx.taskservs[2].params, (Pairs{{"port", "8000"}})) << "the operation wins over the settings";
  EXPECT_EQ(nginx.taskservs[3].params, (Pairs{{"port", "8000"}}));
  EXPECT_EQ(nginx.taskservs[3].secrets, (Pairs{{"password", "demo/web"}}));
  EXPECT_EQ(hosts(must("type: taskserv_delete, taskservs: [nginx]").taskservs), "web-1/nginx web-2/nginx");
  EXPECT_EQ(hosts(must("type: taskserv_check, taskservs: [os], provider: cloud").taskservs), "db-1/os");
}

TEST_F(BatchResolve, ForTargetsThereIsWhatAnyHostWouldGet) {
  const ResolvedOperation redis = must(
      "type: taskserv_create, taskservs: [{name: redis, params: {memory: 2gb}}], "
      "targets: all, provider: cloud");
  EXPECT_EQ(hosts(redis.taskservs), "db-1/os db-1/redis<0 /os /redis<2");
  EXPECT_EQ(redis.taskservs[1].params, (Pairs{{"memory", "2gb"}}));
  EXPECT_EQ(redis.taskservs[3].params, (Pairs{{"memory", "2gb"}}));
  EXPECT_EQ(redis.targets, "(all) and provider:cloud");
  // What cannot be without a parameter stays with the hosts whose settings give it.
  EXPECT_EQ(hosts(must("type: taskserv_create, taskservs: [nginx], targets: all").taskservs),
            "web-1/os web-2/os web-1/nginx<0 web-2/nginx<1 /os");
  const ResolvedOperation given =
      must("type: taskserv_create, taskservs: [nginx], targets: all, params: {password: {secret: demo/x}}");
  EXPECT_EQ(given.taskservs.back().secrets, (Pairs{{"password", "demo/x"}}));
}

TEST_F(BatchResolve, WhatIsWrongWithTaskservs) {
  EXPECT_NE(refused("type: taskserv_create, taskservs: [ngin]").hint.find("did you mean \"nginx\"?"),
            std::string::npos);
  Error error = refused("type: taskserv_create, taskservs: [nginx, redis], params: {prot: 1}");
  EXPECT_NE(error.message.find("none of these task services has a parameter \"prot\""), std::string::npos);
  EXPECT_EQ(error.hint, "did you mean \"port\"?");
  error = refused("type: taskserv_create, taskservs: [{name: nginx, params: {port: many}}]");
  EXPECT_NE(error.message.find("b.yaml:4:79: nginx: \"port\" must be a whole number"), std::string::npos)
      << error.message;
  error = refused("type: taskserv_check, taskservs: [redis], provider: local");
  EXPECT_NE(error.message.find("no server of local in infra \"demo\" has the taskserv \"redis\""), std::string::npos);
  EXPECT_NE(error.hint.find("or say which hosts: \"targets: ...\""), std::string::npos);
}

TEST_F(BatchResolve, ACluster) {
  const ResolvedOperation web = must("type: cluster_create, cluster: web");
  ASSERT_TRUE(web.cluster.has_value());
  EXPECT_EQ(web.cluster->version, "2.0.0");
  EXPECT_EQ(web.cluster->servers, (std::vector<std::string>{"web-1", "web-2"}));
  EXPECT_EQ(web.cluster->taskservs, (std::vector<std::string>{"redis", "nginx"})) << "in the order of installation";
  ASSERT_EQ(web.taskservs.size(), 6U);
  EXPECT_EQ(web.taskservs.back().name, "nginx");
  EXPECT_EQ(web.taskservs.back().params, (Pairs{{"port", "8080"}}));
  EXPECT_EQ(web.taskservs.back().secrets, (Pairs{{"password", "demo/web"}})) << "of the infra's settings";
  EXPECT_EQ(must("type: cluster_delete, cluster: web").taskservs.size(), 4U) << "what it requires stays";
  EXPECT_EQ(refused("type: cluster_create, cluster: wbe").hint, "did you mean \"web\"?");
  const auto parsed = [](const std::string& text) { return parse_cluster(*parse_yaml(text, "c"), "c", "c"); };
  EXPECT_NE(parsed("cluster: {name: d, servers: [a], taskservs: [os]}").error().message.find("its file is"),
            std::string::npos);
  EXPECT_NE(parsed("cluster: {name: c, servers: [], taskservs: [os]}").error().message.find("a cluster has 1 to"),
            std::string::npos);
  EXPECT_NE(parsed("cluster: {name: c, servers: [a, a], taskservs: [os]}").error().message.find("there twice"),
            std::string::npos);
}

TEST_F(BatchResolve, ScriptsTravelAsBundlesOfOneFile) {
  folder_.write("scripts/go", "#!/bin/sh\necho go\n");
  folder_.write("scripts/back", "#!/bin/sh\necho back\n");
  folder_.write("scripts/plain", "echo\n");
  auto batch = resolve(
      "    - {id: a, type: script, targets: all, script: scripts/go, args: [x], undo_script: scripts/back, "
      "env: {A: b}, stdin: hello}\n"
      "    - {id: b, type: script, targets: all, script: ./scripts/../scripts/go}\n");
  ASSERT_TRUE(batch.has_value()) << batch.error().message;
  EXPECT_TRUE(batch->infra.empty()) << "nothing of an infra is needed";
  ASSERT_EQ(batch->bundles.size(), 2U);
  const ResolvedExec& exec = batch->operations[0].exec;
  EXPECT_EQ(exec.bundle, batch->operations[1].exec.bundle);
  EXPECT_EQ(exec.script, "scripts/run");
  EXPECT_EQ(exec.argv, (std::vector<std::string>{"x"}));
  EXPECT_EQ(exec.stdin_data, "hello");
  EXPECT_EQ(batch->operations[0].undo.environment, (Pairs{{"A", "b"}}));
  for (const auto& bundle : batch->bundles) {
    EXPECT_EQ(bundle.digest, digest_of(bundle.bytes));
    const auto files = wire::decode_bundle(bundle.bytes);
    ASSERT_EQ(files->size(), 1U);
    EXPECT_EQ(files->front().path, "scripts/run");
    EXPECT_EQ(files->front().mode, 0755) << "executable, whatever the file is here";
  }
  EXPECT_NE(refused("type: script, targets: all, script: scripts/plain").message.find("does not say what runs it"),
            std::string::npos);
  EXPECT_NE(refused("type: script, targets: all, script: scripts/none").message.find("No such file"),
            std::string::npos);
  EXPECT_NE(refused("type: script, targets: all, script: /bin/sh").message.find("no path from the folder"),
            std::string::npos);
  std::filesystem::create_symlink("/bin/sh", folder_ / "scripts/out");
  EXPECT_NE(refused("type: script, targets: all, script: scripts/out").message.find("leads out of the workspace"),
            std::string::npos);
}

TEST_F(BatchResolve, TooLargeAFileIsRefusedByItsSize) {
  std::ofstream(folder_ / "huge.yaml").put('x');
  std::filesystem::resize_file(folder_ / "huge.yaml", 50 << 20);  // sparse: nothing of it is read
  const auto batch = load_batch(folder_ / "huge.yaml", folder_.path(), {});
  ASSERT_FALSE(batch.has_value());
  EXPECT_EQ(batch.error().code, Code::invalid) << "to try again later would not help";
  EXPECT_NE(batch.error().message.find("larger than the 16777216 bytes"), std::string::npos);
  EXPECT_EQ(load_batch(folder_ / "none.yaml", folder_.path(), {}).error().code, Code::not_found);
}

TEST_F(BatchResolve, AliasesThatExplodeAreRefused) {
  std::string bomb = "batch_workflow:\n  name: b\n  params:\n    a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "    a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + ", " + before + "]\n";
  }
  folder_.write("bomb.yaml", bomb);
  EXPECT_NE(load_batch(folder_ / "bomb.yaml", folder_.path(), {}).error().message.find("an anchor (&) is not allowed"),
            std::string::npos);
}

// What the repository shows must be true.
TEST(BatchExamples, EachIsReadAndResolved) {
  const std::string root = PROV_EXAMPLES;
  const auto workspace = load_workspace(root);
  ASSERT_TRUE(workspace.has_value()) << workspace.error().message;
  const auto infra = load_infra(*workspace, "");
  ASSERT_TRUE(infra.has_value()) << infra.error().message;
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(root)) {
    if (!entry.is_regular_file()) continue;
    SCOPED_TRACE(entry.path().filename().string());
    const auto batch = load_batch(entry.path().string(), root, {});
    ASSERT_TRUE(batch.has_value()) << batch.error().message;
    const auto resolved =
        resolve_batch(*batch, root, &*infra, ExtensionFinder(std::vector<Layer>{{"core", PROV_EXTENSIONS}}));
    ASSERT_TRUE(resolved.has_value()) << resolved.error().message;
    EXPECT_FALSE(resolved->operations.empty());
    ++files;
  }
  EXPECT_GE(files, 14);
}

}  // namespace
}  // namespace prov::batch
