#include "tests/sim/behaviour.h"

#include <gtest/gtest.h>

namespace prov::sim {
namespace {

TEST(Behaviour, IsReadAsItIsWritten) {
  Behaviour how;
  how.duration_ms = 1'234;
  how.output_bytes = 77;
  how.exits = {75, -1, 10};
  how.signal = 9;
  how.hangs = how.deaf = how.lies = true;
  how.fork_ms = 5;
  how.mark = "a";
  how.unmark = "b";
  EXPECT_EQ(to_text(parse_behaviour(to_text(how))), to_text(how));
  EXPECT_EQ(to_text(parse_behaviour(to_text(Behaviour{}))), to_text(Behaviour{}));
  EXPECT_EQ(parse_behaviour("exit=3,4").exits, (std::vector<std::int32_t>{3, 4}));
}

TEST(Behaviour, OutputHasItsLengthAndSaysWhoseItIs) {
  const agent::StepId step{Id{}, 3};
  EXPECT_EQ(output_of(step, 0), "");
  const std::string out = output_of(step, 100);
  EXPECT_EQ(out.size(), 100U);
  EXPECT_TRUE(out.starts_with("1 of ")) << out;
  EXPECT_NE(out.find("/3\n2 of "), std::string::npos) << out;
}

}  // namespace
}  // namespace prov::sim
