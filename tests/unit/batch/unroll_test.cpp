// Loops and nested batches: what they become, and whose names mean what.
#include "tests/unit/batch/texts.h"

namespace prov::batch {
namespace {

using examples::batch_of;
using examples::must;
using examples::needs;
using examples::operation;
using examples::refused;

std::string script_step(const std::string& id, const std::string& more) {
  return "    - {id: " + id + ", type: script, targets: all, " + more + "}\n";
}

TEST(BatchLoop, AListOfValues) {
  const Batch batch = must(batch_of(script_step("first", "run: [x]") +
                                    script_step("load",
                                                "for_each: [eu, us-1], run: [load, \"{{item}}/{{key}}\"], "
                                                "dependencies: [first], checkpoint: loaded") +
                                    script_step("last", "run: [x], dependencies: [load]")));
  EXPECT_EQ(examples::ids(batch), "first load[eu] load[us-1] load last");
  EXPECT_EQ(operation(batch, "load[us-1]").run.argv[1], "us-1/us-1");
  EXPECT_EQ(needs(batch, "load[eu]"), "first");
  EXPECT_EQ(needs(batch, "load"), "load[eu] load[us-1]");
  EXPECT_EQ(needs(batch, "last"), "load");
  EXPECT_EQ(operation(batch, "load").kind, OperationKind::batch);
  EXPECT_EQ(operation(batch, "load").checkpoint, "loaded") << "is reached when all of them are done";
  EXPECT_EQ(operation(batch, "load[eu]").checkpoint, "");
}

TEST(BatchLoop, AListOfMappingsAndAMapping) {
  const Batch batch = must(
      batch_of(script_step("a",
                           "for_each: [{port: 80, host: {name: w}}], run: [x, \"{{item.host.name}}:{{item.port}}\"], "
                           "retries: \"{{key}}\", timeout_s: \"{{item.port}}\"") +
               script_step("b",
                           "for_each: {one: {size: 1, args: [p, q]}, two: {size: 2, args: []}}, "
                           "script: s.sh, args: \"{{item.args}}\", when: 'item.size > 1 and key != \"x\"'")));
  EXPECT_EQ(operation(batch, "a[0]").run.argv[1], "w:80");
  EXPECT_EQ(operation(batch, "a[0]").timeout_s, 80U) << "a whole text keeps the kind of its value";
  EXPECT_EQ(operation(batch, "b[one]").run.argv, (std::vector<std::string>{"p", "q"}));
  EXPECT_EQ(operation(batch, "b[two]").when, "\"2\" > 1 and \"two\" != \"x\"");
}

TEST(BatchLoop, AValueIsDataAndNeverReplacedTwice) {
  const Error error = refused(batch_of(script_step("a", "for_each: {k: \"{{key}}\"}, run: [x, \"{{item}}\"]")));
  EXPECT_NE(error.message.find("there is no \"key\" here"), std::string::npos) << error.message;
  const auto given =
      examples::parse({{"b.yaml", batch_of(script_step("a", "targets: x, run: [x]"), "  params: {p: 1}\n")}});
  EXPECT_FALSE(given.has_value());
  const auto braces = examples::parse(
      {{"b.yaml",
        batch_of("    - {id: a, type: wait, seconds: 1, checkpoint: \"{{params.p}}\"}\n", "  params: {p: x}\n")}},
      {{"p", "{{params.p}}"}});
  ASSERT_FALSE(braces.has_value());
  EXPECT_NE(braces.error().message.find("has {{ in it; a value is not replaced again"), std::string::npos);
  // What looks like code stays a text.
  const Batch hostile =
      must(batch_of(script_step("b", "for_each: {k: {v: 'x\" or true or \"'}}, run: [x], when: 'item.v == \"y\"'")));
  EXPECT_EQ(operation(hostile, "b[k]").when, "\"x\\\" or true or \\\"\" == \"y\"");
}

TEST(BatchLoop, NothingToGoOverKeepsTheOrder) {
  const Batch batch =
      must(batch_of(script_step("a", "run: [x]") + script_step("b", "for_each: [], run: [x], dependencies: [a]") +
                    script_step("c", "run: [x], dependencies: [b]")));
  EXPECT_EQ(examples::ids(batch), "a b c");
  EXPECT_EQ(needs(batch, "b"), "a");
}

TEST(BatchLoop, OverHostsItIsTheCoordinators) {
  const Batch batch =
      must(batch_of("    - {id: a, type: script, for_each: {targets: \"role:db\"}, run: [x, \"{{item}}\"],\n"
                    "       when: 'facts[\"{{item}}\"].os == \"debian\" and item != \"db-9\"'}\n"
                    "    - {id: b, type: wait, seconds: 1, dependencies: [a]}\n"));
  EXPECT_EQ(operation(batch, "a").for_each_targets, "role:db");
  EXPECT_EQ(operation(batch, "a").targets, "{{item}}");
  EXPECT_EQ(operation(batch, "a").run.argv[1], "{{item}}");
  EXPECT_EQ(operation(batch, "a").when, "facts[\"{{item}}\"].os == \"debian\" and \"{{item}}\" != \"db-9\"");
  EXPECT_NE(refused(batch_of("    - {id: a, type: batch, for_each: {targets: all}, operations: [{id: x, type: wait, "
                             "seconds: 1}]}\n"))
                .message.find("a nested batch cannot go over hosts"),
            std::string::npos);
}

TEST(BatchLoop, ItsBounds) {
  std::string many = "[x";
  for (int i = 0; i < 10'001; ++i) many += "," + std::to_string(i);
  EXPECT_NE(
      refused(batch_of(script_step("a", "run: [x], for_each: " + many + "]"))).message.find("goes over 10002 items"),
      std::string::npos);
  std::string items = "[x";
  for (int i = 0; i < 999; ++i) items += "," + std::to_string(i);
  const std::string inner = "[{id: y, type: wait, seconds: 1, for_each: " + items + "]}]";
  const Error error =
      refused(batch_of("    - {id: a, type: batch, for_each: " + items + "], operations: " + inner + "}\n"));
  EXPECT_NE(error.message.find("more than 200000 operations when unrolled"), std::string::npos) << error.message;
  EXPECT_EQ(error.message.find('\n'), std::string::npos) << "told once";
  EXPECT_NE(refused(batch_of(script_step("a", "run: [x], for_each: \"outputs.b.list\"")))
                .message.find("must be known before"),
            std::string::npos);
  EXPECT_NE(
      refused(batch_of(script_step("a", "run: [x], for_each: [p, p]"))).message.find("the item \"p\" is there twice"),
      std::string::npos);
  EXPECT_NE(
      refused(batch_of(script_step("a", "run: [x], for_each: [\"a b\"]"))).message.find("cannot be the key of an item"),
      std::string::npos);
}

const std::string kNested =
    "    - {id: first, type: script, targets: all, run: [x], outputs: [go]}\n"
    "    - id: outer\n"
    "      type: batch\n"
    "      dependencies: [first]\n"
    "      when: outputs.first.go == \"yes\"\n"
    "      checkpoint: outer-done\n"
    "      defaults: {retries: 4}\n"
    "      operations:\n"
    "        - {id: a, type: script, targets: all, run: [x], outputs: [n]}\n"
    "        - {id: b, type: script, targets: all, run: [x, \"{{outputs.a.n}}\"], dependencies: [a],\n"
    "           when: outputs.a.n > 1 or outputs.first.go == \"also\"}\n"
    "        - {id: c, type: script, targets: all, run: [x], dependencies: [{id: a, kind: soft}], retries: 1}\n"
    "    - {id: last, type: wait, dependencies: [outer],\n"
    "       until: 'result.outer == \"done\" and result[\"outer/a\"] == \"done\"'}\n";

TEST(BatchNested, InlineOperationsTakeWhatIsAround) {
  const Batch batch = must(batch_of(kNested));
  EXPECT_EQ(examples::ids(batch), "first outer/a outer/b outer/c outer last");
  EXPECT_EQ(needs(batch, "outer/a"), "first");
  EXPECT_EQ(needs(batch, "outer/b"), "outer/a first(soft)") << "the condition reads first";
  EXPECT_EQ(needs(batch, "outer/c"), "first outer/a(soft)") << "nothing inside holds it back";
  EXPECT_EQ(needs(batch, "outer"), "outer/a outer/b outer/c");
  EXPECT_EQ(operation(batch, "outer/a").when, "outputs.first.go == \"yes\"");
  EXPECT_EQ(operation(batch, "outer/b").when,
            "outputs.first.go == \"yes\" and (outputs[\"outer/a\"].n > 1 or outputs.first.go == \"also\")");
  EXPECT_EQ(operation(batch, "outer/b").run.argv[1], "{{outputs[\"outer/a\"].n}}");
  EXPECT_EQ(operation(batch, "outer/a").retry.count, 4U);
  EXPECT_EQ(operation(batch, "outer/c").retry.count, 1U);
  EXPECT_EQ(operation(batch, "outer").checkpoint, "outer-done");
  EXPECT_EQ(operation(batch, "outer").when, "");
  EXPECT_EQ(operation(batch, "last").until, "result.outer == \"done\" and result[\"outer/a\"] == \"done\"");
}

TEST(BatchNested, TheInnermostLoopIsMeant) {
  const Batch batch = must(batch_of(
      "    - id: o\n      type: batch\n      for_each: {p: {ports: [1, 2], name: x}, q: {ports: [3], name: y}}\n"
      "      operations:\n"
      "        - {id: n, type: script, targets: all, run: [\"{{item.name}}\"]}\n"
      "        - {id: i, type: script, targets: all, for_each: \"{{item.ports}}\", run: [\"{{item}}\"], dependencies: "
      "[n]}\n"));
  EXPECT_EQ(examples::ids(batch), "o[p]/n o[p]/i[1] o[p]/i[2] o[p]/i o[p] o[q]/n o[q]/i[3] o[q]/i o[q] o");
  EXPECT_EQ(operation(batch, "o[q]/n").run.argv[0], "y");
  EXPECT_EQ(operation(batch, "o[p]/i[2]").run.argv[0], "2");
  EXPECT_EQ(needs(batch, "o"), "o[p] o[q]");
}

const std::string kRegion =
    "batch_workflow:\n  name: region\n  parallel_limit: 2\n  params: {region: none, size: 1}\n  rollback_enabled: "
    "true\n"
    "  operations:\n"
    "    - {id: make, type: script, targets: \"label:region={{params.region}}\", run: [make, \"{{params.region}}\"], "
    "outputs: [ip]}\n"
    "    - {id: test, type: script, targets: all, run: [ping, \"{{outputs.make.ip}}\"], dependencies: [make],\n"
    "       when: params.size > 1}\n";

TEST(BatchNested, AFileIncludedForEachItem) {
  const auto batch = examples::parse(
      {{"b.yaml",
        batch_of(
            "    - {id: r, type: batch, for_each: [eu, us], file: region.yaml, params: {region: \"{{item}}\"}}\n")},
       {"region.yaml", kRegion}});
  ASSERT_TRUE(batch.has_value()) << batch.error().message;
  EXPECT_EQ(examples::ids(*batch), "r[eu]/make r[eu]/test r[eu] r[us]/make r[us]/test r[us] r");
  EXPECT_EQ(operation(*batch, "r[us]/make").targets, "label:region=us");
  EXPECT_EQ(operation(*batch, "r[us]/make").run.argv[1], "us");
  EXPECT_EQ(operation(*batch, "r[us]/make").on_failure, OnFailure::rollback);
  EXPECT_EQ(operation(*batch, "r[us]/test").run.argv[1], "{{outputs[\"r[us]/make\"].ip}}");
  EXPECT_EQ(operation(*batch, "r[us]/test").when, "\"1\" > 1");
  ASSERT_EQ(batch->notes.size(), 1U);
  EXPECT_NE(batch->notes[0].find("region.yaml: \"parallel_limit\" has no effect"), std::string::npos);
  EXPECT_TRUE(batch->params.empty()) << "those of an included file are known for good";
}

TEST(BatchNested, MistakesNameTheFileTheyAreIn) {
  const std::string include = batch_of("    - {id: r, type: batch, file: region.yaml, params: {regoin: eu}}\n");
  auto batch = examples::parse({{"b.yaml", include}, {"region.yaml", kRegion}});
  ASSERT_FALSE(batch.has_value());
  EXPECT_EQ(batch.error().message, "b.yaml:4:64: region.yaml has no parameter \"regoin\"");
  EXPECT_EQ(batch.error().hint, "did you mean \"region\"?");
  const std::string plain = batch_of("    - {id: r, type: batch, file: region.yaml}\n");
  batch = examples::parse({{"b.yaml", plain}});
  EXPECT_NE(batch.error().message.find("b.yaml:4:34: \"region.yaml\": No such file"), std::string::npos);
  batch = examples::parse(
      {{"b.yaml", plain}, {"region.yaml", "batch_workflow: {name: x, operations: [{id: a, type: waitt}]}\n"}});
  EXPECT_EQ(batch.error().message, "region.yaml:1:54: \"waitt\" is no type of operation");
  // An included file sees nothing of who includes it.
  batch = examples::parse(
      {{"b.yaml", batch_of("    - {id: z, type: wait, seconds: 1}\n    - {id: r, type: batch, file: i.yaml}\n")},
       {"i.yaml",
        "batch_workflow: {name: x, operations: [{id: a, type: wait, seconds: 1, when: "
        "'result.z == \"done\"'}]}\n"}});
  ASSERT_FALSE(batch.has_value());
  EXPECT_NE(batch.error().message.find("there is no operation \"z\""), std::string::npos);
}

TEST(BatchNested, FilesInACircleAndTooDeep) {
  const auto include = [](const std::string& file) {
    return batch_of("    - {id: r, type: batch, file: " + file + "}\n");
  };
  auto batch =
      examples::parse({{"b.yaml", include("c.yaml")}, {"c.yaml", include("d.yaml")}, {"d.yaml", include("c.yaml")}});
  ASSERT_FALSE(batch.has_value());
  EXPECT_EQ(batch.error().message,
            "d.yaml:4:34: files include each other in a circle: c.yaml includes d.yaml includes c.yaml");
  examples::Files files;
  for (int i = 0; i < 9; ++i) files["f" + std::to_string(i)] = include("f" + std::to_string(i + 1));
  files["b.yaml"] = include("f0");
  files["f9"] = batch_of("    - {id: a, type: wait, seconds: 1}\n");
  batch = examples::parse(files);
  ASSERT_FALSE(batch.has_value());
  EXPECT_NE(batch.error().message.find("batches are nested more than 8 deep"), std::string::npos);
}

}  // namespace
}  // namespace prov::batch
