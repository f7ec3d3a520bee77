// The completion scripts in the shells that they are for: the Tab key on a real terminal, and what the shell then runs.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/integration/cli/rig.h"
#include "tests/integration/cli/terminal.h"

namespace prov::test {
namespace {

struct ShellKind {
  const char* name;
  std::vector<std::string> argv;
  const char* before;  // what the shell wants before the script is sourced
};

void PrintTo(const ShellKind& shell, std::ostream* out) { *out << shell.name; }

class Completion : public testing::TestWithParam<ShellKind> {
 protected:
  // In front of the real program: answers the shell's questions, and keeps the words of any other command line.
  void shadow_program() {
    const std::string program =
        rig_.write("bin/provisioning", "#!/bin/sh\n[ \"$1\" != __complete ] || exec " PROV_PROGRAM
                                       " \"$@\"\nprintf '<%s>' \"$@\" >" +
                                           rig_.path("words") + "\necho 'r'an\n");
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    rig_.env["PATH"] = rig_.path("bin") + ":" + rig_.env["PATH"];
  }
  std::string words_of_last_run() {
    std::ifstream in(rig_.path("words"));
    return std::string((std::istreambuf_iterator<char>(in)), {});
  }
  Rig rig_;
};

TEST_P(Completion, TabCompletesCommandsFlagsValuesAndHosts) {
  const ShellKind& shell = GetParam();
  if (::access(shell.argv[0].c_str(), X_OK) != 0) GTEST_SKIP() << shell.argv[0] << " is not installed";
  const std::string script = rig_.write("script", rig_.run({"completion", shell.name}).out);
  shadow_program();
  Terminal terminal(shell.argv, rig_.env);
  terminal.type(shell.before + std::string("source ") + script + "; echo lo'ade'd\r");
  ASSERT_TRUE(terminal.shows("loaded")) << terminal.rest();
  const std::pair<const char*, const char*> kLines[] = {{"provisioning serv\t", "<server>"},
                                                        {"provisioning server ssh ho\t", "<server><ssh><host-a>"},
                                                        {"provisioning s create --wa\t", "<s><create><--wait>"},
                                                        {"provisioning s list --out ya\t", "<s><list><--out><yaml>"},
                                                        {"provisioning s list --out=js\t", "<s><list><--out=json>"},
                                                        {"provisioning wf mon\t", "<wf><monitor>"}};
  for (const auto& [typed, words] : kLines) {
    terminal.type(std::string(typed) + "\r");
    EXPECT_TRUE(terminal.shows("ran")) << terminal.rest();
    EXPECT_EQ(words_of_last_run(), words) << "typed: " << typed;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shells, Completion,
    testing::Values(ShellKind{"bash", {"/bin/bash", "--norc", "-i"}, ""},
                    ShellKind{"zsh", {"/usr/bin/zsh", "-f", "-i"}, "autoload -Uz compinit && compinit -u -D; "},
                    ShellKind{"fish", {"/usr/bin/fish", "--no-config", "-i"}, ""}),
    [](const auto& shell) { return std::string(shell.param.name); });

}  // namespace
}  // namespace prov::test
