#include "agent/host/host_init.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "agent/host/services.h"
#include "common/io/posix/posix_world.h"
#include "common/io/posix/processes.h"

namespace prov::agent {
namespace {

constexpr std::uint64_t kCheckMs = 5'000;  // of services whose keeper has died
constexpr std::uint64_t kFirstAgentPauseMs = 500, kLastAgentPauseMs = 30'000, kHealthyAgentMs = 30'000;
constexpr std::uint64_t kAgentEndMs = 15'000, kOthersEndMs = 3'000;

class HostInit {
 public:
  explicit HostInit(const HostInitConfig& config) : config_(config), services_(service_dirs(), config.program) {}

  int run() {
    take_over_signals();
    prctl(PR_SET_CHILD_SUBREAPER, 1);  // when it is not process 1 itself
    start_services(services_.defined());
    while (!stopping_) {
      const std::uint64_t now = clock_.monotonic_ms();
      if (agent_ == 0 && now >= agent_at_ms_) start_agent();
      if (now >= check_at_ms_) {
        start_services(services_.orphaned());
        check_at_ms_ = now + kCheckMs;
      }
      wait(agent_ == 0 ? std::min(agent_at_ms_, check_at_ms_) : check_at_ms_);
    }
    end_everything();
    return 0;
  }

 private:
  void take_over_signals() {
    signal(SIGPIPE, SIG_IGN);
    sigset_t taken;
    sigemptyset(&taken);
    for (const int each : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) sigaddset(&taken, each);
    sigprocmask(SIG_SETMASK, &taken, nullptr);
    signals_.reset(signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK));
  }

  void start_services(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      // One that cannot start is its keeper's business; a second look comes with the next check.
      static_cast<void>(services_.start(name));
    }
  }

  void start_agent() {
    io::Spawn request;
    request.argv = {config_.program, "run", "--state-dir", config_.state_dir};
    for (char** each = environ; *each != nullptr; ++each) request.environment.emplace_back(*each);
    request.output_fd = STDERR_FILENO;
    auto pid = io::spawn(request);
    agent_ = pid ? *pid : 0;
    agent_started_ms_ = clock_.monotonic_ms();
    if (!pid) agent_ended();
  }

  void agent_ended() {
    agent_ = 0;
    const std::uint64_t now = clock_.monotonic_ms();
    const bool healthy = now - agent_started_ms_ >= kHealthyAgentMs;
    pause_ms_ = healthy || pause_ms_ == 0 ? kFirstAgentPauseMs : std::min(2 * pause_ms_, kLastAgentPauseMs);
    agent_at_ms_ = now + pause_ms_;
  }

  void wait(std::uint64_t until_ms) {
    const std::uint64_t now = clock_.monotonic_ms();
    pollfd fd{signals_.get(), POLLIN, 0};
    poll(&fd, 1, until_ms <= now ? 0 : static_cast<int>(until_ms - now));
    signalfd_siginfo info{};
    while (read(signals_.get(), &info, sizeof info) == sizeof info) {
      if (info.ssi_signo != SIGCHLD) stopping_ = true;
    }
    for (pid_t pid = waitpid(-1, nullptr, WNOHANG); pid > 0; pid = waitpid(-1, nullptr, WNOHANG)) {
      if (pid == agent_) agent_ended();
    }
  }

  // The agent first, so that it starts nothing more and can still report; then services; then whatever is left.
  void end_everything() {
    if (agent_ != 0) kill(agent_, SIGTERM);
    wait_for(kAgentEndMs, [this] { return agent_ == 0; });
    for (const std::string& name : services_.defined()) static_cast<void>(services_.stop(name));
    signal_rest(SIGTERM);
    wait_for(kOthersEndMs, [] { return waitpid(-1, nullptr, WNOHANG) < 0; });
    signal_rest(SIGKILL);
  }

  template <class Condition>
  void wait_for(std::uint64_t limit_ms, Condition condition) {
    const std::uint64_t end = clock_.monotonic_ms() + limit_ms;
    while (!condition() && clock_.monotonic_ms() < end) wait(clock_.monotonic_ms() + 50);
  }

  void signal_rest(int number) {
    if (getpid() == 1) {
      kill(-1, number);
      return;
    }
    for (const io::ProcessStat& each : io::all_processes()) {
      if (each.parent == getpid()) kill(each.pid, number);
    }
  }

  const HostInitConfig& config_;
  Services services_;
  io::SystemClock clock_;
  io::Fd signals_;
  pid_t agent_ = 0;
  bool stopping_ = false;
  std::uint64_t agent_started_ms_ = 0, agent_at_ms_ = 0, check_at_ms_ = 0, pause_ms_ = 0;
};

}  // namespace

int host_init(const HostInitConfig& config) { return HostInit(config).run(); }

}  // namespace prov::agent
