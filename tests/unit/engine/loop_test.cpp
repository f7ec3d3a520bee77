// What a loop says: its items' outputs, by item and all together.
#include "coordinator/domain/scope.h"
#include "tests/unit/engine/given.h"

namespace prov::domain {
namespace {

using Names = std::vector<std::string>;

BatchOperation loop_over(std::string hosts) {
  BatchOperation loop = script("load", {}, "{{item}}");
  loop.for_each_targets = std::move(hosts);
  loop.outputs = {"state"};
  return loop;
}

BatchOperation waits_with(std::string condition) {
  BatchOperation then = script("then", {}, "h3");
  then.dependencies = {{"load", DependencyKind::soft}};
  then.when = std::move(condition);
  return then;
}

void say(Hosts& p, const Id& id, const std::string& item, const std::string& value) {
  TaskEnded e;
  e.task = p.task_of(id, "load[" + item + "]");
  e.attempt = 1;
  if (!value.empty()) e.outputs = {{"state", value}};
  p.must(ReportEnded{find_task(p.state, e.task)->agent, e, 0, {}});
}

// Whether it runs when the items on h1 and h2 have said these.
bool runs(const std::string& condition, const Names& said, const std::string& hosts = "h1 or h2") {
  Hosts p;
  const Id id = p.submit(batch_of({loop_over(hosts), waits_with(condition)}));
  for (std::size_t i = 0; i < said.size(); ++i) say(p, id, "h" + std::to_string(i + 1), said[i]);
  EXPECT_NE(p.operation(id, "then").outcome, Outcome::failed) << p.operation(id, "then").message;
  return p.task_in(id, "then").status == TaskStatus::dispatched;
}

TEST(Loop, SaysAListOfWhatItsItemsSay) {
  EXPECT_TRUE(runs("outputs.load.state == [\"a\", \"b\"]", {"a", "b"})) << "in the order of the items";
  EXPECT_TRUE(runs("count(outputs.load.state) == 1", {"a", ""})) << "of those that said it";
  EXPECT_TRUE(runs("outputs.load.state == [\"a\"]", {"a"}, "h1")) << "a list also when there is one item alone";
  EXPECT_TRUE(runs("not defined(outputs.load.state)", {"", ""}));
  EXPECT_TRUE(runs("contains(outputs.load.state, \"b\")", {"a", "b"}));
}

TEST(Loop, IsAskedWhetherAnyOrAllOfItsItemsSaidSo) {
  EXPECT_TRUE(runs("all(outputs.load.state == \"ready\")", {"ready", "ready"}));
  EXPECT_FALSE(runs("all(outputs.load.state == \"ready\")", {"ready", "slow"}));
  EXPECT_TRUE(runs("any(starts_with(outputs.load.state, \"rea\"))", {"slow", "ready"}));
  EXPECT_FALSE(runs("any(outputs.load.state > 5)", {"5", "4"}));
  EXPECT_FALSE(runs("all(outputs.load.state == \"ready\") or any(outputs.load.state == \"ready\")", {"", ""}));
}

TEST(Loop, IsReadItemByItem) {
  EXPECT_TRUE(runs("outputs.load[\"h2\"].state == \"b\" and result.load[\"h1\"] == \"done\"", {"a", "b"}));
  EXPECT_TRUE(runs("outputs[\"load[h2]\"].state == \"b\"", {"a", "b"})) << "the same, by its own id";
}

TEST(Loop, NamesItsItemsWhenOneIsAskedForThatItHasNot) {
  Hosts p(12);
  const auto answer = p.give(batch_of({loop_over("h*"), waits_with("outputs.load[\"h99\"].state == \"b\"")}));
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message.find("the loop \"load\" has no item \"h99\""), std::string::npos)
      << answer.error().message;
  EXPECT_EQ(answer.error().hint, "it has: h1, h10, h11, h12, h2, h3, h4, h5 and 4 more");
  const auto output = p.give(batch_of({loop_over("h*"), waits_with("outputs.load.stat == \"b\"")}));
  ASSERT_FALSE(output);
  EXPECT_NE(output.error().message.find("operation \"load\" has no output \"stat\""), std::string::npos);
  EXPECT_NE(output.error().hint.find("state"), std::string::npos);
}

TEST(Loop, StandsInAnArgumentWithCommasAndWithinWhatAProgramTakes) {
  Hosts p;
  BatchOperation then = script("then", {"load"}, "h3");
  then.exec.argv = {"join", "{{outputs.load.state}}"};
  const Id id = p.submit(batch_of({loop_over("h1 or h2"), then}));
  say(p, id, "h1", "a");
  say(p, id, "h2", std::string(100'000, 'b'));
  const Workflow& workflow = p.workflow(id);
  EXPECT_EQ(*fill_in(p.state, workflow, "h3", "--of={{outputs.load.state}}"), "--of=a," + std::string(100'000, 'b'));
  const auto twice = fill_in(p.state, workflow, "h3", "{{outputs.load.state}} {{outputs.load.state}}");
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, Code::exhausted);
  EXPECT_NE(twice.error().message.find("{{outputs.load.state}}"), std::string::npos) << twice.error().message;
}

}  // namespace
}  // namespace prov::domain
