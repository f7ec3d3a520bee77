// The table of commands is whole, and help, completion and dispatch say the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "coordinator/cli/command.h"
#include "coordinator/cli/completion.h"
#include "coordinator/cli/help.h"
#include "coordinator/cli/parse.h"
#include "tests/unit/cli/fake_world.h"

namespace prov::cli {
namespace {

std::vector<std::string> shell_words(std::string_view text) {  // spaces, and double quotes
  std::vector<std::string> out(1);
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ' ' && !quoted) {
      if (!out.back().empty()) out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

std::vector<std::string> words_of(const Command& command) {
  std::vector<std::string> out{std::string(command.noun)};
  if (!command.verb.empty()) out.emplace_back(command.verb);
  return out;
}

std::set<std::string> offered(
    const std::vector<std::string>& words,
    const LookUp& look_up = [](Completes) { return std::vector<std::string>(); }) {
  std::set<std::string> out;
  for (const auto& candidate : complete(words, look_up)) out.insert(candidate.word);
  return out;
}

TEST(Table, EveryCommandHasHelpAnExampleAndKnownFlags) {
  for (const auto& command : commands()) {
    SCOPED_TRACE(std::string(command.noun) + " " + std::string(command.verb));
    ASSERT_NE(find_noun(command.noun), nullptr);
    EXPECT_NE(command.run, nullptr);
    EXPECT_FALSE(command.help.empty());
    EXPECT_NE(command.help.back(), '.');
    for (const auto flag : words(command.flags)) EXPECT_NE(find_flag(flag), nullptr) << flag;
    auto example = shell_words(command.example);
    const auto redirect = std::find(example.begin(), example.end(), ">");
    example.erase(redirect, example.end());
    const auto parsed = parse(example);
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
    EXPECT_EQ(parsed->command, &command);
    const auto page = help_page(words_of(command));
    ASSERT_TRUE(page.has_value());
    EXPECT_TRUE(test::has(*page, std::string(command.example)));
    EXPECT_TRUE(test::has(*page, std::string(command.help)));
  }
}

TEST(Table, NounsGroupsAndFlagsAreUsedAndWordsAreUnique) {
  std::set<std::string> seen;
  for (const auto& word : noun_words()) EXPECT_TRUE(seen.insert(word).second) << word;
  for (const auto& noun : nouns()) {
    const auto group = [&](const Group& g) { return g.name == noun.group; };
    EXPECT_TRUE(std::any_of(groups().begin(), groups().end(), group)) << noun.name;
    EXPECT_FALSE(noun.help.empty());
    const auto owned = [&](const Command& c) { return c.noun == noun.name; };
    EXPECT_TRUE(std::any_of(commands().begin(), commands().end(), owned)) << noun.name;
    std::set<std::string> verbs;
    for (const auto& verb : verbs_of(noun)) EXPECT_TRUE(verbs.insert(verb).second) << noun.name << " " << verb;
  }
  std::set<char> letters;
  for (const auto& flag : flags()) {
    EXPECT_FALSE(flag.help.empty()) << flag.name;
    EXPECT_TRUE(flag.letter == 0 || letters.insert(flag.letter).second) << flag.letter;
    const auto used = [&](const Command& c) { return takes(c, flag); };
    EXPECT_TRUE(std::any_of(commands().begin(), commands().end(), used)) << flag.name;
  }
}

TEST(Table, ShortFormsOfTheOriginalAreThere) {
  const std::pair<const char*, const char*> kShort[] = {
      {"s", "server"},    {"t", "taskserv"},    {"task", "taskserv"},     {"i", "infra"},      {"infras", "infra"},
      {"wf", "workflow"}, {"flow", "workflow"}, {"orch", "orchestrator"}, {"ws", "workspace"}, {"e", "env"}};
  for (const auto& [word, name] : kShort) {
    ASSERT_NE(find_noun(word), nullptr) << word;
    EXPECT_EQ(find_noun(word)->name, name);
  }
}

TEST(Help, WorksInBothDirections) {
  test::FakeWorld world;
  const auto page = [&](const std::vector<std::string>& words) {
    EXPECT_EQ(world.run(words), 0) << world.err;
    EXPECT_TRUE(world.err.empty());
    EXPECT_FALSE(world.out.empty());
    return world.out;
  };
  for (const auto& topic : help_topics()) {
    SCOPED_TRACE(topic);
    const std::string first = page({"help", topic});
    EXPECT_EQ(page({topic, "help"}), first);
    EXPECT_EQ(page({topic, "--help"}), first);
  }
  for (const auto& command : commands()) {
    if (command.verb.empty()) continue;
    const std::string noun(command.noun), verb(command.verb);
    const std::string first = page({"help", noun, verb});
    EXPECT_EQ(page({noun, verb, "--help"}), first);
    EXPECT_EQ(page({noun, verb, "help"}), first);
    EXPECT_EQ(page({noun, "help", verb}), first);
  }
  EXPECT_EQ(page({}), page({"help"}));
  EXPECT_EQ(page({"--help"}), page({"help"}));
  EXPECT_EQ(page({"server"}), page({"help", "server"}));
  EXPECT_EQ(page({"server", "--no-color"}), page({"help", "server"}));
  const std::string plan = page({"help", "plan"});
  EXPECT_TRUE(test::has(plan, "-o, --out FORMAT|FILE")) << plan;
  EXPECT_EQ(plan.find("--out", plan.find("-o, --out") + 9), plan.find("--out main.plan")) << "said once: " << plan;
  EXPECT_EQ(world.run({"help", "sever"}), 4);
  EXPECT_TRUE(test::has(world.err, "did you mean \"server\"?"));
}

TEST(Help, PublishesEveryExitCode) {
  test::FakeWorld world;
  ASSERT_EQ(world.run({"help", "exit-codes"}), 0);
  for (const auto& [code, meaning] : exit_codes()) {
    EXPECT_TRUE(test::has(world.out, std::to_string(static_cast<int>(code)))) << meaning;
    EXPECT_TRUE(test::has(world.out, std::string(meaning)));
  }
}

TEST(Completion, OffersEveryNounVerbAndFlag) {
  for (const auto& noun : nouns()) EXPECT_TRUE(offered({""}).count(std::string(noun.name)) > 0) << noun.name;
  for (const auto& command : commands()) {
    SCOPED_TRACE(std::string(command.noun) + " " + std::string(command.verb));
    if (!command.verb.empty()) {
      EXPECT_TRUE(offered({std::string(command.noun), ""}).count(std::string(command.verb)) > 0);
    }
    auto words_and_dash = words_of(command);
    words_and_dash.emplace_back("--");
    words_and_dash.back() = "-";
    const auto found = offered(words_and_dash);
    for (const auto flag : words(command.flags)) EXPECT_TRUE(found.count("--" + std::string(flag)) > 0) << flag;
  }
}

TEST(Completion, KnowsValuesNamesAndWhereToStop) {
  const LookUp names = [](Completes what) -> std::vector<std::string> {
    if (what == Completes::server) return {"db-1", "web-1"};
    if (what == Completes::workspace) return {"demo"};
    return {};
  };
  using Set = std::set<std::string>;
  EXPECT_EQ(offered({"server", "delete", ""}, names), (Set{"db-1", "web-1"}));
  EXPECT_EQ(offered({"s", "delete", "db-1", "w"}, names), Set{"web-1"});
  EXPECT_EQ(offered({"server", "ssh", "db-1", ""}, names), Set{});
  EXPECT_EQ(offered({"server", "list", "--out", ""}, names), (Set{"json", "table", "yaml"}));
  EXPECT_EQ(offered({"server", "list", "--out=j"}, names), Set{"--out=json"});
  EXPECT_EQ(offered({"server", "list", "--out", "="}, names), (Set{"json", "table", "yaml"})) << "as bash splits it";
  EXPECT_EQ(offered({"server", "list", "--out", "=", "j"}, names), Set{"json"});
  EXPECT_EQ(offered({"server", "list", "--out", "=", "json", "--wo"}, names), Set{"--workspace"});
  EXPECT_EQ(offered({"--workspace", "d"}, names), Set{"demo"});
  EXPECT_EQ(offered({"-o", "json", "serv"}, names), Set{"server"});
  EXPECT_EQ(offered({"server", "ssh", "db-1", "--", "up"}, names), Set{});
  EXPECT_EQ(offered({"platform", "start", ""}, names), Set{"orchestrator"});
  EXPECT_EQ(offered({"help", "workspace", "ini"}, names), Set{"init"});
  EXPECT_EQ(offered({"nonsense", ""}, names), Set{});
}

TEST(Completion, TheProgramAnswersTheShell) {
  test::FakeWorld world;
  world.make_demo();
  ASSERT_EQ(world.run({"__complete", "--", "server", "ssh", ""}), 0);
  EXPECT_EQ(world.out, "db-1\nweb-1\n");
  ASSERT_EQ(world.run({"__complete", "--", "taskserv", "create", "r"}), 0);
  EXPECT_EQ(world.out, "redis\n");
  world.folder.write("other/config/provisioning.yaml", "workspace: {name: other}\n");
  world.folder.write("other/infra/far/settings.yaml",
                     "settings: {name: far, provider: local}\nservers: [{hostname: far-1}]\n");
  for (const std::vector<std::string>& flag :
       {std::vector<std::string>{"--workspace", world.folder / "other"}, {"--workspace=" + (world.folder / "other")}}) {
    std::vector<std::string> words{"__complete", "--", "server", "ssh"};
    words.insert(words.end(), flag.begin(), flag.end());
    words.emplace_back("");
    ASSERT_EQ(world.run(words), 0);
    EXPECT_EQ(world.out, "far-1\n");
  }
  world.coordinator.up = false;
  ASSERT_EQ(world.run({"__complete", "--", "workflow", "monitor", ""}), 0);
  EXPECT_EQ(world.out, "");
  for (const char* shell : {"bash", "zsh", "fish"}) {
    ASSERT_EQ(world.run({"completion", shell}), 0);
    EXPECT_TRUE(test::has(world.out, "__complete"));
  }
  EXPECT_EQ(world.run({"completion", "tcsh"}), 2);
}

}  // namespace
}  // namespace prov::cli
