// docs/formats/expressions.md shows what is accepted: every example of its tables is read, and so is what it refuses.
#include <gtest/gtest.h>

#include <fstream>

#include "coordinator/expression/condition.h"
#include "coordinator/expression/targets.h"
#include "tests/unit/expression/messages.h"

namespace prov::expression {
namespace {

// The first column of the table that begins with `heading`, without its backquotes.
std::vector<std::string> examples(const std::string& heading) {
  std::ifstream in(PROV_MANUAL);
  std::vector<std::string> out;
  bool within = false;
  for (std::string line; std::getline(in, line);) {
    within = line == heading || (within && line.starts_with("|"));
    if (within && line.starts_with("| `")) out.push_back(line.substr(3, line.find('`', 3) - 3));
  }
  return out;
}

TEST(Manual, TargetsThatItShowsAreAccepted) {
  const auto shown = examples("| expression | hosts |");
  EXPECT_GE(shown.size(), 9u);
  for (const auto& source : shown) {
    const auto targets = Targets::parse(source);
    EXPECT_TRUE(targets) << source << ": " << refusal(targets);
  }
}

TEST(Manual, ConditionsThatItShowsAreAccepted) {
  const auto shown = examples("| condition | holds |");
  EXPECT_GE(shown.size(), 9u);
  for (const auto& source : shown) {
    const auto condition = Condition::parse(source);
    EXPECT_TRUE(condition) << source << ": " << refusal(condition);
  }
}

TEST(Manual, TheRefusalThatItShowsIsTheRealOne) {
  std::ifstream in(PROV_MANUAL);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const std::string real = "error: " + refusal(Targets::parse("web-* and lable:env=prod")) + "\n";
  EXPECT_NE(text.find("```\n" + real + "```\n"), std::string::npos) << real;
}

}  // namespace
}  // namespace prov::expression
