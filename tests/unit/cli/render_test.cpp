#include "coordinator/cli/views/render.h"
#include "common/json/json.h"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <random>

#include "coordinator/cli/views/monitor_view.h"

namespace prov::cli {
namespace {

using nlohmann::json;

Console plain() {
  return Console([](std::string_view) {}, [](std::string_view) {}, {});
}
Console coloured() {
  return Console([](std::string_view) {}, [](std::string_view) {}, {false, true, true, true});
}

TEST(Render, TableIsAlignedAndColouredOnlyWhereAsked) {
  Table table({"HOST", "STATUS", "ADDRESS"});
  table.add({{"db-1"}, {"ready", Colour::green}, {"10.0.0.2"}});
  table.add({{"w\xC3\xA4\x62-1"}, {"failed", Colour::red}, {""}});
  EXPECT_EQ(table.text(plain()),
            "HOST   STATUS  ADDRESS\n"
            "db-1   ready   10.0.0.2\n"
            "w\xC3\xA4\x62-1  failed  -\n");
  EXPECT_NE(table.text(coloured()).find("\033[32mready\033[0m   10.0.0.2"), std::string::npos);
}

TEST(Render, NothingFromElsewhereReachesTheTerminalAsControl) {
  EXPECT_EQ(one_line("a\033[2Jb\r\nc\x07"), "a?[2Jb? c?");
  EXPECT_EQ(one_line("\xC2\x9B"
                     "31m"),
            "?31m");  // an 8-bit escape
  EXPECT_EQ(one_line("gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80"), "gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80");
  EXPECT_EQ(one_line("\xFF\xC3"), "??");
  std::mt19937_64 random(7);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes(random() % 40, ' ');
    for (auto& byte : bytes) byte = static_cast<char>(random());
    for (const char c : one_line(bytes)) ASSERT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
  }
}

TEST(Render, TextsAreCutAndMeasured) {
  EXPECT_EQ(cut_to("abcdef", 6), "abcdef");
  EXPECT_EQ(cut_to("abcdefg", 6), "abc...");
  EXPECT_EQ(cut_to("\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4", 4), "\xC3\xA4...");
  EXPECT_EQ(duration_text(0), "0.0s");
  EXPECT_EQ(duration_text(9990), "9.9s");
  EXPECT_EQ(duration_text(59'999), "59s");
  EXPECT_EQ(duration_text(185'000), "3m05s");
  EXPECT_EQ(duration_text(7'620'000), "2h07m");
  EXPECT_EQ(bytes_text(512), "512 B");
  EXPECT_EQ(bytes_text(3'565'158), "3.4 MiB");
  EXPECT_EQ(time_text(0), "-");
  EXPECT_EQ(time_text(1'769'903'999'000), "2026-01-31 23:59:59 UTC");
}

TEST(Render, YamlGolden) {
  const json value{{"items", {{{"name", "db-1"}, {"labels", json::object()}, {"ports", {80, 443}}}, "plain"}},
                   {"empty", json::array()},
                   {"yes", "no"},
                   {"n", nullptr},
                   {"text", "a: b\n\"c\""}};
  EXPECT_EQ(to_yaml(value),
            "empty: []\n"
            "items:\n"
            "- labels: {}\n"
            "  name: db-1\n"
            "  ports:\n"
            "  - 80\n"
            "  - 443\n"
            "- plain\n"
            "\"n\": null\n"
            "text: \"a: b\\n\\\"c\\\"\"\n"
            "\"yes\": \"no\"\n");
}

bool same(const json& value, const YAML::Node& node) {
  if (value.is_object()) {
    if (!node.IsMap() || node.size() != value.size()) return false;
    for (const auto& [key, item] : value.items()) {
      if (!node[key] || !same(item, node[key])) return false;
    }
    return true;
  }
  if (value.is_array()) {
    if (!node.IsSequence() || node.size() != value.size()) return false;
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (!same(value[i], node[i])) return false;
    }
    return true;
  }
  if (value.is_null()) return node.IsNull();
  if (!node.IsScalar()) return false;
  if (value.is_string()) return node.Scalar() == value.get<std::string>();
  return node.Scalar() == value.dump();
}

json random_value(std::mt19937_64& random, int depth) {
  static const char* kTexts[] = {"",         "a",    "true", "null", "1.5",  "- x",  "a: b", " x ",
                                 "#",        "x\ny", "\"",   "'",    "~",    "{",    "on",   "/a/b",
                                 "\xC3\xA4", "%",    "@x",   "12",   "0x1f", "a\\b", "?",    "no"};
  switch (random() % (depth > 0 ? 7 : 5)) {
    case 0: return nullptr;
    case 1: return random() % 2 == 0;
    case 2: return static_cast<std::int64_t>(random() % 1000) - 500;
    case 3:
    case 4: return kTexts[random() % std::size(kTexts)];
    case 5: {
      json list = json::array();
      for (auto n = random() % 4; n > 0; --n) list.push_back(random_value(random, depth - 1));
      return list;
    }
    default: {
      json map = json::object();
      for (auto n = random() % 4; n > 0; --n) {
        map["k" + std::string(kTexts[random() % std::size(kTexts)])] = random_value(random, depth - 1);
      }
      return map;
    }
  }
}

TEST(Render, YamlReadsBackAsTheSameValue) {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    std::mt19937_64 random(seed);
    const json value = random_value(random, 4);
    const std::string text = to_yaml(value);
    ASSERT_TRUE(same(value, YAML::Load(text))) << "seed " << seed << "\n" << value.dump() << "\n" << text;
  }
}

json task(int number, const char* name, const char* state, int attempt = 1, const char* outcome = nullptr,
          int exit_code = 0, const char* message = "") {
  return {{"id", "t" + std::to_string(number)},
          {"name", name},
          {"server", std::string(name).substr(0, std::string(name).find(':'))},
          {"state", state},
          {"attempt", attempt},
          {"outcome", outcome == nullptr ? json() : json(outcome)},
          {"exit_code", exit_code},
          {"message", message},
          {"started_at", "2026-01-31T10:00:00.000Z"},
          {"completed_at", outcome == nullptr ? json() : json("2026-01-31T10:00:12.000Z")}};
}

MonitorModel model_of(const json& tasks, const char* outcome) {
  MonitorModel model;
  model.load({{"status", outcome == nullptr ? "running" : "ended"},
              {"outcome", outcome == nullptr ? json() : json(outcome)},
              {"tasks", tasks}});
  return model;
}

TEST(MonitorView, SummaryGolden) {
  const auto model =
      model_of({task(1, "db-1: install os", "ended", 1, "done"),
                task(2, "db-1: install postgres", "ended", 2, "failed", 78, "no room"),
                task(3, "web-1: install nginx", "ended", 0, "skipped", 0, "db-1: install postgres failed")},
               "failed");
  EXPECT_EQ(summary_text("w1", model, plain()),
            "workflow w1: failed\n"
            "done 1, failed 1, skipped 1, not delivered 0, in doubt 0\n"
            "  failed        db-1: install postgres  exit 78: no room\n"
            "  1 step skipped: db-1: install postgres failed\n");
  EXPECT_EQ(next_commands("w1", model),
            (std::vector<std::string>{"provisioning workflow output w1/2", "provisioning workflow retry w1 --failed",
                                      "provisioning workflow rollback w1 --check"}));
  EXPECT_EQ(exit_of_workflow(model.outcome(), model.counts()), Exit::partly_failed);
}

TEST(MonitorView, LiveAreaFitsTheTerminal) {
  json tasks = json::array();
  for (int i = 0; i < 40; ++i)
    tasks.push_back(task(i, ("host-" + std::to_string(i) + ": install x").c_str(), "running"));
  auto model = model_of(tasks, nullptr);
  model.add_output("t0", 1, "first\nsecond line \033[31mred\n");
  const std::uint64_t now_ms = 1'769'853'612'000;  // 12 s after they started
  const auto lines = live_lines(model, now_ms, 5000, 10, 60);
  ASSERT_EQ(lines.size(), 9U);
  EXPECT_EQ(lines[0], "0 of 40 done, 40 running  5.0s");
  EXPECT_EQ(lines[1], "  > host-0: install x  12s  | second line ?[31mred");
  EXPECT_EQ(lines[8], "  > ... and 33 more");
  for (const auto& line : live_lines(model, now_ms, 5000, 10, 24)) EXPECT_LE(width_of(line), 23U);
}

TEST(MonitorView, ExitCodesOfOutcomes) {
  StepCounts counts;
  EXPECT_EQ(exit_of_workflow("done", counts), Exit::ok);
  EXPECT_EQ(exit_of_workflow("failed", counts), Exit::failed);
  counts.failed = 1;
  EXPECT_EQ(exit_of_workflow("failed", counts), Exit::failed);
  counts.done = 1;
  EXPECT_EQ(exit_of_workflow("failed", counts), Exit::partly_failed);
  counts.in_doubt = 1;
  EXPECT_EQ(exit_of_workflow("failed", counts), Exit::in_doubt);
}

}  // namespace
}  // namespace prov::cli
