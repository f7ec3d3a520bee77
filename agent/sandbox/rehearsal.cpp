#include "agent/sandbox/rehearsal.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "agent/sandbox/mounts.h"
#include "agent/sandbox/network.h"

namespace prov::agent {
namespace {

constexpr std::size_t kMaxRecords = 64 << 20;
constexpr const char* kServices = "/etc/provisioning-services";
constexpr int kRefused = 1;

struct HostRecords {
  std::string dpkg_status;
  Entries users, groups, services;
};

std::string text_of(const char* path) {
  auto text = io::read_file(path, kMaxRecords);
  return text ? std::move(*text) : std::string();
}

HostRecords read_records() {
  HostRecords out{text_of("/var/lib/dpkg/status"),
                  parse_accounts(text_of("/etc/passwd")),
                  parse_accounts(text_of("/etc/group")),
                  {}};
  const io::Fd dir(open(kServices, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto names = dir ? io::list_dir(dir.get()) : Result<std::vector<std::string>>();
  if (!names) return out;
  for (const std::string& name : *names) {
    if (auto text = io::read_file_at(dir.get(), name, 64 << 10)) out.services[name] = *text;
  }
  return out;
}

RehearsalReport report_of(const HostCopy& copy, const HostRecords& before) {
  const HostRecords now = read_records();
  const std::string usual = architecture_of_dpkg(before.dpkg_status);
  RehearsalReport out;
  copy.add_difference_to(out);
  out.packages =
      changes_between(parse_dpkg_status(before.dpkg_status, usual), parse_dpkg_status(now.dpkg_status, usual));
  out.users = changes_between(before.users, now.users);
  out.groups = changes_between(before.groups, now.groups);
  out.services = changes_between(before.services, now.services);
  return out;
}

void tell(const io::Fd& told, std::string line) {
  for (char& c : line) {
    if (c == '\n') c = ' ';
  }
  static_cast<void>(io::write_all(told.get(), line + "\n"));
}

[[noreturn]] void refuse(const io::Fd& told, const Error& error) {
  tell(told, "refused it cannot be rehearsed on this host: " + error.message);
  _exit(kRefused);
}

Result<HostCopy> make_copy(const RehearsalPlan& plan) {
  auto copy = HostCopy::build(plan.places);
  if (!copy) return copy;
  if (auto made = make_lonely_network(plan.addresses); !made) return tl::unexpected(made.error());
  auto offered = offer_downloads(copy->root(), plan.host_network, plan.places.program);
  if (!offered) return tl::unexpected(offered.error());
  if (auto entered = copy->enter(); !entered) return tl::unexpected(entered.error());
  // What acts on the machine as a whole, and no namespace holds.
  auto dropped = drop_capabilities({CAP_SYS_MODULE, CAP_SYS_RAWIO, CAP_SYS_BOOT, CAP_SYS_TIME, CAP_WAKE_ALARM,
                                    CAP_SYSLOG, CAP_MAC_ADMIN, CAP_MAC_OVERRIDE});
  if (!dropped) return tl::unexpected(dropped.error());
  return copy;
}

// Until the step has ended; orphans come to the first process of a PID namespace.
int wait_for(pid_t step) {
  for (int status = 0;;) {
    const pid_t pid = wait(&status);
    if (pid == step) return status;
    if (pid < 0 && errno != EINTR) return 0;
  }
}

void end_all_others() {
  for (;;) {
    kill(-1, SIGKILL);
    if (wait(nullptr) < 0 && errno == ECHILD) return;
  }
}

}  // namespace

Result<RehearsalPlan> plan_rehearsal(const std::string& step_dir, const std::string& program) {
  auto step = real_path(step_dir);
  if (!step) return tl::unexpected(step.error());
  const std::string steps = step->substr(0, step->rfind('/'));
  RehearsalPlan out;
  out.places = {*step, *step + "/work", steps.substr(0, steps.rfind('/')), program};
  out.addresses = own_addresses();
  out.host_network = io::Fd(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!out.host_network) return tl::unexpected(io::system_error("open", "/proc/self/ns/net"));
  return out;
}

Result<pid_t> fork_for_rehearsal() {
  constexpr unsigned long kFlags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | SIGCHLD;
  const auto pid = static_cast<pid_t>(syscall(SYS_clone, kFlags, nullptr, nullptr, nullptr, nullptr));
  if (pid < 0) {
    Error error = io::system_error("make", "namespaces of its own (that takes CAP_SYS_ADMIN)");
    error.code = Code::unsupported;
    return tl::unexpected(std::move(error));
  }
  if (pid == 0) prctl(PR_SET_PDEATHSIG, SIGKILL);
  return pid;
}

void rehearse(const RehearsalPlan& plan, const std::function<void()>& become_step,
              const std::function<void()>& let_go) {
  auto copy = make_copy(plan);
  if (!copy) refuse(plan.told, copy.error());
  const HostRecords before = read_records();
  const pid_t step = fork();
  if (step < 0) refuse(plan.told, io::system_error("fork for", "the step"));
  if (step == 0) {
    become_step();
    _exit(127);
  }
  let_go();
  const int status = wait_for(step);
  end_all_others();
  const RehearsalReport report = report_of(*copy, before);
  if (auto written = io::write_all(plan.report.get(), to_json(report)); !written) {
    tell(plan.told, "note its difference could not be kept: " + written.error().message);
  }
  tell(plan.told, "note " + summary_of(report));
  const int code = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
  tell(plan.told, (WIFSIGNALED(status) ? "signal " : "exit ") + std::to_string(code));
  _exit(0);
}

}  // namespace prov::agent
