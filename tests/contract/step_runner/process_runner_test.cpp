// The real runner: the contract, and what only real processes can show.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <sodium.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "agent/executor/supervisor.h"
#include "agent/executor/zygote.h"
#include "tests/contract/step_runner/real_world.h"
#include "tests/contract/step_runner/step_runner_contract.h"

namespace prov::agent {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(Processes, StepRunnerContract, RealWorld);

class ProcessSteps : public StepRunnerContract<RealWorld> {
 protected:
  Verdict run(const StepId& which, const wire::Order& order) {
    auto begun = start(which, order);
    if (!begun) return {Outcome::refused, 0, begun.error().message, 0, {}};
    EXPECT_TRUE(wait_for(which));
    return ended[which].empty() ? Verdict{} : ended[which][0];
  }
  wire::Order script(const StepId& which, const std::string& text, std::vector<wire::File> rendered = {},
                     std::vector<wire::Sealed> secrets = {}) {
    const Digest bundle = world.put_bundle({{"lib/service.sh", "# library\n", 0644}, {"scripts/install", text, 0755}});
    wire::Script action{bundle, "scripts/install", {{"PROV_VERB", "install"}}, std::move(rendered), std::move(secrets)};
    return world.order(which, std::move(action));
  }
  wire::Sealed seal(const std::string& name, const std::string& value) {
    std::string box(value.size() + crypto_box_SEALBYTES, '\0');
    crypto_box_seal(reinterpret_cast<unsigned char*>(box.data()), reinterpret_cast<const unsigned char*>(value.data()),
                    value.size(), world.keys().public_key.bytes.data());
    return {name, box};
  }
  bool is_claimed(const StepId& which) {
    const auto spec = io::read_file(world.step_path(which) + "/step", 1 << 20);
    return spec && !spec->empty() && spec->front() != ' ';
  }
  // As if the supervisor's last write had come only so far: 0 is before its first byte.
  void cut_verdict(const StepId& which, std::size_t to) {
    const std::string path = world.step_path(which) + "/step";
    std::size_t length = 0;
    ASSERT_EQ(std::sscanf(io::read_file(path, 1 << 20)->c_str() + 24, "%zu", &length), 1);
    ASSERT_GT(std::filesystem::file_size(path), 40 + length + to);
    std::filesystem::resize_file(path, 40 + length + to);
  }
  void forget(const StepId& which) {  // and waits until its folder is gone
    world.runner().forget(which);
    EXPECT_FALSE(std::filesystem::exists(world.step_path(which)));
    world.wait_until_cleared();
  }
  bool alive(int pid) { return io::process_stat(pid) && io::process_stat(pid)->state != 'Z'; }
  int number_in_output(const StepId& which, std::size_t line = 0) {
    std::istringstream in(output_of(which));
    std::string text;
    for (std::size_t i = 0; i <= line; ++i) std::getline(in, text);
    return std::atoi(text.c_str());
  }
  const StepId step = step_number(7);
};

TEST_F(ProcessSteps, AnExecHasExactlyItsEnvironment) {
  auto order = world.order(step, wire::Exec{{"/usr/bin/env"}, {{"GIVEN", "a b"}, {"PROV_TASK", "forged"}}, {}});
  setenv("LEAK", "of the agent", 1);
  EXPECT_EQ(run(step, order).outcome, Outcome::done);
  std::istringstream in(output_of(step));
  std::set<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.insert(line);
  const std::set<std::string> expected = {"GIVEN=a b",
                                          "HOME=/root",
                                          "LANG=C.UTF-8",
                                          "PROV_ATTEMPT=1",
                                          "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                                          "PROV_AGENT=" PROV_AGENT_PROGRAM,
                                          "PROV_DIR=" + world.step_path(step) + "/work",
                                          "PROV_MODE=apply",
                                          "PROV_OUTPUTS=" + world.step_path(step) + "/work/outputs",
                                          "PROV_TASK=" + to_text(step.task)};
  EXPECT_EQ(lines, expected);
}

TEST_F(ProcessSteps, AScriptHasItsFolderAndStandardInputIsNull) {
  const std::string text =
      "#!/bin/sh\npwd; readlink /proc/self/fd/0; umask; ulimit -c; stat -c '%a %n' . scripts/install; ls\n"
      "test \"$PWD\" = \"$PROV_DIR\" && test \"$PROV_RENDERED\" = \"$PWD/rendered\" && "
      "test \"$PROV_SECRETS\" = \"$PWD/secrets\" && test -f \"$PROV_LIB/service.sh\" && test \"$PROV_VERB\" = install "
      "&& exit 10\n";
  const Verdict verdict = run(step, script(step, text));
  EXPECT_EQ(verdict.outcome, Outcome::unchanged) << verdict.message;
  EXPECT_EQ(output_of(step),
            world.step_path(step) + "/work\n/dev/null\n0077\n0\n700 .\n700 scripts/install\nlib\nscripts\n")
      << "rendered/ and secrets/ only where there are any";
}

TEST_F(ProcessSteps, StandardInputIsWhatTheOrderGives) {
  auto order = world.order(step, wire::Exec{{"cat"}, {}, "line\nwith \0 byte" + std::string(1, '\0')});
  EXPECT_EQ(run(step, order).outcome, Outcome::done);
  EXPECT_EQ(output_of(step), std::get<wire::Exec>(order.action).stdin_data);
}

TEST_F(ProcessSteps, SecretsAreFilledInOnTheHostAloneAndGoWithTheStep) {
  const std::string value = "s3cret-canary-value";
  const std::string text =
      "#!/bin/sh\nstat -c '%a' secrets/password rendered/app/x.conf\ncmp -s secrets/password /proc/self/fd/3 3<<E\nE\n"
      "grep -c canary rendered/app/x.conf\nwc -c <secrets/password\n";
  const auto order =
      script(step, text, {{"app/x.conf", "password = @@secret:password@@;\n", 0600}}, {seal("password", value)});
  const Verdict verdict = run(step, order);
  EXPECT_EQ(verdict.outcome, Outcome::done) << verdict.message;
  EXPECT_EQ(output_of(step), "600\n600\n1\n19\n");
  EXPECT_FALSE(std::filesystem::exists(world.step_path(step) + "/work/secrets"));
  EXPECT_FALSE(std::filesystem::exists(world.step_path(step) + "/work/rendered"));
  for (const auto& each : std::filesystem::recursive_directory_iterator(world.dir())) {
    if (!each.is_regular_file()) continue;
    std::ifstream in(each.path(), std::ios::binary);
    const std::string all((std::istreambuf_iterator<char>(in)), {});
    EXPECT_EQ(all.find(value), std::string::npos) << each.path();
  }
}

TEST_F(ProcessSteps, OutputsOfScriptsAndCommandsComeWithTheVerdictAndWaitForTheAgent) {
  const std::string text =
      "#!/bin/sh\necho port=5432 >>\"$PROV_OUTPUTS\"\nstat -c '%s %a' \"$PROV_OUTPUTS\"\nexit 10\n";
  const std::vector<wire::Variable> expected = {{"port", "5432"}};
  const Verdict verdict = run(step, script(step, text));
  EXPECT_EQ(verdict.outcome, Outcome::unchanged);
  EXPECT_EQ(output_of(step), "10 600\n") << "private, as all that a step makes";
  EXPECT_EQ(verdict.outputs, expected);
  const StepId other = step_number(8);
  EXPECT_EQ(run(other, world.shell(other, "echo port=5432 >$PROV_OUTPUTS; exit 3")).outputs, expected)
      << "a failure too";
  restart();
  ended.clear();
  adopt(step, Boot::other);
  ASSERT_TRUE(wait_for(step));
  EXPECT_EQ(ended[step][0].outputs, expected);
  EXPECT_FALSE(std::filesystem::exists(world.step_path(step) + "/work/outputs"));
}

TEST_F(ProcessSteps, ASecretIsNoOutputWhateverTheStepDoesToItsFile) {
  const std::string text =
      "#!/bin/sh\n{ echo a=1; echo \"b=x$(cat secrets/password)x\"; } >\"$PROV_OUTPUTS\"\nrm secrets/password\n";
  const Verdict verdict = run(step, script(step, text, {}, {seal("password", "s3cret-canary")}));
  EXPECT_EQ(verdict.outcome, Outcome::done);
  EXPECT_EQ(verdict.outputs, (std::vector<wire::Variable>{{"a", "1"}}));
  EXPECT_EQ(verdict.message, "line 2 of its outputs was not taken: it has a secret of this step in it");
}

TEST_F(ProcessSteps, OutputsThatAreNoPlainFileAreNotRead) {
  std::ofstream(world.dir() + "/elsewhere") << "a=1\n";
  const std::string replace[] = {"mkfifo $PROV_OUTPUTS", "mkdir $PROV_OUTPUTS",
                                 "ln -s " + world.dir() + "/elsewhere $PROV_OUTPUTS"};
  std::uint8_t number = 20;
  for (const std::string& each : replace) {
    const StepId which = step_number(++number);
    const Verdict verdict = run(which, world.shell(which, each));
    EXPECT_EQ(verdict.outcome, Outcome::done) << each;
    EXPECT_TRUE(verdict.outputs.empty()) << each;
    EXPECT_EQ(verdict.message, "its outputs were not read: $PROV_OUTPUTS is no plain file") << each;
  }
}

TEST_F(ProcessSteps, WhatCannotBePreparedLeavesNothing) {
  const Digest hostile = digest_of("x");
  auto order = world.order(step, wire::Script{hostile, "scripts/install", {}, {}, {}});
  auto refused = start(step, order);
  ASSERT_FALSE(refused) << "a bundle that is not there";
  refused = start(step, script(step, "#!/bin/sh\n", {{"x", "@@secret:nope@@", 0600}}));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("rendered/x"), std::string::npos) << refused.error().message;
  refused =
      start(step, script(step, "#!/bin/sh\n", {}, {{"password", "not a sealed box, but long enough for one....."}}));
  ASSERT_FALSE(refused);
  wire::Sealed escaping = seal("password", "v");
  escaping.parameter = "../../outside";
  refused = start(step, script(step, "#!/bin/sh\n", {}, {escaping}));
  ASSERT_FALSE(refused);
  refused = start(step, world.order(step, wire::Exec{{"true"}, {{"BAD NAME", "x"}}, {}}));
  ASSERT_FALSE(refused);
  EXPECT_FALSE(std::filesystem::exists(world.step_path(step)));
  world.wait_until_cleared();
  EXPECT_TRUE(std::filesystem::is_empty(world.dir() + "/steps"));
  EXPECT_EQ(run(step, script(step, "#!/bin/sh\n")).outcome, Outcome::done) << "the same attempt may still start";
}

TEST_F(ProcessSteps, BundlesCannotLeaveTheirFolderOrPretendToBeRendered) {
  for (const char* path :
       {"../escaped", "/etc/escaped", "a/../../escaped", "a//b", "./x", "secrets/x", "rendered/x", "outputs"}) {
    std::string bytes = wire::encode_bundle({{"scripts/install", "#!/bin/sh\n", 0755}});
    // The encoder is the coordinator's; a hostile one is not bound to it.
    const std::string hostile = wire::encode_bundle({{path, "x", 0644}, {"scripts/install", "#!/bin/sh\n", 0755}});
    ASSERT_TRUE(world.bundles().put(digest_of(hostile), hostile));
    auto refused = start(step, world.order(step, wire::Script{digest_of(hostile), "scripts/install", {}, {}, {}}));
    EXPECT_FALSE(refused) << path;
    world.wait_until_cleared();
    EXPECT_TRUE(std::filesystem::is_empty(world.dir() + "/steps")) << path;
  }
  EXPECT_FALSE(std::filesystem::exists(world.dir() + "/escaped"));
}

TEST_F(ProcessSteps, TheTimeLimitEndsTheWholeGroup) {
  world.grace_ms = 300;
  world.reopen();
  attach();
  auto order =
      world.shell(step, "trap '' TERM; sh -c 'trap \"\" TERM; echo $$; sleep 1000' & echo $$; sleep 1000; sleep 1000");
  order.timeout_s = 1;
  const Verdict verdict = run(step, order);
  EXPECT_EQ(verdict.outcome, Outcome::timed_out) << verdict.message;
  EXPECT_FALSE(alive(number_in_output(step, 0)));
  EXPECT_FALSE(alive(number_in_output(step, 1)));
}

TEST_F(ProcessSteps, WhatAStepLeavesBehindEndsButAServiceLives) {
  const std::string text =
      "sleep 1000 & echo $!; sleep 0.1; setsid sh -c 'echo $$; exec sleep 1001 >/dev/null 2>&1' & sleep 0.3";
  const Verdict verdict = run(step, world.shell(step, text));
  EXPECT_EQ(verdict.outcome, Outcome::done) << verdict.message;
  const int left = number_in_output(step, 0), service = number_in_output(step, 1);
  ASSERT_GT(left, 1);
  ASSERT_GT(service, 1);
  EXPECT_FALSE(alive(left));
  EXPECT_TRUE(alive(service)) << output_of(step);
  kill(service, SIGKILL);
}

TEST_F(ProcessSteps, OutputIsCutAtTheLimitAndTheStepGoesOn) {
  world.output_limit = 100'000;
  world.reopen();
  attach();
  const Verdict verdict =
      run(step, world.shell(step, "head -c 5000000 /dev/zero | tr '\\0' 'x'; echo end >&2; exit 4"));
  EXPECT_EQ(verdict.exit_code, 4);
  const std::string output = output_of(step);
  EXPECT_EQ(output.size(), verdict.output_bytes);
  EXPECT_EQ(digest_of(output), verdict.output_digest);
  EXPECT_EQ(output.substr(0, 100'000), std::string(100'000, 'x'));
  EXPECT_EQ(output.substr(100'000), "\n[4900004 more bytes of output were not kept]\n");
}

TEST_F(ProcessSteps, OutputIsToldWhileTheStepRuns) {
  ASSERT_TRUE(start(step, world.shell(step, "echo first; sleep 1000")));
  EXPECT_TRUE(world.run_until([&] { return grown[step] == 6; }));
  EXPECT_EQ(output_of(step), "first\n");
  EXPECT_TRUE(ended[step].empty());
  world.runner().cancel(step);
  EXPECT_TRUE(wait_for(step));
}

TEST_F(ProcessSteps, ADeadSupervisorMeansInterruptedOnceTheGroupIsGone) {
  ASSERT_TRUE(start(step, world.shell(step, "trap '' TERM; echo $$ $PPID; sleep 1000")));
  ASSERT_TRUE(world.run_until([&] { return grown[step] > 0; }));
  int pid = 0, supervisor = 0;
  ASSERT_EQ(std::sscanf(output_of(step).c_str(), "%d %d", &pid, &supervisor), 2);
  kill(supervisor, SIGKILL);
  ASSERT_TRUE(wait_for(step));
  EXPECT_EQ(ended[step][0].outcome, Outcome::interrupted);
  EXPECT_FALSE(alive(pid));
  EXPECT_EQ(ended[step][0].output_digest, digest_of(output_of(step)));
}

TEST_F(ProcessSteps, ASupervisorThatTheSystemSendsHomeEndsItsStepAsInterrupted) {
  ASSERT_TRUE(start(step, world.shell(step, "echo $$ $PPID; sleep 1000")));
  ASSERT_TRUE(world.run_until([&] { return grown[step] > 0; }));
  int pid = 0, supervisor = 0;
  ASSERT_EQ(std::sscanf(output_of(step).c_str(), "%d %d", &pid, &supervisor), 2);
  kill(supervisor, SIGTERM);
  ASSERT_TRUE(wait_for(step));
  EXPECT_EQ(ended[step][0].outcome, Outcome::interrupted);
  EXPECT_FALSE(alive(pid));
}

TEST_F(ProcessSteps, ASupervisorThatComesTooLateRunsNothing) {
  // The agent died between making the folder and starting the supervisor; its successor gives the step up, and only
  // then does the supervisor begin.
  ASSERT_TRUE(start(step, world.shell(step, "echo ran")));
  ASSERT_TRUE(wait_for(step));
  cut_verdict(step, 0);
  std::fstream(world.step_path(step) + "/step", std::ios::in | std::ios::out) << std::string(20, ' ');
  std::filesystem::resize_file(world.step_path(step) + "/output", 0);
  restart();
  ended.clear();
  adopt(step, Boot::same);
  ASSERT_TRUE(wait_for(step));
  EXPECT_EQ(ended[step][0].outcome, Outcome::interrupted);
  io::Spawn late{{PROV_AGENT_PROGRAM, "supervise", world.step_path(step)}, {}, true, -1};
  auto pid = io::spawn(late);
  ASSERT_TRUE(pid);
  int status = 0;
  ASSERT_EQ(waitpid(*pid, &status, 0), *pid);
  EXPECT_EQ(WEXITSTATUS(status), 3);
  EXPECT_EQ(output_of(step), "");
}

TEST_F(ProcessSteps, SupervisorsAreForkedFromOneSmallProcessAndBearTheirStepsName) {
  const StepId other = step_number(8);
  for (const StepId& each : {step, other}) {
    ASSERT_TRUE(start(each, world.shell(each, "echo $PPID; sleep 1000")));
    ASSERT_TRUE(world.run_until([&] { return grown[each] > 0; }));
    const auto title = io::read_file("/proc/" + std::to_string(number_in_output(each)) + "/cmdline", 1 << 16);
    ASSERT_TRUE(title);
    EXPECT_EQ(std::string(title->c_str()), PROV_AGENT_PROGRAM " supervise " + world.step_path(each));
  }
  const auto first = io::process_stat(number_in_output(step)), second = io::process_stat(number_in_output(other));
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->parent, second->parent);
  EXPECT_EQ(first->session, first->pid) << "no signal for the agent's terminal reaches it";

  // Killed, it takes no step with it, and the next one starts as ever.
  kill(first->parent, SIGKILL);
  const StepId third = step_number(9);
  EXPECT_EQ(run(third, world.prints(third, "x")).outcome, Outcome::done);
  EXPECT_TRUE(alive(first->pid));
  for (const StepId& each : {step, other}) {
    world.runner().cancel(each);
    EXPECT_TRUE(wait_for(each));
    EXPECT_EQ(ended[each].back().outcome, Outcome::cancelled);
  }
}

TEST_F(ProcessSteps, TheSmallProcessEndsWithItsAgentAndLeavesNoZombies) {
  world.rest_ms = 20;
  world.reopen();
  attach();
  for (std::uint8_t n = 10; n < 20; ++n) {
    ASSERT_EQ(run(step_number(n), world.shell(step_number(n), "ps -o ppid= -p $PPID")).outcome, Outcome::done);
  }
  const int zygote = number_in_output(step_number(19));
  const auto children = [&] {
    const auto all = io::all_processes();
    return std::count_if(all.begin(), all.end(), [&](const io::ProcessStat& each) { return each.parent == zygote; });
  };
  EXPECT_TRUE(alive(zygote));
  EXPECT_TRUE(world.run_until([&] { return children() == 0; })) << "nobody waits for a step that does not come";
  restart();
  EXPECT_FALSE(io::process_stat(zygote));
}

TEST_F(ProcessSteps, TheSmallProcessEndsByItselfWhenItsAgentIsGone) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
  io::Fd agents(ends[0]), its(ends[1]);
  io::Spawn request{{PROV_AGENT_PROGRAM, kZygoteCommand}, {}, true};
  request.input_fd = its.get();
  const auto pid = io::spawn(request);
  ASSERT_TRUE(pid);
  its.reset();
  agents.reset();  // as the kernel does when the agent is killed
  int status = 0;
  ASSERT_EQ(waitpid(*pid, &status, 0), *pid);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST_F(ProcessSteps, ASupervisorAndAFolderThatAStepLeftCleanHaveTheNextOne) {
  std::set<int> supervisors;
  std::set<std::string> folders;
  for (std::uint8_t n = 30; n < 40; ++n) {
    const StepId each = step_number(n);
    const std::string number = std::to_string(n);
    const Verdict verdict = run(each, world.shell(each, "echo $PPID; stat -c %i ..; ls -A . ..; env >mine-" + number +
                                                            "; echo n=" + number + " >$PROV_OUTPUTS; exit " + number));
    EXPECT_EQ(verdict.exit_code, n);
    EXPECT_EQ(verdict.outputs, (std::vector<wire::Variable>{{"n", number}}));
    const auto title = io::read_file("/proc/" + std::to_string(number_in_output(each)) + "/cmdline", 1 << 16);
    EXPECT_EQ(std::string(title->c_str()), PROV_AGENT_PROGRAM " supervise") << "it waits";
    std::istringstream lines(output_of(each));
    std::string supervisor, folder, rest;
    std::getline(lines, supervisor);
    std::getline(lines, folder);
    std::getline(lines, rest, '\0');
    EXPECT_EQ(rest, ".:\n\n..:\noutput\nstep\nwork\n") << "as if it were new";
    supervisors.insert(std::stoi(supervisor));
    folders.insert(folder);
    forget(each);
  }
  EXPECT_EQ(supervisors.size(), 1U);
  EXPECT_EQ(folders.size(), 1U);
}

TEST_F(ProcessSteps, ASupervisorWhoseStepLeftSomethingEndsInsteadAndTheFolderGoes) {
  const auto next_supervisor = [&](std::uint8_t n, const wire::Order& order) {
    EXPECT_EQ(run(step_number(n), order).outcome, Outcome::done);
    return number_in_output(step_number(n));
  };
  const auto ends = [&](int supervisor) { return world.run_until([&] { return !io::process_stat(supervisor); }, 20); };
  const int first = next_supervisor(41, world.shell(step_number(41), "echo $PPID"));
  // A daemon that has left the group: it may go on to use the folder, and prints there for all that we know.
  const int second = next_supervisor(
      42,
      world.shell(step_number(42), "echo $PPID; setsid sh -c 'echo $$; exec sleep 1000 >/dev/null 2>&1' & sleep 0.2"));
  EXPECT_EQ(second, first);
  EXPECT_TRUE(ends(second));
  const int third = next_supervisor(
      43, script(step_number(43), "#!/bin/sh\necho $PPID\n", {}, {seal("password", "s3cret-canary-value")}));
  EXPECT_NE(third, first);
  EXPECT_TRUE(ends(third)) << "a secret was in its memory";
  kill(number_in_output(step_number(42), 1), SIGKILL);
  for (const std::uint8_t n : std::initializer_list<std::uint8_t>{42, 43}) forget(step_number(n));
  EXPECT_EQ(std::count_if(std::filesystem::directory_iterator(world.dir() + "/steps"), {},
                          [](const auto& entry) { return entry.path().filename().string().starts_with("spare-"); }),
            0);
}

// Whatever a step does to the folder that it is in: its end is told, and soon, and nobody is held up.
TEST_F(ProcessSteps, AStepMayDoAwayWithItsFolder) {
  const std::vector<std::pair<const char*, Outcome>> deeds = {
      {"d=$(dirname \"$PWD\"); cd /; rm -rf \"$d\"", Outcome::interrupted},
      {"rm ../step", Outcome::interrupted},
      {": >../step", Outcome::interrupted},
      {"rm ../step; mkfifo ../step", Outcome::interrupted},
      {"mkfifo ../output; echo unread", Outcome::done},
      {"echo read; sleep 0.2; rm ../output; mkfifo ../output; echo unread", Outcome::done},
      {"ln -s /etc/passwd ../output; echo unread", Outcome::done},
  };
  std::uint8_t n = 60;
  for (const auto& [deed, outcome] : deeds) {
    const StepId each = step_number(n++);
    EXPECT_EQ(run(each, world.shell(each, deed)).outcome, outcome) << deed;
    EXPECT_EQ(output_of(each).find("root:"), std::string::npos) << deed;
    forget(each);
  }
}

TEST_F(ProcessSteps, OneThatHasMovedItsFolderAwayIsFoundAgain) {
  ASSERT_TRUE(start(step, world.shell(step, "mv \"${PWD%/work}\" " + world.dir() + "/elsewhere; sleep 1000")));
  ASSERT_TRUE(world.run_until([&] { return std::filesystem::exists(world.dir() + "/elsewhere"); }));
  restart();
  adopt(step, Boot::same);
  EXPECT_FALSE(world.run_until([&] { return !ended[step].empty(); }, 1)) << "it runs";
  world.runner().cancel(step);
  ASSERT_TRUE(wait_for(step));
  EXPECT_EQ(ended[step][0].outcome, Outcome::cancelled);
}

TEST_F(ProcessSteps, OneThatHasLeftItsGroupIsStoppedToo) {
  ASSERT_TRUE(start(step, world.order(step, wire::Exec{{"perl", "-e",
                                                        "setpgrp(0, getpgrp(getppid())); $| = 1; print 'left'; "
                                                        "sleep 1000"},
                                                       {},
                                                       {}})));
  ASSERT_TRUE(world.run_until([&] { return output_of(step) == "left"; }));
  world.runner().cancel(step);
  ASSERT_TRUE(wait_for(step));
  EXPECT_EQ(ended[step][0].outcome, Outcome::cancelled);
}

TEST_F(ProcessSteps, ASupervisorThatIsKilledAsItWaitsIsNotMissed) {
  const StepId first = step_number(45), second = step_number(46);
  run(first, world.shell(first, "echo $PPID"));
  const int waiting = number_in_output(first);
  ASSERT_TRUE(alive(waiting));
  kill(waiting, SIGKILL);
  ASSERT_TRUE(world.run_until([&] { return !alive(waiting); }));
  EXPECT_EQ(run(second, world.shell(second, "echo $PPID")).outcome, Outcome::done);
  EXPECT_NE(number_in_output(second), waiting);
}

TEST_F(ProcessSteps, SupervisorsThatWaitEndWithTheirAgent) {
  run(step, world.shell(step, "echo $PPID"));
  const int waiting = number_in_output(step);
  ASSERT_TRUE(alive(waiting));
  restart();  // closes the lines, as the kernel does when an agent is killed
  EXPECT_TRUE(world.run_until([&] { return !alive(waiting); }));
}

TEST_F(ProcessSteps, CancellingWaitsForNoSupervisorHoweverOftenItIsSaid) {
  ASSERT_TRUE(start(step, world.shell(step, "echo $PPID; sleep 1000")));
  ASSERT_TRUE(world.run_until([&] { return grown[step] > 0; }));
  kill(number_in_output(step), SIGSTOP);  // as one whose disk hangs
  for (int i = 0; i < 5000; ++i) world.runner().cancel(step);
  kill(number_in_output(step), SIGCONT);
  ASSERT_TRUE(wait_for(step));
  EXPECT_EQ(ended[step][0].outcome, Outcome::cancelled);
}

TEST_F(ProcessSteps, ACancelThatComesTooLateIsNotTheNextSteps) {
  const auto folder_of = [&](std::uint8_t n) {
    const StepId each = step_number(n);
    const std::string path = world.dir() + "/" + step_dir_name(each);
    std::filesystem::create_directories(path + "/work");
    for (const char* part : {"", "/work"}) chmod((path + part).c_str(), 0700);
    const auto dir = io::open_private_dir(path);
    StepSpec spec;
    spec.argv = {"/bin/sleep", "0.1"};
    EXPECT_TRUE(dir && write_spec(dir->get(), spec));
    return path;
  };
  Zygote zygote(PROV_AGENT_PROGRAM);
  for (const std::uint8_t n : std::initializer_list<std::uint8_t>{50, 51, 52}) {
    const std::string path = folder_of(n);
    auto line = zygote.supervise(path);
    ASSERT_TRUE(line);
    char word[16] = {};
    ASSERT_EQ(recv(line->get(), word, sizeof word, 0), static_cast<ssize_t>(kFreeWord.size()));
    EXPECT_EQ(std::string_view(word), kFreeWord);
    const auto dir = io::open_private_dir(path);
    const auto over = read_step(dir->get());
    ASSERT_TRUE(over && over->result);
    EXPECT_FALSE(over->result->end.cancelled) << int{n};
    send(line->get(), kCancelWord.data(), kCancelWord.size(), MSG_NOSIGNAL);
    zygote.give_back(std::move(*line));
  }
}

TEST_F(ProcessSteps, AVerdictOfAnotherStepThatACrashOfTheMachineBroughtBackIsNotTaken) {
  const StepId other = step_number(8);
  run(step, world.prints(step, "x"));
  run(other, world.ends_with(other, 3));
  std::filesystem::copy_file(world.step_path(step) + "/step", world.step_path(other) + "/step",
                             std::filesystem::copy_options::overwrite_existing);
  restart();
  ended.clear();
  adopt(other, Boot::other);
  ASSERT_TRUE(wait_for(other));
  EXPECT_EQ(ended[other][0].outcome, Outcome::interrupted);
}

TEST_F(ProcessSteps, AVerdictThatACrashOfTheMachineTookIsAnInterruption) {
  run(step, world.prints(step, "x"));
  const auto whole = io::read_file(world.step_path(step) + "/step", 1 << 20);
  ASSERT_TRUE(whole);
  const auto adopted = [&] {
    restart();
    ended.clear();
    adopt(step, Boot::other);
    EXPECT_TRUE(wait_for(step));
    return ended[step][0].outcome;
  };
  EXPECT_EQ(adopted(), Outcome::done);
  for (const std::size_t left : {40, 33, 32, 1, 0}) {  // bytes of it that had reached the disk
    cut_verdict(step, left);
    EXPECT_EQ(adopted(), Outcome::interrupted) << left;
  }
  // It is as long as it should be, and zeros: its size was on the disk before its bytes were.
  const std::size_t spec_end = std::filesystem::file_size(world.step_path(step) + "/step");
  std::filesystem::resize_file(world.step_path(step) + "/step", whole->size());
  EXPECT_EQ(adopted(), Outcome::interrupted);
  std::fstream file(world.step_path(step) + "/step", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(spec_end));
  file << whole->substr(spec_end) << std::flush;
  EXPECT_EQ(adopted(), Outcome::done);
}

TEST_F(ProcessSteps, SaysWhichProgramOrInterpreterIsMissing) {
  Verdict verdict = run(step, world.order(step, wire::Exec{{"no-such-program"}, {}, {}}));
  EXPECT_EQ(verdict.outcome, Outcome::failed);
  EXPECT_NE(verdict.message.find("no-such-program"), std::string::npos) << verdict.message;
  verdict = run(step_number(8), script(step_number(8), "#!/no/such/interpreter\n"));
  EXPECT_EQ(verdict.outcome, Outcome::failed);
  EXPECT_NE(verdict.message.find("/no/such/interpreter"), std::string::npos) << verdict.message;
}

TEST_F(ProcessSteps, AnOpenParentFolderIsRefused) {
  const std::string shared = world.dir() + "/shared";
  mkdir(shared.c_str(), 0700);
  chmod(shared.c_str(), 0777);
  RunnerConfig config{shared, PROV_AGENT_PROGRAM, world.keys()};
  EXPECT_FALSE(ProcessRunner::open(std::move(config), world.bundles(), world.loop(), world.loop(), world.clearing()));
}

TEST_F(ProcessSteps, SweepRemovesOnlyWhatNobodyHolds) {
  ASSERT_TRUE(start(step, world.hangs(step)));
  const StepId done = step_number(8), kept = step_number(9);
  run(done, world.prints(done, "x"));
  run(kept, world.prints(kept, "y"));
  ASSERT_TRUE(world.run_until([&] { return is_claimed(step); }));
  restart();
  world.process_runner().sweep([&](const StepId& each) { return each == kept; });
  EXPECT_FALSE(std::filesystem::exists(world.step_path(done)));
  EXPECT_TRUE(std::filesystem::exists(world.step_path(kept)));
  EXPECT_TRUE(std::filesystem::exists(world.step_path(step))) << "its supervisor lives";
  adopt(step, Boot::same);
  world.runner().cancel(step);
  EXPECT_TRUE(wait_for(step));
}

TEST(BundleCache, KeepsWithinItsLimitAndVerifies) {
  RealWorld world;
  const std::string dir = world.dir() + "/small";
  auto cache = std::move(*BundleCache::open(dir, 1000));
  const auto bytes = [](char c) { return std::string(400, c); };
  ASSERT_TRUE(cache->put(digest_of(bytes('a')), bytes('a')));
  ASSERT_TRUE(cache->put(digest_of(bytes('b')), bytes('b')));
  ASSERT_TRUE(cache->get(digest_of(bytes('a')))) << "used later than b";
  ASSERT_TRUE(cache->put(digest_of(bytes('c')), bytes('c')));
  EXPECT_TRUE(cache->contains(digest_of(bytes('a'))));
  EXPECT_FALSE(cache->contains(digest_of(bytes('b'))));
  auto altered = cache->put(digest_of(bytes('d')), bytes('e'));
  ASSERT_FALSE(altered);
  EXPECT_EQ(altered.error().code, Code::corrupt);
  std::ofstream(dir + "/" + to_text(digest_of(bytes('a')))) << "altered on disk";
  EXPECT_FALSE(cache->get(digest_of(bytes('a'))));
  EXPECT_FALSE(cache->contains(digest_of(bytes('a')))) << "it is to be fetched again";
  cache.reset();
  cache = std::move(*BundleCache::open(dir, 1000));
  EXPECT_TRUE(cache->contains(digest_of(bytes('c'))));
}

}  // namespace
}  // namespace prov::agent
