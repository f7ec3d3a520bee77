// A setting is written where it belongs, and nothing else in the file moves.
#include "coordinator/config/edit.h"

#include <gtest/gtest.h>

#include <random>

#include "coordinator/config/tree.h"
#include "coordinator/workspace/toml_tree.h"

namespace prov::config {
namespace {

struct Case {
  const char *about, *before, *key, *written, *after;
};

std::string set(const Case& one, Form form) {
  const auto edited = set_in({"f", one.before, one.key, one.written}, form);
  return edited ? *edited : "error: " + edited.error().message + " / " + edited.error().hint;
}
std::string unset(const Case& one, Form form) {
  const auto edited = unset_in({"f", one.before, one.key, {}}, form);
  return edited ? *edited : "error: " + edited.error().message;
}

TEST(Edit, SetsInToml) {
  const Case kCases[] = {
      {"an empty file", "", "link.port", "1", "[link]\nport = 1\n"},
      {"a value, its comment stays", "[link]\nport = 80 # the port\n", "link.port", "81",
       "[link]\nport = 81 # the port\n"},
      {"strings, with a hash in them", "[vars]\na = \"x # y\" # z\n", "vars.a", "\"q\"", "[vars]\na = \"q\" # z\n"},
      {"a literal string", "[vars]\na = 'x \\'\nb = 1\n", "vars.a", "\"q\"", "[vars]\na = \"q\"\nb = 1\n"},
      {"a text of lines", "[vars]\na = \"\"\"x\n[link]\ny\"\"\" # c\nb = 1\n", "vars.a", "\"q\"",
       "[vars]\na = \"q\" # c\nb = 1\n"},
      {"a list of lines", "[link]\naddresses = [ # some\n  \"a]\", # one\n  \"b\",\n]\nport = 1\n", "link.addresses",
       "[\"c\"]", "[link]\naddresses = [\"c\"]\nport = 1\n"},
      {"a new key, behind those of its section",
       "# head\n[link]\nport = 1\n\n# about the log\n[log]\nreserve_mib = 1\n", "link.dead_ms", "9",
       "# head\n[link]\nport = 1\ndead_ms = 9\n\n# about the log\n[log]\nreserve_mib = 1\n"},
      {"a new key in an empty section", "[link]\n# nothing yet\n", "link.port", "1",
       "[link]\nport = 1\n# nothing yet\n"},
      {"a new section", "[log]\nreserve_mib = 1\n", "link.port", "1", "[log]\nreserve_mib = 1\n\n[link]\nport = 1\n"},
      {"no newline at the end", "[link]\nport = 1", "link.dead_ms", "9", "[link]\nport = 1\ndead_ms = 9\n"},
      {"dotted keys", "link.port = 1\n", "link.dead_ms", "9", "link.dead_ms = 9\nlink.port = 1\n"},
      {"a value in an inline table", "link = {port = 1, dead_ms = 2}\n", "link.port", "3",
       "link = {port = 3, dead_ms = 2}\n"},
      {"lines that end as on Windows", "[link]\r\nport = 1\r\n", "link.dead_ms", "9",
       "[link]\r\nport = 1\r\ndead_ms = 9\r\n"},
      {"letters beyond ASCII before it", "vars = {b = \"äöü\", a = \"x\"}\n", "vars.a", "\"y\"",
       "vars = {b = \"äöü\", a = \"y\"}\n"},
      {"the same again", "[link]\nport = 1\n", "link.port", "1", "[link]\nport = 1\n"}};
  for (const Case& one : kCases) EXPECT_EQ(set(one, Form::toml), one.after) << one.about;
}

TEST(Edit, SetsInYaml) {
  const Case kCases[] = {
      {"an empty file", "", "link.port", "1", "link:\n  port: 1\n"},
      {"a value, its comment stays", "link:\n  port: 80  # the port\n", "link.port", "81",
       "link:\n  port: 81  # the port\n"},
      {"a quoted value", "vars:\n  a: 'it''s # x' # c\n", "vars.a", "\"q\"", "vars:\n  a: \"q\" # c\n"},
      {"a plain text with a hash", "vars:\n  a: x#y z\n", "vars.a", "\"q\"", "vars:\n  a: \"q\"\n"},
      {"a key with nothing behind it", "link:\n  port:\n", "link.port", "1", "link:\n  port: 1\n"},
      {"a new key with the indent of the others", "link:\n    port: 1\n\n# the log\nlog:\n    reserve_mib: 1\n",
       "link.dead_ms", "9", "link:\n    port: 1\n    dead_ms: 9\n\n# the log\nlog:\n    reserve_mib: 1\n"},
      {"a new section", "workspace: {name: demo}\n", "link.port", "1", "workspace: {name: demo}\nlink:\n  port: 1\n"},
      {"a new key between braces", "workspace: {name: demo} # mine\n", "workspace.default_infra", "\"main\"",
       "workspace: {default_infra: \"main\", name: demo} # mine\n"},
      {"a value between braces", "link: {port: 1, dead_ms: 2}\n", "link.port", "3", "link: {port: 3, dead_ms: 2}\n"},
      {"empty braces", "link: {}\n", "link.port", "1", "link: {port: 1}\n"},
      {"an empty section", "link:\nlog:\n  reserve_mib: 1\n", "link.port", "1",
       "link:\n  port: 1\nlog:\n  reserve_mib: 1\n"},
      {"a list between brackets", "link:\n  addresses: [a, \"b]\"] # two\n", "link.addresses", "[\"c\"]",
       "link:\n  addresses: [\"c\"] # two\n"},
      {"a list of lines", "link:\n  addresses:\n    - a\n    - b\n  port: 1\n", "link.addresses", "[\"c\"]",
       "link:\n  addresses: [\"c\"]\n  port: 1\n"}};
  for (const Case& one : kCases) EXPECT_EQ(set(one, Form::yaml), one.after) << one.about;
}

TEST(Edit, TakesOutOfBoth) {
  const Case kToml[] = {
      {"a line", "[link]\n# why\nport = 1 # x\ndead_ms = 2\n", "link.port", "", "[link]\n# why\ndead_ms = 2\n"},
      {"a value of lines", "[link]\naddresses = [\n  \"a\",\n]\nport = 1\n", "link.addresses", "",
       "[link]\nport = 1\n"},
      {"the first in a table", "link = {port = 1, dead_ms = 2}\n", "link.port", "", "link = {dead_ms = 2}\n"},
      {"the last in a table", "link = {port = 1, dead_ms = 2}\n", "link.dead_ms", "", "link = {port = 1}\n"},
      {"dotted", "link.port = 1\nlink.dead_ms = 2\n", "link.port", "", "link.dead_ms = 2\n"}};
  for (const Case& one : kToml) EXPECT_EQ(unset(one, Form::toml), one.after) << one.about;
  const Case kYaml[] = {{"a line", "link:\n  port: 1 # x\n  dead_ms: 2\n", "link.port", "", "link:\n  dead_ms: 2\n"},
                        {"between braces", "link: {port: 1, dead_ms: 2}\n", "link.dead_ms", "", "link: {port: 1}\n"},
                        {"a list of lines", "link:\n  addresses:\n    - a\n    - b\n  port: 1\n", "link.addresses", "",
                         "link:\n  port: 1\n"}};
  for (const Case& one : kYaml) EXPECT_EQ(unset(one, Form::yaml), one.after) << one.about;
  const auto missing = unset_in({"f", "[link]\nport = 1\n", "link.dead_ms", {}}, Form::toml);
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, Code::not_found);
}

TEST(Edit, RefusesWhatItCannotDoAndSaysWhatToWrite) {
  const Case block{"", "vars:\n  a: |\n    text\n    more\n", "vars.a", "\"q\"", ""};
  EXPECT_EQ(
      set(block, Form::yaml),
      "error: f:2:6: \"vars.a\" cannot be edited here by a program / write it yourself: a: \"q\", in section vars");
  const Case broken{"", "[link\n", "link.port", "1", ""};
  EXPECT_NE(set(broken, Form::toml).find("error: f:1:"), std::string::npos);
}

// Property: over files of random shape, what is set reads back, everything else as before, and no comment is lost.
TEST(Edit, OverRandomFilesChangesThatKeyAlone) {
  std::mt19937 random(5);
  static const char* const kKeys[] = {"link.port", "link.dead_ms", "log.reserve_mib", "vars.a", "vars.b"};
  int edited_files = 0;
  for (int run = 0; run < 400; ++run) {
    std::string text;
    int comments = 0;
    const auto maybe_comment = [&](const char* before) {
      if (random() % 2 == 0) return std::string("\n");
      ++comments;
      return std::string(before) + "# comment " + std::to_string(comments) + "\n";
    };
    for (const char* section : {"link", "log", "vars"}) {
      if (random() % 3 == 0) continue;
      text += maybe_comment("") + "[" + section + "]" + maybe_comment(" ");
      for (const char* key : kKeys) {
        const std::string name(key), of = name.substr(0, name.find('.'));
        if (of != section || random() % 2 == 0) continue;
        text += name.substr(of.size() + 1) + " = " + std::to_string(random() % 9) + maybe_comment("  ");
      }
    }
    const std::string key = kKeys[random() % 5];
    const auto edited = set_in({"f", text, key, "12345"}, Form::toml);
    ASSERT_TRUE(edited.has_value()) << edited.error().message << "\n" << text;
    ++edited_files;
    for (int i = 1; i <= comments; ++i) {
      EXPECT_NE(edited->find("# comment " + std::to_string(i) + "\n"), std::string::npos) << text << "->\n" << *edited;
    }
    const auto again = set_in({"f", *edited, key, "12345"}, Form::toml);
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(*again, *edited);
    const auto gone = unset_in({"f", *edited, key, {}}, Form::toml);
    ASSERT_TRUE(gone.has_value()) << gone.error().message;
    EXPECT_EQ(gone->find("12345"), std::string::npos);
  }
  EXPECT_EQ(edited_files, 400);
}

}  // namespace
}  // namespace prov::config
