#include "coordinator/config/value.h"

#include <gtest/gtest.h>

#include "coordinator/workspace/toml_tree.h"

namespace prov::config {
namespace {

const Key& key(const char* name) { return *find_key(name); }

// The one value of "v = ..." in TOML.
Result<Value> from_toml(const char* name, const std::string& written) {
  const auto tree = workspace::parse_toml("v = " + written, "f.toml");
  EXPECT_TRUE(tree.has_value()) << written;
  return value_of(key(name), tree->items.at(0));
}

TEST(Value, FitsItsKeyOrSaysWhatWouldFit) {
  EXPECT_EQ(from_toml("link.port", "9191")->text, "9191");
  EXPECT_EQ(from_toml("link.port", "65536").error().message,
            "\"link.port\" must be an integer from 0 to 65535, it is \"65536\"");
  EXPECT_FALSE(from_toml("link.port", "-1").has_value());
  EXPECT_FALSE(from_toml("link.port", "1.5").has_value());
  EXPECT_EQ(from_toml("link.port", "\"9191\"").error().hint, "without the quotes");
  EXPECT_FALSE(from_toml("link.port", "[1]").has_value());
  EXPECT_EQ(from_toml("orchestrator.tcp", "false")->text, "false");
  EXPECT_FALSE(from_toml("orchestrator.tcp", "\"yes\"").has_value());
  EXPECT_EQ(from_toml("orchestrator.log_level", "\"debgu\"").error().hint, "did you mean \"debug\"?");
  EXPECT_FALSE(from_toml("general.environment", "\"../prod\"").has_value());
  EXPECT_FALSE(from_toml("link.addresses", "\"127.0.0.1\"").has_value());
  EXPECT_FALSE(from_toml("link.addresses", "[]").has_value());
  EXPECT_FALSE(from_toml("orchestrator.owners", "[0, \"me\"]").has_value());
  EXPECT_EQ(from_toml("orchestrator.owners", "[0, 1000]")->items, (std::vector<std::string>{"0", "1000"}));
}

TEST(Value, WithSomethingToPutInIsJudgedLater) {
  EXPECT_EQ(from_toml("link.port", "\"{{vars.port}}\"")->text, "{{vars.port}}");
  EXPECT_TRUE(has_placeholder(*from_toml("link.addresses", "[\"{{env.ADDRESS}}\"]")));
  EXPECT_FALSE(from_toml("orchestrator.log_level", "\"{ {x}}\"").has_value());
}

TEST(Value, OfAVariableHasNoQuotesAndItsListsHaveCommas) {
  EXPECT_EQ(value_of(key("link.addresses"), std::string_view("a, b ,,c"))->items,
            (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_FALSE(value_of(key("link.addresses"), std::string_view(" , ")).has_value());
  EXPECT_FALSE(value_of(key("link.port"), std::string_view("0x10")).has_value());
  EXPECT_FALSE(value_of(key("link.port"), std::string_view("99999999999999999999")).has_value());
  EXPECT_EQ(value_of(key("vars.a"), std::string_view("\"x\""))->text, "\"x\"");
}

TEST(Value, AMessageStaysShortWhateverTheValue) {
  const auto refused = value_of(key("link.port"), std::string(50'000, '9'));
  ASSERT_FALSE(refused.has_value());
  EXPECT_LT(refused.error().message.size(), 200U);
  EXPECT_FALSE(value_of(key("vars.a"), std::string(kMaxValue + 1, 'x')).has_value());
  EXPECT_FALSE(value_of(key("vars.a"), std::string_view("a\x1b[31m")).has_value()) << "it would colour a terminal";
}

// Property: what toml_of writes reads back as the same value.
TEST(Value, AsItIsWrittenIsReadBackTheSame) {
  for (const std::string text :
       {"plain", "with \"quotes\" and \\", "two\nlines\tand a tab", "ünï©ode", "#no comment", ""}) {
    EXPECT_EQ(from_toml("vars.a", toml_of(key("vars.a"), {text, {}}))->text, text);
  }
  const Value list{"", {"a", "b\"c", "d"}};
  EXPECT_EQ(*from_toml("link.addresses", toml_of(key("link.addresses"), list)), list);
  EXPECT_EQ(toml_of(key("link.port"), {"9191", {}}), "9191");
  EXPECT_EQ(toml_of(key("link.port"), {"{{vars.p}}", {}}), "\"{{vars.p}}\"");
}

TEST(Keys, VariablesHaveTheNameOfTheKey) {
  EXPECT_EQ(variable_of("link.heartbeat_ms"), "PROVISIONING_LINK_HEARTBEAT_MS");
  EXPECT_NE(find_key("vars.region"), nullptr);
  EXPECT_EQ(find_key("vars.Region"), nullptr);
  EXPECT_EQ(find_key("vars."), nullptr);
  EXPECT_EQ(find_key("link"), nullptr);
  EXPECT_TRUE(is_section("link"));
  EXPECT_FALSE(is_section("lin"));
  EXPECT_FALSE(is_section(""));
}

}  // namespace
}  // namespace prov::config
