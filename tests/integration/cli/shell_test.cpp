// `server ssh`, questions and the live view on a real terminal: what is typed, shown, resized, and that the terminal is
// put back.
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>

#include "tests/integration/cli/rig.h"
#include "tests/integration/cli/terminal.h"

namespace prov::test {
namespace {

class Shell : public testing::Test {
 protected:
  Shell() {
    rig_.start();
    rig_.start_agent("host-a");
  }
  std::unique_ptr<Terminal> open() {
    auto env = rig_.env;
    env["TERM"] = "dumb";  // the shell's line editor then adds nothing of its own
    auto terminal = std::make_unique<Terminal>(rig_.argv({"server", "ssh", "host-a"}), env);
    terminal->type("echo rea'dy'\r");
    EXPECT_TRUE(terminal->shows("\nready")) << terminal->rest();
    return terminal;
  }
  Rig rig_;
};

TEST_F(Shell, TypesShowsResizesAndEndsWithTheShellsOwnExitCode) {
  const auto terminal = open();
  EXPECT_TRUE(terminal->is_raw());
  terminal->type("stty size\r");
  EXPECT_TRUE(terminal->shows("\n30 100")) << terminal->rest();
  terminal->resize(40, 120);
  terminal->type("sleep 0.3; stty size\r");
  EXPECT_TRUE(terminal->shows("\n40 120")) << terminal->rest();
  // Whoever says that it has begun is in the terminal's foreground: before that, Ctrl-C would be the shell's own.
  terminal->type("(echo be'gun'; exec sleep 30); echo no'pe'\r");
  EXPECT_TRUE(terminal->shows("\nbegun")) << terminal->rest();
  terminal->type("\x03");
  terminal->type("echo st'ill' here\r");
  EXPECT_TRUE(terminal->shows("\nstill here", 10'000)) << terminal->rest();
  terminal->type("exit 5\r");
  EXPECT_EQ(terminal->wait(), 5);
  EXPECT_TRUE(terminal->is_as_before());
}

TEST_F(Shell, TheTerminalIsPutBackWhenASignalEndsTheProgram) {
  for (const int number : {SIGTERM, SIGHUP, SIGABRT}) {
    const auto terminal = open();
    EXPECT_TRUE(terminal->is_raw());
    ::kill(terminal->pid(), number);
    EXPECT_GT(terminal->wait(), 0);
    EXPECT_TRUE(terminal->is_as_before()) << "signal " << number;
  }
}

TEST_F(Shell, TheTerminalIsPutBackWhenTheCoordinatorDies) {
  const auto terminal = open();
  rig_.kill_coordinator();
  EXPECT_EQ(terminal->wait(), 7);
  EXPECT_TRUE(terminal->is_as_before());
}

TEST_F(Shell, TheOperatorCanLeaveWithoutTheHost) {
  const auto terminal = open();
  terminal->type("sleep 30\r");
  terminal->type("\r");
  terminal->type("~.");
  EXPECT_EQ(terminal->wait(), 130);
  EXPECT_TRUE(terminal->is_as_before());
}

TEST_F(Shell, AHostWithoutAnAgentIsToldBeforeTheTerminalIsTouched) {
  Terminal terminal(rig_.argv({"server", "ssh", "nowhere"}), rig_.env);
  EXPECT_EQ(terminal.wait(), 4);
  EXPECT_TRUE(terminal.is_as_before());
}

TEST_F(Shell, QuestionsAreAskedOnTheTerminal) {
  Terminal terminal(rig_.argv({"agent", "remove", "host-a"}), rig_.env);
  EXPECT_TRUE(terminal.shows("[y/N]"));
  terminal.type("n\r");
  EXPECT_EQ(terminal.wait(), 1);
}

TEST_F(Shell, TheLiveViewHasTheLastLineAndPlainTerminalsGetPlainLines) {
  const std::string go = rig_.path("go");
  const auto command = rig_.spawn(
      {"server", "ssh", "host-a", "--", "sh", "-c", "echo sync'ing'; while [ ! -e " + go + " ]; do sleep 0.05; done"});
  ASSERT_TRUE(command->wait_until([](const Ran& ran) { return !ran.out.empty(); }, 20'000)) << command->ran().err;
  Terminal live(rig_.argv({"workflow", "monitor"}), rig_.env);
  EXPECT_TRUE(live.shows("0 of 1 done, 1 running")) << live.rest();
  EXPECT_TRUE(live.shows("| syncing")) << "it was said before we looked: " << live.rest();
  auto plain_env = rig_.env;
  plain_env["NO_COLOR"] = "1";
  Terminal plain(rig_.argv({"workflow", "monitor"}), plain_env);
  EXPECT_TRUE(plain.shows("started")) << plain.rest();
  Terminal leaver(rig_.argv({"workflow", "monitor"}), rig_.env);
  EXPECT_TRUE(leaver.shows("| syncing")) << leaver.rest();
  leaver.type("\x03");
  EXPECT_EQ(leaver.wait(), 130);
  EXPECT_TRUE(leaver.shows("come back:")) << leaver.rest();
  std::ofstream(go) << "go";
  EXPECT_EQ(live.wait(), 0);
  EXPECT_TRUE(live.shows("done 1, failed 0")) << live.rest();
  EXPECT_EQ(plain.wait(), 0);
  EXPECT_EQ(plain.rest().find('\033'), std::string::npos) << plain.rest();
}

}  // namespace
}  // namespace prov::test
