#include "common/io/posix/processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <utility>

namespace prov::io {
namespace {

struct SpawnSetup {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;

  explicit SpawnSetup(const Spawn& request) {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    if (request.input_fd >= 0) {
      posix_spawn_file_actions_adddup2(&actions, request.input_fd, 0);
    } else {
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    }
    if (request.output_fd >= 0) {
      posix_spawn_file_actions_adddup2(&actions, request.output_fd, 1);
      posix_spawn_file_actions_adddup2(&actions, request.output_fd, 2);
    } else {
      posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
      posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    }
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    if (request.new_session) flags |= POSIX_SPAWN_SETSID;
    posix_spawnattr_setflags(&attributes, static_cast<short>(flags));
  }
  ~SpawnSetup() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;
};

}  // namespace

Result<pid_t> spawn(const Spawn& request) {
  PROV_ASSERT(!request.argv.empty());
  const SpawnSetup setup(request);
  std::vector<char*> argv = c_strings(request.argv);
  std::vector<char*> environment = c_strings(request.environment);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, argv[0], &setup.actions, &setup.attributes, argv.data(), environment.data());
  if (error != 0) {
    errno = error;
    return tl::unexpected(system_error("start", request.argv[0]));
  }
  return pid;
}

Result<Fd> open_pidfd(pid_t pid) {
  Fd fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (fd) return fd;
  if (errno == ESRCH) return fail(Code::not_found, "no process " + std::to_string(pid));
  return tl::unexpected(system_error("watch process", std::to_string(pid)));
}

void signal_pidfd(const Fd& pidfd, int number) { syscall(SYS_pidfd_send_signal, pidfd.get(), number, nullptr, 0); }

std::optional<ProcessStat> process_stat(pid_t pid) {
  auto text = read_file("/proc/" + std::to_string(pid) + "/stat", 4096);
  if (!text) return std::nullopt;
  const auto close = text->rfind(')');  // the name may hold anything, also ')'
  if (close == std::string::npos) return std::nullopt;
  std::istringstream in(text->substr(close + 1));
  ProcessStat out;
  out.pid = pid;
  in >> out.state >> out.parent >> out.group >> out.session;
  std::string skipped;
  for (int field = 7; field <= 21; ++field) in >> skipped;
  in >> out.start_ticks;
  return in ? std::optional(out) : std::nullopt;
}

std::vector<ProcessStat> all_processes() {
  std::vector<ProcessStat> out;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir("/proc"), closedir);
  if (!dir) return out;
  while (const dirent* entry = readdir(dir.get())) {
    const std::string_view name = entry->d_name;
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error != std::errc{} || end != name.data() + name.size()) continue;
    if (auto stat = process_stat(pid)) out.push_back(*stat);
  }
  return out;
}

bool group_alive(pid_t group, pid_t session) {
  if (kill(-group, 0) != 0 && errno == ESRCH) return false;  // quick answer for the usual case
  const auto all = all_processes();
  return std::any_of(all.begin(), all.end(), [&](const ProcessStat& process) {
    return process.group == group && process.session == session && process.state != 'Z' && process.state != 'X';
  });
}

std::uint64_t raise_open_files() {
  rlimit files{};
  PROV_ASSERT(getrlimit(RLIMIT_NOFILE, &files) == 0);
  const rlim_t before = std::exchange(files.rlim_cur, files.rlim_max);
  return setrlimit(RLIMIT_NOFILE, &files) == 0 ? files.rlim_cur : before;
}

std::string own_program() {
  char path[4096];
  const ssize_t n = readlink("/proc/self/exe", path, sizeof path);
  PROV_ASSERT(n > 0 && static_cast<std::size_t>(n) < sizeof path);
  return {path, static_cast<std::size_t>(n)};
}

std::vector<char*> c_strings(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

}  // namespace prov::io
