// Checks and rehearsals with real namespaces, as root; what they may not do to this machine, and what they tell.
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fstream>
#include <set>
#include <sstream>

#include "agent/sandbox/report.h"
#include "common/json/json.h"
#include "tests/contract/step_runner/real_world.h"
#include "tests/contract/step_runner/step_runner_contract.h"

namespace prov::agent {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// Empty when this machine lets root make what a sandbox is made of.
std::string why_no_sandbox() {
  if (geteuid() != 0) return "2025-01-01: a sandbox takes root to make";
  const int status = std::system("unshare --mount --pid --net --fork true 2>/dev/null");  // NOLINT: a fixed command
  return status == 0 ? "" : "2025-01-01: this kernel or container allows no namespaces";
}

class Sandbox : public StepRunnerContract<RealWorld> {
 protected:
  void SetUp() override {
    if (const std::string why = why_no_sandbox(); !why.empty()) GTEST_SKIP() << why;
    StepRunnerContract::SetUp();
  }
  Verdict run(const wire::Order& order) {
    const StepId which{order.task, order.attempt};
    auto begun = start(which, order);
    if (!begun) return {Outcome::refused, 0, begun.error().message, 0, {}};
    EXPECT_TRUE(wait_for(which));
    return ended[which].empty() ? Verdict{} : ended[which][0];
  }
  void again() {  // the same step, as if it had never been
    world.runner().forget(step);
    EXPECT_FALSE(fs::exists(world.step_path(step)));
    ended.clear();
    grown.clear();
  }
  wire::Order check(const std::string& text) {
    const Digest bundle = world.put_bundle({{"scripts/check", "#!/bin/sh\n" + text, 0755}});
    auto order = world.order(step, wire::Script{bundle, "scripts/check", {}, {}, {}});
    order.mode = wire::Mode::check;
    return order;
  }
  wire::Order rehearsal(const std::string& text) {
    auto order = world.shell(step, text);
    order.mode = wire::Mode::rehearse;
    return order;
  }
  // What comes before the last line, and that line as JSON.
  std::pair<std::string, Json> split_output() {
    std::string text = output_of(step);
    EXPECT_TRUE(text.ends_with("\n")) << text;
    text.pop_back();
    const auto last = text.rfind('\n') + 1;
    const std::string begin = kRehearsalMark;
    EXPECT_EQ(text.substr(last, begin.size()), begin) << text;
    return {text.substr(0, last), Json::parse(text.substr(std::min(text.size(), last + begin.size())), nullptr, false)};
  }
  // Under a supervisor without CAP_SYS_ADMIN, as those of an agent without it are.
  void run_without_capability(StepKind kind, wire::Mode mode, const std::string& text) {
    const std::string dir = world.step_path(step);
    StepSpec spec;
    spec.argv = {"/bin/sh", "-c", text};
    spec.environment = {"PATH=/usr/bin:/bin"};
    spec.kind = kind;
    spec.mode = mode;
    fs::create_directories(dir + "/work");
    fs::permissions(dir, fs::perms(0700));
    std::ofstream(dir + "/work/outputs").flush();
    auto folder = io::open_private_dir(dir);
    ASSERT_TRUE(folder && write_spec(folder->get(), spec));
    io::Spawn request;
    request.argv = {
        "/usr/bin/setpriv", "--bounding-set=-sys_admin", "--inh-caps=-all", PROV_AGENT_PROGRAM, "supervise", dir};
    request.new_session = true;
    auto pid = io::spawn(request);
    ASSERT_TRUE(pid) << pid.error().message;
    ASSERT_EQ(waitpid(*pid, nullptr, 0), *pid);
    adopt(step, Boot::same);
    ASSERT_TRUE(wait_for(step));
  }
  static std::set<std::string> changes_in(const Json& section) {
    std::set<std::string> out;
    for (const Json& each : section["list"]) {
      out.insert(each["change"].get<std::string>() + " " + each.value("path", each.value("name", "")));
    }
    return out;
  }
  static std::size_t mounts_named(const std::string& part) {
    std::ifstream in("/proc/self/mountinfo");
    std::size_t out = 0;
    for (std::string line; std::getline(in, line);) out += line.find(part) != std::string::npos ? 1 : 0;
    return out;
  }
  const StepId step = step_number(7);
  const std::string mark = "/usr/local/share/prov-sandbox-test-" + std::to_string(getpid());
};

// ---- checks

TEST_F(Sandbox, ACheckCanReadEverythingAndWriteNothing) {
  std::ofstream(world.dir() + "/state-file") << "x";
  const std::string tries = "touch " + mark + " && echo wrote\necho x >>/etc/passwd && echo wrote\n" +
                            "mkdir /var/lib/prov-x && echo wrote\n"
                            "echo x >/proc/sys/kernel/hostname && echo wrote\n"
                            "touch /proc/1/root" +
                            mark +
                            " && echo wrote\n"
                            "mount -o remount,rw / && echo wrote\n"
                            "touch ../../../../../../../.." +
                            mark +
                            " && echo wrote\n"
                            "[ -b /dev/vda ] && echo disk\nls /dev | grep -c sda\n"
                            "head -c 4 /etc/passwd; echo\n"
                            "test -d /run/systemd || test -e /run && echo run\n"
                            "echo fine >here && cat here && d=$(mktemp -d) && echo t >$d/f && cat $d/f\n"
                            "touch /var/tmp/x && echo vt; cat <<E\ndocument\nE\necho o=1 >>$PROV_OUTPUTS; exit 21\n";
  const Verdict verdict = run(check("exec 2>/dev/null\n" + tries));
  EXPECT_EQ(verdict.exit_code, 21) << verdict.message;
  EXPECT_EQ(verdict.message, "installed, but it differs or is not healthy (its output says what)");
  EXPECT_EQ(output_of(step), "0\nroot\nrun\nfine\nt\nvt\ndocument\n");
  EXPECT_EQ(verdict.outputs, (std::vector<wire::Variable>{{"o", "1"}}));
  EXPECT_FALSE(fs::exists(mark));
  EXPECT_FALSE(fs::exists("/var/tmp/x"));
  EXPECT_EQ(mounts_named(world.dir()), 0U);
}

TEST_F(Sandbox, ACheckStillReachesTheNetworkAndTheRunnersServices) {
  const Verdict verdict =
      run(check("\"$PROV_AGENT\" service status no-such-service; [ $? = 4 ] && "
                "[ \"$(readlink /proc/self/ns/net)\" = \"$(cat expected)\" ]"));
  EXPECT_EQ(verdict.exit_code, 1) << "there is no file \"expected\"";
  const std::string net = fs::read_symlink("/proc/self/ns/net");
  again();
  EXPECT_EQ(run(check("[ \"$(readlink /proc/self/ns/net)\" = \"" + net + "\" ]")).exit_code, 0);
}

TEST_F(Sandbox, WhereWritesCannotBePreventedTheCheckSaysSo) {
  run_without_capability(StepKind::check, wire::Mode::check, "touch " + mark + " && echo wrote");
  EXPECT_EQ(ended[step][0].outcome, Outcome::done);
  EXPECT_EQ(ended[step][0].message.rfind("writes were not prevented: cannot make a mount namespace", 0), 0U)
      << ended[step][0].message;
  EXPECT_EQ(output_of(step), "wrote\n");
  EXPECT_TRUE(fs::remove(mark));
}

// ---- rehearsals

TEST_F(Sandbox, ARehearsalTellsWhatItWouldChangeAndChangesNothing) {
  const std::string before = *io::read_file("/etc/passwd", 1 << 20);
  fs::create_directory(mark);
  std::ofstream(mark + "/gone") << "x";
  std::ofstream(mark + "/same") << "same";
  std::ofstream(mark + "/grown") << "x";
  const std::string text =
      "set -e; umask 022\ncd " + mark +
      "\nrm gone\necho more >>grown\nprintf same >same.new\nmv same.new same\n"
      "mkdir -p new && echo x >new/file && chmod 640 new/file && ln -s file new/link\n"
      "echo 'prov-test:x:54321:54321::/nonexistent:/bin/false' >>/etc/passwd\n"
      "echo 'prov-test:x:54321:' >>/etc/group\n"
      "mkdir -p /etc/systemd/system/multi-user.target.wants\n"
      "ln -s /x /etc/systemd/system/multi-user.target.wants/prov-test.service\n"
      "$PROV_AGENT service define prov-test -- /bin/sleep 1000\n"
      "echo x >/tmp/x; echo x >/run/x; echo x >/dev/shm/x; echo x >in-work; echo port=1 >$PROV_OUTPUTS\n"
      "cat grown; printf unfinished\n";
  const Verdict verdict = run(rehearsal(text));
  EXPECT_EQ(verdict.outcome, Outcome::done) << verdict.message << output_of(step);
  EXPECT_EQ(verdict.outputs, (std::vector<wire::Variable>{{"port", "1"}}));
  const auto [printed, report] = split_output();
  EXPECT_EQ(printed, "xmore\nunfinished\n");
  EXPECT_EQ(digest_of(output_of(step)), verdict.output_digest);
  std::set<std::string> ours;
  for (const std::string& each : changes_in(report["files"])) {
    if (each.find(mark) != std::string::npos) ours.insert(each);
  }
  EXPECT_EQ(ours, (std::set<std::string>{"added " + mark + "/in-work", "added " + mark + "/new",
                                         "added " + mark + "/new/file", "added " + mark + "/new/link",
                                         "changed " + mark + "/grown", "removed " + mark + "/gone"}));
  for (const Json& each : report["files"]["list"]) {
    if (each["path"] == mark + "/new/file") {
      EXPECT_EQ(each, (Json{{"path", mark + "/new/file"},
                            {"change", "added"},
                            {"kind", "file"},
                            {"mode", "0640"},
                            {"owner", "0:0"},
                            {"size", 2}}));
    }
    for (const char* own : {"/tmp/", "/run/", "/dev/", "/proc/", "/sys/"}) {
      EXPECT_NE(each["path"].get<std::string>().rfind(own, 0), 0U) << each;
    }
  }
  EXPECT_EQ(changes_in(report["users"]), (std::set<std::string>{"added prov-test"}));
  EXPECT_EQ(changes_in(report["groups"]), (std::set<std::string>{"added prov-test"}));
  EXPECT_EQ(changes_in(report["units"]),
            (std::set<std::string>{"added /etc/systemd/system/multi-user.target.wants/prov-test.service"}));
  EXPECT_EQ(changes_in(report["services"]), (std::set<std::string>{"added prov-test"}));
  EXPECT_NE(verdict.message.find("rehearsed: it would change files: "), std::string::npos) << verdict.message;
  EXPECT_NE(verdict.message.find("users: 1 added; groups: 1 added; units: 1 added; services: 1 added"),
            std::string::npos)
      << verdict.message;

  EXPECT_EQ(*io::read_file("/etc/passwd", 1 << 20), before);
  EXPECT_EQ(*io::read_file(mark + "/grown", 100), "x");
  EXPECT_TRUE(fs::exists(mark + "/gone"));
  EXPECT_FALSE(fs::exists(mark + "/new"));
  EXPECT_FALSE(fs::exists("/etc/provisioning-services/prov-test"));
  EXPECT_FALSE(fs::exists("/run/x"));
  EXPECT_FALSE(fs::exists(world.step_path(step) + "/host")) << "what was written goes with it";
  EXPECT_EQ(mounts_named(world.dir()), 0U);
  fs::remove_all(mark);
}

TEST_F(Sandbox, EveryFileSystemAndEveryMountedFileOfTheHostIsCopied) {
  ASSERT_EQ(unshare(CLONE_NEWNS), 0);
  ASSERT_EQ(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
  for (const char* each : {"/disk", "/fixed"}) {
    fs::create_directories(mark + each);
    ASSERT_EQ(mount("tmpfs", (mark + each).c_str(), "tmpfs", 0, nullptr), 0);
    std::ofstream(mark + each + "/there") << "x\n";
  }
  ASSERT_EQ(mount(nullptr, (mark + "/fixed").c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr), 0);
  for (const char* each : {"/file", "/source"}) std::ofstream(mark + each) << "x\n";
  ASSERT_EQ(mount((mark + "/source").c_str(), (mark + "/file").c_str(), nullptr, MS_BIND, nullptr), 0);
  const std::string text = "cd " + mark + "\necho more >>disk/there; echo x >disk/new; echo more >>file\n" +
                           "(echo x >fixed/new) 2>/dev/null || echo fixed; cat fixed/there disk/there file\n";
  const Verdict verdict = run(rehearsal(text));
  EXPECT_EQ(verdict.outcome, Outcome::done) << verdict.message;
  const auto [printed, report] = split_output();
  EXPECT_EQ(printed, "fixed\nx\nx\nmore\nx\nmore\n");
  std::set<std::string> ours;
  for (const std::string& each : changes_in(report["files"])) {
    if (each.find(mark) != std::string::npos) ours.insert(each);
  }
  EXPECT_EQ(ours, (std::set<std::string>{"added " + mark + "/disk/new", "changed " + mark + "/disk/there",
                                         "changed " + mark + "/file"}));
  EXPECT_EQ(*io::read_file(mark + "/disk/there", 100), "x\n");
  EXPECT_EQ(*io::read_file(mark + "/file", 100), "x\n");
  for (const char* each : {"/disk", "/fixed", "/file"}) EXPECT_EQ(umount((mark + each).c_str()), 0) << each;
  fs::remove_all(mark);
}

TEST_F(Sandbox, ARehearsalThatFailsTellsHowFarItCame) {
  const Verdict verdict = run(rehearsal("echo x >" + mark + "; exit 3"));
  EXPECT_EQ(verdict.outcome, Outcome::failed);
  EXPECT_EQ(verdict.exit_code, 3);
  EXPECT_TRUE(changes_in(split_output().second["files"]).contains("added " + mark));
  again();
  EXPECT_EQ(run(rehearsal("kill -9 $$")).exit_code, -9);
  again();
  auto missing = world.order(step, wire::Exec{{"no-such-program"}, {}, {}});
  missing.mode = wire::Mode::rehearse;
  const Verdict none = run(missing);
  EXPECT_EQ(none.outcome, Outcome::failed);
  EXPECT_NE(none.message.find("cannot start no-such-program"), std::string::npos) << none.message;
}

TEST_F(Sandbox, ARehearsedScriptHasWhatAScriptHas) {
  const std::string text =
      "#!/bin/sh\ntest \"$PWD\" = \"$PROV_DIR\" && test -d \"$PROV_RENDERED\" && test -x \"$PROV_AGENT\" && "
      "test \"$PROV_MODE\" = rehearse && test \"$(cat rendered/x)\" = text && readlink /proc/self/fd/0 && exit 10\n";
  const Digest bundle = world.put_bundle({{"scripts/install", text, 0755}});
  auto order = world.order(step, wire::Script{bundle, "scripts/install", {}, {{"x", "text", 0600}}, {}});
  order.mode = wire::Mode::rehearse;
  const Verdict verdict = run(order);
  EXPECT_EQ(verdict.outcome, Outcome::unchanged) << verdict.message << output_of(step);
  EXPECT_EQ(verdict.message, "rehearsed: it would change nothing");
  EXPECT_EQ(split_output().first, "/dev/null\n");
}

TEST_F(Sandbox, NothingOfARehearsalOutlivesIt) {
  const std::string text = "$PROV_AGENT service define prov-test -- /bin/sh -c 'echo $$ >" + mark +
                           "; exec sleep 98765'\n"
                           "$PROV_AGENT service start prov-test\nsetsid sh -c 'exec sleep 98765' >/dev/null 2>&1 &\n"
                           "for i in 1 2 3 4 5 6 7 8; do (trap '' TERM HUP; while :; do sleep 98765; done) & done\n"
                           "$PROV_AGENT service status prov-test\n";
  const Verdict verdict = run(rehearsal(text));
  EXPECT_EQ(verdict.outcome, Outcome::done) << verdict.message << output_of(step);
  EXPECT_EQ(split_output().first, "running\n");
  for (const io::ProcessStat& each : io::all_processes()) {
    const auto line = io::read_file("/proc/" + std::to_string(each.pid) + "/cmdline", 1 << 16);
    EXPECT_TRUE(!line || line->find("98765") == std::string::npos) << each.pid;
  }
}

TEST_F(Sandbox, TheMachineIsOutOfReach) {
  const std::string hostname = *io::read_file("/proc/sys/kernel/hostname", 256);
  const std::string text =
      "exec 2>/dev/null\nhostname prov-elsewhere\necho 1 >/proc/sys/vm/drop_caches && echo wrote\n"
      "touch /sys/x && echo wrote\ntest -e /run/systemd/private && echo systemd\ntest -e /run/dbus && echo dbus\n"
      "ls " +
      fs::path(world.dir()).string() +
      " | grep -v steps\nls /dev | tr '\\n' ' '\nkill -9 1; echo\n"
      "ls /proc | grep -c '^[0-9]*$' | awk '{ print ($1 < 10) }'\ncat /proc/1/root/etc/passwd >/dev/null && "
      "touch /proc/1/root" +
      mark + " && echo in the copy\n";
  const Verdict verdict = run(rehearsal(text));
  EXPECT_EQ(verdict.outcome, Outcome::done) << verdict.message;
  EXPECT_EQ(split_output().first,
            "fd full null ptmx pts random shm stderr stdin stdout tty urandom zero \n1\nin the copy\n");
  EXPECT_EQ(*io::read_file("/proc/sys/kernel/hostname", 256), hostname);
  EXPECT_FALSE(fs::exists(mark));
}

TEST_F(Sandbox, TheNetworkIsItsOwnWithTheAddressesOfTheHost) {
  const std::string text =
      "import socket, sys\n"
      "for address in sys.argv[1:]:\n"
      "    s = socket.create_server((address, 22 if address == '127.0.0.1' else 80))\n"
      "    socket.create_connection(s.getsockname()).close()\n"
      "    print('answers')\n"
      "try:\n"
      "    socket.create_connection(('192.0.2.1', 80), 5)\n"
      "    print('out')\n"
      "except OSError as error:\n"
      "    print(error.strerror)\n";
  const auto out = std::string("hostname -I | tr ' ' '\\n' | grep -v : | head -1");
  std::string own = "127.0.0.1";
  if (FILE* pipe = popen(out.c_str(), "r")) {  // NOLINT: a fixed command
    char line[64] = {};
    if (fgets(line, sizeof line, pipe) != nullptr && line[0] > ' ') own = std::string(line, strcspn(line, "\n"));
    pclose(pipe);
  }
  auto order = world.order(
      step, wire::Exec{{"/usr/bin/python3", "-c", text, "127.0.0.1", own == "127.0.0.1" ? "127.0.0.2" : own}, {}, {}});
  order.mode = wire::Mode::rehearse;
  const Verdict verdict = run(order);
  EXPECT_EQ(verdict.outcome, Outcome::done) << verdict.message << output_of(step);
  EXPECT_EQ(split_output().first, "answers\nanswers\nNetwork is unreachable\n");
}

TEST_F(Sandbox, ATimeLimitEndsTheWholeRehearsal) {
  world.grace_ms = 300;
  world.reopen();
  attach();
  auto order = rehearsal("trap '' TERM; setsid sleep 87654 & touch " + mark + "; sleep 87654; sleep 87654");
  order.timeout_s = 1;
  const Verdict verdict = run(order);
  EXPECT_EQ(verdict.outcome, Outcome::timed_out) << verdict.message;
  for (const io::ProcessStat& each : io::all_processes()) {
    const auto line = io::read_file("/proc/" + std::to_string(each.pid) + "/cmdline", 1 << 16);
    EXPECT_TRUE(!line || line->find("87654") == std::string::npos) << each.pid;
  }
  EXPECT_FALSE(fs::exists(world.step_path(step) + "/host"));
}

TEST_F(Sandbox, ACancelledRehearsalStillTellsWhatItSaw) {
  ASSERT_TRUE(start(step, rehearsal("touch " + mark + "; echo begun; sleep 1000")));
  ASSERT_TRUE(world.run_until([&] { return grown[step] > 0; }));
  world.runner().cancel(step);
  ASSERT_TRUE(wait_for(step));
  EXPECT_EQ(ended[step][0].outcome, Outcome::cancelled);
  EXPECT_TRUE(changes_in(split_output().second["files"]).contains("added " + mark));
}

TEST_F(Sandbox, AnAgentThatDiesLeavesARehearsalThatGoesOnAndLeavesNothing) {
  ASSERT_TRUE(start(step, rehearsal("touch " + mark + "; echo begun; sleep 1; echo over")));
  ASSERT_TRUE(world.run_until([&] { return grown[step] > 0; }));
  restart();
  adopt(step, Boot::same);
  ASSERT_TRUE(wait_for(step));
  EXPECT_EQ(ended[step][0].outcome, Outcome::done);
  EXPECT_EQ(split_output().first, "begun\nover\n");
  EXPECT_EQ(mounts_named(world.dir()), 0U);
}

TEST_F(Sandbox, WhenEverythingThatStandsBesideItIsKilledNothingStays) {
  ASSERT_TRUE(start(step, rehearsal("touch " + mark + "; echo begun; setsid sleep 76543 & sleep 76543")));
  ASSERT_TRUE(world.run_until([&] { return grown[step] > 0; }));
  int supervisor = 0, group = 0;
  ASSERT_EQ(std::sscanf(io::read_file(world.step_path(step) + "/step", 1 << 20)->c_str(), "%d %d", &supervisor, &group),
            2);
  const auto namespace_of = [](int pid) {
    std::error_code none;
    return fs::read_symlink("/proc/" + std::to_string(pid) + "/ns/mnt", none).string();
  };
  const std::string theirs = namespace_of(group);
  ASSERT_NE(theirs, namespace_of(getpid()));
  kill(supervisor, SIGKILL);
  ASSERT_TRUE(wait_for(step));
  EXPECT_EQ(ended[step][0].outcome, Outcome::interrupted);
  for (const io::ProcessStat& each : io::all_processes()) EXPECT_NE(namespace_of(each.pid), theirs) << each.pid;
  EXPECT_FALSE(fs::exists(world.step_path(step) + "/host"));
  EXPECT_EQ(mounts_named(world.dir()), 0U);
  EXPECT_FALSE(fs::exists(mark));
}

TEST_F(Sandbox, AHostThatCannotRehearseRefuses) {
  run_without_capability(StepKind::exec, wire::Mode::rehearse, "touch " + mark);
  EXPECT_EQ(ended[step][0].outcome, Outcome::refused);
  EXPECT_EQ(ended[step][0].message,
            "it cannot be rehearsed on this host: cannot make namespaces of its own (that takes CAP_SYS_ADMIN): "
            "Operation not permitted");
  EXPECT_FALSE(fs::exists(mark));
}

TEST_F(Sandbox, OutputBeyondTheLimitDoesNotHideTheDifference) {
  world.output_limit = 1000;
  world.reopen();
  attach();
  const Verdict verdict = run(rehearsal("head -c 5000 /dev/zero | tr '\\0' x"));
  EXPECT_EQ(verdict.outcome, Outcome::done) << verdict.message;
  EXPECT_EQ(split_output().first, std::string(1000, 'x') + "\n[4000 more bytes of output were not kept]\n");
}

}  // namespace
}  // namespace prov::agent
