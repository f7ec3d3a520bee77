// Commands as each release writes them are read for ever, as the same bytes again and with the same digest: what the
// log holds of a command must fit its repetition, also across an upgrade. See write_golden.cpp.
#include <gtest/gtest.h>

#include "tests/compat/event_log/golden.h"
#include "tests/support/record_log/any_command.h"

namespace prov::event_log {
namespace {

TEST(GoldenCommands, EveryKindMeansWhatItMeant) {
  for (const std::size_t kind : test::AnyCommand::kinds()) {
    const std::string name = domain::name_of(test::AnyCommand(1).of_kind(kind).command.body);
    const auto stems = test::golden_stems(PROV_GOLDEN_DIR, name);
    ASSERT_FALSE(stems.empty()) << name << " has no golden file: write it with the target golden_command";
    for (const std::string& stem : stems) {
      const std::string bytes = test::read_golden(stem + ".bin");
      const auto asked = decode_command(bytes);
      ASSERT_TRUE(asked) << stem << ": " << asked.error().message;
      EXPECT_EQ(asked->command.body.index(), kind) << stem;
      EXPECT_EQ(encode_command(asked->command, asked->who), bytes) << stem << ": canonical bytes changed";
      EXPECT_EQ(std::to_string(command_digest(asked->command.body)) + "\n", test::read_golden(stem + ".digest"))
          << stem;
    }
    const auto today = test::AnyCommand(2000 + kind, true).of_kind(kind);
    EXPECT_EQ(encode_command(today.command, today.who), test::read_golden(stems.back() + ".bin"))
        << name << " has new fields: write a file of them with the target golden_command";
  }
}

}  // namespace
}  // namespace prov::event_log
