#include "tests/integration/cli/rig.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "common/json/json.h"

extern char** environ;

namespace prov::test {
namespace fs = std::filesystem;
namespace {

using Clock = std::chrono::steady_clock;

int left_ms(Clock::time_point until) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
  return left > 0 ? static_cast<int>(left) : 0;
}

std::vector<int> pids_in(const std::string& file) {
  std::ifstream in(file);
  std::vector<int> out;
  for (int pid = 0; in >> pid;) out.push_back(pid);
  return out;
}

bool gone(int pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  const std::string text((std::istreambuf_iterator<char>(stat)), {});
  const std::size_t name_end = text.rfind(')');
  return name_end == std::string::npos || text.compare(name_end + 2, 1, "Z") == 0;
}

// What is left when the test has ended: the coordinator and the agents are told, then made, to end; the folder goes.
void clean_up(const std::string& folder) {
  std::vector<int> pids = pids_in(folder + "/agents");
  for (const int pid : pids_in(folder + "/home/services/pids/orchestrator.pid")) pids.push_back(pid);
  for (const int pid : pids) ::kill(pid, SIGTERM);
  const auto until = Clock::now() + std::chrono::seconds(5);
  for (const int pid : pids) {
    while (!gone(pid) && left_ms(until) > 0) ::usleep(10'000);
    if (!gone(pid)) ::kill(pid, SIGKILL);
  }
  std::error_code none;
  fs::remove_all(folder, none);
}

}  // namespace

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> out;
  for (const auto& word : words) out.push_back(const_cast<char*>(word.c_str()));
  out.push_back(nullptr);
  return out;
}

Child::Child(const std::vector<std::string>& argv, const std::map<std::string, std::string>& env) {
  int out[2], err[2];
  EXPECT_EQ(::pipe2(out, O_CLOEXEC), 0);
  EXPECT_EQ(::pipe2(err, O_CLOEXEC), 0);
  std::vector<std::string> variables;
  for (const auto& [name, value] : env) variables.push_back(name + "=" + value);
  auto words = pointers(argv), settings = pointers(variables);
  pid_ = ::fork();
  if (pid_ == 0) {
    const int null_fd = ::open("/dev/null", O_RDONLY);
    ::dup2(null_fd, 0);
    ::dup2(out[1], 1);
    ::dup2(err[1], 2);
    ::execve(words[0], words.data(), settings.data());
    ::_exit(127);
  }
  ::close(out[1]);
  ::close(err[1]);
  out_ = out[0];
  err_ = err[0];
}

Child::~Child() {
  if (!ended_) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(out_);
  ::close(err_);
}

bool Child::read_more(int timeout_ms) {
  pollfd ready[] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}};
  ::poll(ready, 2, timeout_ms);
  bool open = false;
  for (int i = 0; i < 2; ++i) {
    if (ready[i].revents == 0) {
      open = true;
      continue;
    }
    char buffer[64 << 10];
    const ssize_t got = ::read(ready[i].fd, buffer, sizeof buffer);
    if (got > 0) (i == 0 ? ran_.out : ran_.err).append(buffer, static_cast<std::size_t>(got));
    open = open || got > 0;
  }
  if (open) return true;
  int status = 0;
  ::waitpid(pid_, &status, 0);
  ran_.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  ended_ = true;
  return false;
}

bool Child::wait_until(const std::function<bool(const Ran&)>& happened, int timeout_ms) {
  const auto until = Clock::now() + std::chrono::milliseconds(timeout_ms);
  while (!happened(ran_)) {
    if (ended_) return true;
    if (left_ms(until) == 0) return false;
    read_more(std::min(left_ms(until), 100));
  }
  return true;
}

void Child::signal(int number) const { ::kill(pid_, number); }

Rig::Rig() {
  std::string pattern = (fs::temp_directory_path() / "prov-cli-XXXXXX").string();
  folder_ = ::mkdtemp(pattern.data());
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  cleaner_ = ::fork();
  if (cleaner_ == 0) {
    ::setsid();
    ::close(ends[1]);
    char byte = 0;
    while (::read(ends[0], &byte, 1) > 0) {
    }
    clean_up(folder_);
    ::_exit(0);
  }
  ::close(ends[0]);
  cleaner_pipe_ = ends[1];
  env = {{"PROVISIONING_HOME", path("home")},          {"PROVISIONING_COORDINATOR", PROV_COORDINATOR},
         {"PROVISIONING_EXTENSIONS", PROV_EXTENSIONS}, {"HOME", folder_},
         {"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"},    {"TERM", "xterm"}};
  write("ws/config/provisioning.yaml", "workspace: {name: demo}\n");
  write("ws/infra/main/settings.yaml",
        "settings: {name: main, provider: local}\nservers:\n  - {hostname: host-a, taskservs: [os]}\n");
  write_settings();
  EXPECT_EQ(run({"workspace", "activate", path("ws")}).status, 0);
}

Rig::~Rig() {
  agents_.clear();
  ::close(cleaner_pipe_);
  ::waitpid(cleaner_, nullptr, 0);
}

std::string Rig::write(const std::string& below, const std::string& bytes) const {
  fs::create_directories(fs::path(path(below)).parent_path());
  std::ofstream(path(below), std::ios::binary) << bytes;
  return path(below);
}

void Rig::write_settings() {
  write("home/config/orchestrator.toml",
        "[orchestrator]\nport = 0\n[log]\nreserve_mib = 0\n[link]\nheartbeat_ms = 300\ndead_ms = 1500\nport = " +
            link_port_ + "\nenrol_port = " + enrol_port_ + "\n");
}

std::vector<std::string> Rig::argv(const std::vector<std::string>& words) const {
  std::vector<std::string> out{PROV_PROGRAM};
  out.insert(out.end(), words.begin(), words.end());
  return out;
}

std::unique_ptr<Child> Rig::spawn(const std::vector<std::string>& words) {
  return std::make_unique<Child>(argv(words), env);
}

Ran Rig::run(const std::vector<std::string>& words, int timeout_ms) {
  const auto child = spawn(words);
  EXPECT_TRUE(child->wait_until_ended(timeout_ms)) << "still runs: " << words[0] << "\n" << child->ran().err;
  return child->ran();
}

void Rig::start() {
  const Ran started = run({"platform", "start", "orchestrator"}, 60'000);
  ASSERT_EQ(started.status, 0) << started.err;
  const auto status = nlohmann::json::parse(run({"platform", "status", "--out", "json"}).out, nullptr, false);
  const auto port = [&](const char* field) {
    const std::string endpoint = status["link"][field][0];
    return endpoint.substr(endpoint.rfind(':') + 1);
  };
  link_port_ = port("endpoints");
  enrol_port_ = port("enrol_endpoints");
  write_settings();
}

void Rig::start_agent(const std::string& host) {
  const Ran token = run({"agent", "token", host});
  ASSERT_EQ(token.status, 0) << token.err;
  write("agent-" + host + "/join-token", token.out);
  fs::permissions(path("agent-" + host), fs::perms::owner_all);
  fs::permissions(path("agent-" + host + "/join-token"), fs::perms(0600));
  agents_.push_back(
      std::make_unique<Child>(std::vector<std::string>{PROV_AGENT, "run", "--state-dir", path("agent-" + host)}, env));
  std::ofstream(path("agents"), std::ios::app) << agents_.back()->pid() << "\n";
  const auto until = Clock::now() + std::chrono::seconds(20);
  while (run({"agent", "list"}).out.find("ready") == std::string::npos) {
    ASSERT_GT(left_ms(until), 0) << "the agent does not come";
    ::usleep(50'000);
  }
}

int Rig::coordinator_pid() {
  const auto pids = pids_in(path("home/services/pids/orchestrator.pid"));
  return pids.empty() ? 0 : pids[0];
}

void Rig::kill_coordinator() {
  const int pid = coordinator_pid();
  ASSERT_GT(pid, 1);
  ::kill(pid, SIGKILL);
  while (!gone(pid)) ::usleep(5'000);
}

}  // namespace prov::test
