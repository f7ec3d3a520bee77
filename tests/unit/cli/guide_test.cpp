// docs/guides/cli.md says what the program says: its tables are made from the same data and compared.
#include <gtest/gtest.h>

#include "coordinator/cli/command.h"
#include "tests/unit/cli/fake_world.h"

namespace prov::cli {
namespace {

using test::has;
using test::json;

std::string guide() {
  std::ifstream in(PROV_GUIDE);
  return std::string((std::istreambuf_iterator<char>(in)), {});
}

// What stands between "<!-- NAME -->" and "<!-- end -->".
std::string section(const std::string& name) {
  const std::string text = guide(), mark = "<!-- " + name + " -->\n";
  const std::size_t begin = text.find(mark);
  if (begin == std::string::npos) return {};
  return text.substr(begin + mark.size(), text.find("<!-- end -->", begin) - begin - mark.size());
}

std::string code(std::string_view text) {  // in a table cell a bar must be escaped
  std::string out = "`";
  for (const char c : text) out += c == '|' ? "\\|" : std::string(1, c);
  return out + "`";
}

std::string row_of(const Command& command) {
  std::string usage(command.noun), also, taken;
  if (!command.verb.empty()) usage += " " + std::string(command.verb);
  if (!command.args.empty()) usage += " " + std::string(command.args);
  for (const auto word : words(command.aliases)) also += (also.empty() ? " (also " : ", ") + code(word);
  for (const auto flag : words(command.flags)) taken += (taken.empty() ? "" : " ") + code("--" + std::string(flag));
  const std::string_view place = command.out_also.word;
  if (!place.empty()) taken += (taken.empty() ? "" : " ") + code("--out " + std::string(place));
  return "| " + code(usage) + (also.empty() ? "" : also + ")") + " | " + std::string(command.help) + " | " + taken +
         " |\n";
}

std::string commands_section() {
  std::string out;
  for (const auto& group : groups()) {
    out += "\n**" + std::string(group.title) + "** (`help " + std::string(group.name) + "`). Short forms: ";
    std::string forms, rows;
    for (const auto& noun : nouns()) {
      if (noun.group != group.name) continue;
      for (const auto word : words(noun.aliases))
        forms += (forms.empty() ? "" : ", ") + code(word) + " " + std::string(noun.name);
      for (const auto& command : commands()) {
        if (command.noun == noun.name) rows += row_of(command);
      }
    }
    out += forms + ".\n\n| command | what it does | flags |\n|---|---|---|\n" + rows;
  }
  return out + "\n";
}

std::string flags_section() {
  std::string out = "\n| flag | meaning |\n|---|---|\n";
  for (const auto& flag : flags()) {
    std::string name = flag.letter == 0 ? "" : std::string("-") + flag.letter + ", ";
    name += "--" + std::string(flag.name) + (flag.value.empty() ? "" : " " + std::string(flag.value));
    std::string meaning(flag.help);
    for (const auto choice : words(flag.choices)) meaning += (meaning == flag.help ? ": " : ", ") + code(choice);
    out += "| " + code(name) + " | " + meaning + (flag.everywhere ? " (every command)" : "") + " |\n";
  }
  return out + "\n";
}

std::string exit_codes_section() {
  std::string out = "\n| code | meaning |\n|---|---|\n";
  for (const auto& [exit, meaning] : exit_codes()) {
    out += "| " + std::to_string(static_cast<int>(exit)) + " | " + std::string(meaning) + " |\n";
  }
  return out + "\n";
}

TEST(Guide, NamesEveryCommandFlagAndExitCode) {
  EXPECT_EQ(section("commands"), commands_section());
  EXPECT_EQ(section("flags"), flags_section());
  EXPECT_EQ(section("exit codes"), exit_codes_section());
}

TEST(Guide, NamesEveryVariable) {
  test::FakeWorld world;
  ASSERT_EQ(world.run({"env", "-o", "json"}), 0);
  const json variables = world.document()["variables"];
  ASSERT_GT(variables.size(), 5U);
  for (const auto& variable : variables.items()) {
    EXPECT_TRUE(has(guide(), "`" + variable.key() + "`")) << variable.key();
  }
}

}  // namespace
}  // namespace prov::cli
