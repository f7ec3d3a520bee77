// Writes the golden files that are not there yet: `golden_command FOLDER`. NAME.bin is one command of each kind that
// operators send, with every field used; NAME-2.bin, ... the same with the fields that it gained since.
// NAME.digest is what the log holds of it.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/compat/event_log/golden.h"
#include "tests/support/record_log/any_command.h"

int main(int argc, char** argv) {
  using namespace prov;
  if (argc != 2) return 2;
  for (const std::size_t kind : test::AnyCommand::kinds()) {
    const auto asked = test::AnyCommand(2000 + kind, true).of_kind(kind);
    const std::string bytes = event_log::encode_command(asked.command, asked.who);
    const std::string name = domain::name_of(asked.command.body);
    const auto stems = test::golden_stems(argv[1], name);
    if (!stems.empty() && test::read_golden(stems.back() + ".bin") == bytes) continue;
    const std::string suffix = stems.empty() ? "" : "-" + std::to_string(stems.size() + 1);
    const std::string stem = std::string(argv[1]) + "/" + name + suffix;
    std::ofstream(stem + ".bin", std::ios::binary) << bytes;
    std::ofstream(stem + ".digest") << event_log::command_digest(asked.command.body) << "\n";
    std::printf("%s\n", stem.c_str());
  }
  return 0;
}
