// The guides in the terminal: a section at a time, and every command in them is one.
#include "coordinator/cli/guides.h"

#include <gtest/gtest.h>

#include "coordinator/cli/parse.h"
#include "tests/unit/cli/fake_world.h"

namespace prov::cli {
namespace {

using test::has;

// As a shell would: blanks between words, double quotes around one.
std::vector<std::string> shell_words(const std::string& line) {
  std::vector<std::string> out;
  bool quoted = false, open = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
      if (!open) out.emplace_back();
      open = true;
    } else if (c == ' ' && !quoted) {
      open = false;
    } else {
      if (!open) out.emplace_back();
      open = true;
      out.back() += c;
    }
  }
  return out;
}

TEST(Guides, EveryCommandInThemIsOne) {
  std::size_t commands = 0;
  for (const auto& guide : guides()) {
    EXPECT_GT(guide.sections.size(), 4U) << guide.name;
    EXPECT_LT(guide.headline.size(), 100U) << guide.name;
    for (const auto& section : guide.sections) {
      EXPECT_FALSE(section.title.empty() || section.text.empty()) << guide.name;
      EXPECT_EQ(section.text.find("```"), std::string::npos) << section.text;
      for (const auto& line : section.commands) {
        auto words = shell_words(line);
        ASSERT_FALSE(words.empty()) << section.title;
        ASSERT_EQ(words[0], "provisioning") << line;
        words.erase(words.begin());
        const auto parsed = parse(words);
        EXPECT_TRUE(parsed.has_value()) << guide.name << ": " << line << ": " << parsed.error().message;
        ++commands;
      }
    }
  }
  EXPECT_GT(commands, 50U);
}

TEST(Guides, CommandsNamedInTheTextAreCommandsToo) {
  for (const auto& guide : guides()) {
    for (const auto& section : guide.sections) {
      for (std::size_t at = section.text.find("`provisioning "); at != std::string::npos;
           at = section.text.find("`provisioning ", at + 1)) {
        auto words = shell_words(section.text.substr(at + 1, section.text.find('`', at + 1) - at - 1));
        words.erase(words.begin());
        EXPECT_TRUE(parse(words).has_value()) << section.text.substr(at, 60);
      }
    }
  }
}

TEST(Guides, OnATerminalASectionAtATime) {
  test::FakeWorld world;
  world.world().in_is_terminal = world.world().out_is_terminal = true;
  int asked = 0;
  world.world().read_line = [&]() -> std::optional<std::string> {
    ++asked;
    return asked < 3 ? "" : "q";
  };
  EXPECT_EQ(world.run({"guide", "from-scratch"}), 0);
  EXPECT_EQ(asked, 3);
  EXPECT_TRUE(has(world.err, "press Enter for the next: A workspace")) << world.err;
  EXPECT_TRUE(has(world.out, "provisioning platform start orchestrator"));
  EXPECT_FALSE(has(world.out, "provisioning server list")) << "that is behind the third section";
}

TEST(Guides, ElsewhereTheWholeText) {
  test::FakeWorld world;
  world.world().read_line = []() -> std::optional<std::string> {
    ADD_FAILURE() << "nobody can be asked";
    return std::nullopt;
  };
  EXPECT_EQ(world.run({"guide", "customize"}), 0);
  EXPECT_TRUE(has(world.out, "\n    provisioning taskserv generate greeter\n")) << world.out;
  EXPECT_TRUE(has(world.out, "config validate"));
  EXPECT_FALSE(has(world.out, "\x1b["));
  EXPECT_EQ(world.run({"guide", "customise"}), 4);
  EXPECT_TRUE(has(world.err, "did you mean \"customize\"?"));
  EXPECT_EQ(world.run({"guide", "--out", "json"}), 0);
  EXPECT_EQ(world.document()["total"], 3);
  EXPECT_EQ(world.run({"guide", "update", "-o", "json"}), 0);
  EXPECT_EQ(world.document()["sections"][1]["commands"][0], "provisioning plan");
}

}  // namespace
}  // namespace prov::cli
