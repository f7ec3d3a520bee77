// What refers to what: dependencies, circles, names in conditions and steps.
#include "tests/unit/batch/texts.h"

#include <random>

namespace prov::batch {
namespace {

using examples::batch_of;
using examples::must;
using examples::needs;
using examples::operation;
using examples::refused;

std::string wait(const std::string& id, const std::string& more) {
  return "    - {id: " + id + ", type: wait, seconds: 1" + (more.empty() ? "" : ", " + more) + "}\n";
}
std::string script(const std::string& id, const std::string& more) {
  return "    - {id: " + id + ", type: script, targets: all, " + more + "}\n";
}

TEST(BatchGraph, WhatIsNeededComesFirstElseTheOrderOfTheFile) {
  EXPECT_EQ(examples::ids(must(batch_of(wait("d", "dependencies: [a]") + wait("c", "") +
                                        wait("b", "dependencies: [c]") + wait("a", "dependencies: [b]")))),
            "c b a d");
}

TEST(BatchGraph, AnUnknownNameIsAMistakeUnlessSoft) {
  const Error error = refused(batch_of(wait("build", "") + wait("b", "dependencies: [biuld]")));
  EXPECT_EQ(error.message, "b.yaml:5:54: there is no operation \"biuld\"");
  EXPECT_EQ(error.hint, "did you mean \"build\"?");
  const Batch batch = must(batch_of(wait("b", "dependencies: [{id: gone, kind: soft}]")));
  EXPECT_EQ(needs(batch, "b"), "");
  ASSERT_EQ(batch.notes.size(), 1U);
  EXPECT_NE(batch.notes[0].find("b.yaml:4:54: there is no operation \"gone\""), std::string::npos) << batch.notes[0];
}

TEST(BatchGraph, FromInsideANestedBatchOnlyWhatStandsBesideIt) {
  const Error error =
      refused(batch_of(wait("x", "") + "    - {id: o, type: batch, operations: [{id: a, type: wait, seconds: 1, "
                                       "dependencies: [x]}]}\n"));
  EXPECT_NE(error.message.find("there is no operation \"x\""), std::string::npos);
  EXPECT_EQ(error.hint, "inside a nested batch a dependency names an operation beside it; put this one on \"o\"");
  const Batch batch = must(batch_of("    - {id: o, type: batch, operations: [{id: a, type: wait, seconds: 1}]}\n" +
                                    wait("y", "dependencies: [o/a]")));
  EXPECT_EQ(needs(batch, "y"), "o/a") << "what is inside can be named";
}

TEST(BatchGraph, ACircleIsToldLinkByLink) {
  const Error error =
      refused(batch_of(wait("z", "") + wait("a", "dependencies: [c, z]") + wait("b", "dependencies: [a]") +
                       wait("c", "dependencies: [{id: b, kind: soft}]")));
  EXPECT_EQ(error.message,
            "b.yaml:5:7: these operations wait for each other in a circle, so none could begin:\n"
            "  \"a\" (line 5) needs \"c\" (line 7)\n"
            "  \"c\" (line 7) goes after \"b\" (line 6)\n"
            "  \"b\" (line 6) needs \"a\" (line 5)");
  EXPECT_EQ(error.hint, "take one of these dependencies out");
  EXPECT_NE(refused(batch_of(wait("a", "dependencies: [a]"))).message.find("\"a\" (line 4) needs \"a\" (line 4)"),
            std::string::npos);
}

TEST(BatchGraph, ALongCircleIsCutInTheMiddle) {
  std::string text;
  for (int i = 0; i < 1000; ++i) {
    text += wait("n" + std::to_string(i), "dependencies: [n" + std::to_string((i + 1) % 1000) + "]");
  }
  const Error error = refused(batch_of(text));
  EXPECT_NE(error.message.find("... 988 more ..."), std::string::npos) << error.message;
  EXPECT_LT(error.message.size(), 1000U);
}

TEST(BatchGraph, ReadingWhatAnotherSaidIsGoingAfterIt) {
  const Batch batch =
      must(batch_of(script("deploy", "run: [x, \"{{outputs.build.image}}\"], env: {V: \"{{outputs.tag.v}}\"}") +
                    wait("late", "when: result.build == \"failed\"") + script("build", "run: [x], outputs: [image]") +
                    script("tag", "run: [x], outputs: [v], undo: [x, \"{{host.name}}\"]")));
  EXPECT_EQ(examples::ids(batch), "build late tag deploy");
  EXPECT_EQ(needs(batch, "deploy"), "build(soft) tag(soft)");
  EXPECT_EQ(needs(batch, "late"), "build(soft)");
  EXPECT_EQ(needs(batch, "tag"), "");
}

TEST(BatchGraph, WaitingUntilIsNotWaitingForTheEnd) {
  const Batch batch = must(batch_of("    - {id: w, type: wait, until: result.m == \"done\"}\n" + wait("m", "")));
  EXPECT_EQ(examples::ids(batch), "m w") << "what it looks at stands before it";
  EXPECT_EQ(needs(batch, "w"), "");
  const Error error =
      refused(batch_of("    - {id: w, type: wait, until: result.m == \"done\"}\n" + wait("m", "dependencies: [w]")));
  EXPECT_NE(error.message.find("\"w\" (line 4) waits until something holds of \"m\" (line 5)"), std::string::npos)
      << error.message;
}

struct Bad {
  const char* text;
  const char* says;
  const char* hint;
};

TEST(BatchNames, WhatAConditionNamesMustBeThere) {
  const Bad cases[] = {
      {"when: outputs.biuld.image == 1", "b.yaml:5:59: there is no operation \"biuld\" at column 1",
       "did you mean \"build\"?"},
      {"when: outputs.build.imag == 1", "operation \"build\" declares no output \"imag\"", "did you mean \"image\"?"},
      {"when: outputs.plain.x == 1", "operation \"plain\" declares no output \"x\"", "add \"outputs: [x]\" to it"},
      {"when: outputs.loop.x == 1", "operation \"loop\" declares no output \"x\"",
       "declare it in the loop: outputs: [x]"},
      {"when: 'outputs.loop[\"q\"].x == 1'", "the loop \"loop\" has no item \"q\"", "it has: p"},
      {"run: [x, '{{outputs.loop[\"p\"].x}}']", "operation \"loop[p]\" declares no output \"x\"", "outputs: [x]"},
      {"run: [x, '{{outputs.loop.p.x.y}}']", "an output is named outputs.OPERATION.NAME", ""},
      {"when: result.t == \"done\"", "an operation cannot read its own result", ""},
      {"when: params.size > 1", "the batch has no parameter \"size\"", "declare it"},
      {"when: item == 1", "there is no \"item\" here: the operation has no for_each", "for_each"},
      {"when: facts.web-1.oss == 1", "there is no fact \"oss\"", "did you mean \"os\"?"},
      {"when: 1 ==", "at column", ""},
      {"when: '\"{{params.p}}\" == 1'", "in a condition a name stands without braces", "write item.size > 3"},
      {"run: [x, \"{{outputs.build.imag}}\"]", "declares no output \"imag\"", "did you mean \"image\"?"},
      {"run: [x, \"{{facts.web-1.oss}}\"]", "there is no fact \"oss\"", "did you mean \"os\"?"},
      {"run: [x], undo: [x, \"{{outputs.build.image}}\"]", "is not known any more when the step is undone",
       "write it down"},
      {"run: [x], undo: [x], env: {V: \"{{result.build}}\"}", "is not known any more when the step is undone", "args"},
      {"run: [x, \"{{host.nam}}\"]", "of the host there is no such thing", "did you mean \"name\"?"},
      {"run: [x, \"{{itme}}\"]", "{{itme}} names nothing", "did you mean \"item\"?"},
      {"run: [x, \"{{.Names}}\"]", "\"{{\" begins a name, and {{.Names}} is none", "script file"},
      {"run: [x, \"{{item\"]", "\"{{\" begins a name", ""},
      {"run: [x], targets: \"lable:env=prod\"", "unknown word \"lable\" at column 1", "did you mean \"label\"?"},
      {"run: [x], targets: \"{{outputs.build.image}}\"", "is not known before the step goes out", "run, args, env"},
  };
  for (const Bad& bad : cases) {
    SCOPED_TRACE(bad.text);
    const std::string text = bad.text;
    const std::string more = (text.find("run:") == std::string::npos ? "run: [x], " : "") + text;
    const bool own = text.find("targets:") != std::string::npos;
    const Error error = refused(batch_of(script("build", "run: [x], outputs: [image]") +
                                         (own ? "    - {id: t, type: script, " + more + "}\n" : script("t", more)) +
                                         script("plain", "run: [x]") + script("loop", "run: [x], for_each: [p]")));
    EXPECT_NE(error.message.find(bad.says), std::string::npos) << error.message;
    EXPECT_NE(error.hint.find(bad.hint), std::string::npos) << error.hint;
    EXPECT_EQ(error.message.rfind("b.yaml:5:", 0), 0U) << error.message;
  }
}

TEST(BatchNames, ALoopNamesItsOwnNeighbours) {
  const Batch batch = must(batch_of(script("a", "for_each: [p, q], run: [x], outputs: [v]") +
                                    script("b",
                                           "for_each: [p, q], run: [\"{{item}}\"], dependencies: [\"a[{{item}}]\"], "
                                           "when: 'outputs[\"a[{{item}}]\"].v == \"1\"'")));
  EXPECT_EQ(needs(batch, "b[q]"), "a[q]");
  EXPECT_EQ(operation(batch, "b[q]").when, "outputs[\"a[q]\"].v == \"1\"");
}

TEST(BatchNames, ALoopIsReadAsAListAndByItsItems) {
  const Batch batch = must(batch_of(
      script("load", "for_each: [eu, us], run: [x], outputs: [rows]") +
      "    - {id: on, type: script, for_each: {targets: all}, run: [x], outputs: [v]}\n" +
      script("t",
             "run: [x, \"{{outputs.load.rows}}\", '{{outputs.load[\"eu\"].rows}}', '{{outputs.on[\"web-1\"].v}}'], "
             "when: 'all(outputs.load.rows > 0) and outputs.load[\"us\"].rows != null and any(outputs.on.v == 1)'")));
  EXPECT_EQ(operation(batch, "load").outputs, std::vector<std::string>{"rows"});
  EXPECT_EQ(operation(batch, "t").run.argv,
            (std::vector<std::string>{"x", "{{outputs.load.rows}}", "{{outputs[\"load[eu]\"].rows}}",
                                      "{{outputs[\"on[web-1]\"].v}}"}));
  EXPECT_EQ(operation(batch, "t").when,
            "all(outputs.load.rows > 0) and outputs[\"load[us]\"].rows != null and any(outputs.on.v == 1)");
  EXPECT_EQ(needs(batch, "t"), "load(soft) load[us](soft) on(soft) load[eu](soft)");
}

// Random graphs: an order is given exactly when there is one, and then it holds.
TEST(BatchGraph, RandomGraphsAgainstAPlainModel) {
  std::mt19937 random(20'240'917);
  int circles = 0;
  for (int round = 0; round < 300; ++round) {
    const int n = 2 + static_cast<int>(random() % 12);
    std::vector<std::vector<int>> before(static_cast<std::size_t>(n));
    std::string text;
    for (int i = 0; i < n; ++i) {
      std::string list;
      for (int j = 0; j < n; ++j) {
        if (random() % 100 >= 14) continue;
        before[static_cast<std::size_t>(i)].push_back(j);
        list += (list.empty() ? "" : ", ") + ("n" + std::to_string(j));
      }
      text += wait("n" + std::to_string(i), "dependencies: [" + list + "]");
    }
    const auto batch = examples::parse({{"b.yaml", batch_of(text)}});
    std::vector<bool> done(static_cast<std::size_t>(n));
    for (int turn = 0; turn < n; ++turn) {  // the model: again and again, whatever can go
      for (int i = 0; i < n; ++i) {
        const auto& needed = before[static_cast<std::size_t>(i)];
        done[static_cast<std::size_t>(i)] =
            std::all_of(needed.begin(), needed.end(), [&](int j) { return done[static_cast<std::size_t>(j)]; });
      }
    }
    const bool possible = std::all_of(done.begin(), done.end(), [](bool d) { return d; });
    ASSERT_EQ(batch.has_value(), possible) << text;
    circles += possible ? 0 : 1;
    if (!possible) continue;
    std::map<std::string, std::size_t> place;
    for (std::size_t i = 0; i < batch->operations.size(); ++i) place[batch->operations[i].id] = i;
    for (const auto& one : batch->operations) {
      for (const auto& need : one.dependencies) ASSERT_LT(place.at(need.id), place.at(one.id)) << text;
    }
  }
  EXPECT_GT(circles, 30);
  EXPECT_LT(circles, 270);
}

}  // namespace
}  // namespace prov::batch
