// Our trees against those of another reader (yaml-cpp): what both take they take to be the same, and what people write
// both take.
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <random>

#include "coordinator/workspace/yaml_tree.h"

namespace prov::workspace {
namespace {

namespace fs = std::filesystem;

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) out += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return out + "\"";
}

std::string shown(const Node& node) {
  std::string out;
  switch (node.kind) {
    case Node::Kind::null: return "null";
    case Node::Kind::scalar: return (node.quoted ? "q" : "p") + quoted(node.text);
    case Node::Kind::list:
      for (const auto& item : node.items) out += shown(item) + ",";
      return "[" + out + "]";
    case Node::Kind::map:
      for (std::size_t i = 0; i < node.keys.size(); ++i)
        out += quoted(node.keys[i].text) + ":" + shown(node.items[i]) + ",";
      return "{" + out + "}";
  }
  return out;
}

std::string shown(const YAML::Node& node) {
  std::string out;
  switch (node.Type()) {
    case YAML::NodeType::Undefined:
    case YAML::NodeType::Null: return "null";
    case YAML::NodeType::Scalar: return (node.Tag() == "!" ? "q" : "p") + quoted(node.Scalar());
    case YAML::NodeType::Sequence:
      for (const auto& item : node) out += shown(item) + ",";
      return "[" + out + "]";
    case YAML::NodeType::Map:
      for (const auto& pair : node) out += quoted(pair.first.Scalar()) + ":" + shown(pair.second) + ",";
      return "{" + out + "}";
  }
  return out;
}

std::string theirs(const std::string& text) {
  try {
    return shown(YAML::Load(text));
  } catch (const YAML::Exception& broken) {
    return "refused: " + broken.msg;
  }
}

void expect_same(const std::string& text) {
  const auto ours = parse_yaml(text, "f");
  if (!ours) return;
  EXPECT_EQ(shown(*ours), theirs(text)) << text;
}

TEST(YamlAgree, EveryDocumentOfTheProject) {
  int taken = 0;
  for (const char* folder : {"extensions", "docs/examples", "tests", "coordinator/kit/skeletons", "deploy"}) {
    for (const auto& entry : fs::recursive_directory_iterator(std::string(PROV_SOURCE) + "/" + folder)) {
      if (!entry.is_regular_file() || entry.path().extension() != ".yaml") continue;
      SCOPED_TRACE(entry.path().string());
      const auto text = read_file(entry.path().string(), kMaxYamlBytes);
      ASSERT_TRUE(text.has_value());
      if (parse_yaml(*text, "f")) ++taken;
      expect_same(*text);
    }
  }
  EXPECT_GT(taken, 50);
}

TEST(YamlAgree, WhatPeopleWrite) {
  for (const char* text : {
           "a: 1\nb:\nc: ~\nd: null\ne: \"null\"\nf: ''\n",
           "a: [x, 'y', \"z\\t\\u00e9\", {b: c, d: , e}]\n",
           "- a\n-\n  - b\n  - c: d\n    e: f\n-   - g\n",
           "text: |\n  two\n   lines\n\nfolded: >-\n  one\n  line\n\n  more\nlast: |+\n  kept\n\n",
           "plain: a b  c # comment\nurl: http://x:80/y#z\nquoted: 'it''s'\nlong: one\n  two\n  three\n",
           "\"a b\": 1\n'c': 2\n? d\n: 3\n",
           "# only a comment\n",
           "",
           "--- # a document\na: b\n...\n",
           "a:\n- b\n- c\n",
           "a: {b: [c, {d: e}],\n  f: g}\n",
           "\xEF\xBB\xBF"
           "a: b\n",
           "a: b\r\nc: d\r\n",
           "version: \">=3.4 <4\"\nalso: ^1.7\nstar: \"*\"\n",
       }) {
    SCOPED_TRACE(text);
    ASSERT_TRUE(parse_yaml(text, "f").has_value()) << parse_yaml(text, "f").error().message;
    expect_same(text);
  }
}

std::string any_value(std::mt19937_64& dice, int depth, const std::string& indent) {
  static constexpr const char* kScalars[] = {"a", "12",   "x y", "'q'", "\"d\\\"q\"", "~",
                                             "",  "true", "1.5", "a:b", "-x",         "a#b"};
  const auto below = [&](std::uint64_t n) { return dice() % n; };
  if (depth == 0 || below(3) == 0) return std::string(" ") + kScalars[below(std::size(kScalars))] + "\n";
  const std::size_t count = 1 + below(3);
  std::string out = "\n";
  const bool list = below(2) == 0;
  for (std::size_t i = 0; i < count; ++i) {
    out += indent + (list ? "-" : "k" + std::to_string(i) + ":") + any_value(dice, depth - 1, indent + "  ");
  }
  return out;
}

TEST(YamlAgree, AnyNestingOfBlocks) {
  const std::uint64_t seed = std::random_device()();
  std::mt19937_64 dice(seed);
  int taken = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::string text = "top:" + any_value(dice, 4, "  ");
    if (parse_yaml(text, "f")) ++taken;
    expect_same(text);
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
  EXPECT_GT(taken, 1900) << "seed " << seed;
}

}  // namespace
}  // namespace prov::workspace
