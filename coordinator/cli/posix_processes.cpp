#include "coordinator/cli/posix_processes.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {  // this header of glibc 2.36 forgets to say so
#include <sys/pidfd.h>
}

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "coordinator/workspace/yaml_tree.h"

namespace prov::cli {
namespace {

constexpr int kCannotExec = 127;
constexpr std::size_t kMaxProcFile = 64 << 10;
constexpr off_t kMaxKept = 1 << 30;  // of a program's output; a state of a million tasks has half of it

std::vector<char*> pointers_of(const std::vector<std::string>& argv) {
  std::vector<char*> out;
  for (const auto& word : argv) out.push_back(const_cast<char*>(word.c_str()));
  out.push_back(nullptr);
  return out;
}

struct Stat {
  char state = '?';
  std::uint64_t start_time = 0;
};

std::optional<Stat> read_stat(int pid) {
  const auto text = workspace::read_file("/proc/" + std::to_string(pid) + "/stat", kMaxProcFile);
  if (!text) return std::nullopt;
  const std::size_t name_end = text->rfind(')');  // the name itself may hold anything
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream rest(text->substr(name_end + 1));
  Stat stat;
  rest >> stat.state;
  std::string skipped;
  for (int field = 4; field < 22; ++field) rest >> skipped;
  rest >> stat.start_time;
  return rest ? std::optional<Stat>(stat) : std::nullopt;
}

// The first word of its command line, without folders.
std::string program_of(int pid) {
  auto text = workspace::read_file("/proc/" + std::to_string(pid) + "/cmdline", kMaxProcFile);
  if (!text) return {};
  const std::string first = text->substr(0, text->find('\0'));
  return first.substr(first.rfind('/') + 1);
}

// In the child, between fork and exec: only calls that are safe there.
[[noreturn]] void become_daemon(char* const* argv, int log_fd, int failed_fd) {
  ::setsid();
  const int null_fd = ::open("/dev/null", O_RDONLY);
  ::dup2(null_fd, 0);
  ::dup2(log_fd, 1);
  ::dup2(log_fd, 2);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (::chdir("/") == 0) ::execv(argv[0], argv);
  const int cause = errno;
  if (::write(failed_fd, &cause, sizeof cause) < 0) ::_exit(kCannotExec);  // the status says it too
  ::_exit(kCannotExec);
}

class MemoryFile {  // takes what a child writes, however much, without a pipe that somebody has to empty
 public:
  explicit MemoryFile(const char* name) : fd_(::memfd_create(name, MFD_CLOEXEC)) {}
  ~MemoryFile() { ::close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  int fd() const { return fd_; }
  Result<std::string> text() const {
    struct stat about {};
    if (::fstat(fd_, &about) != 0) return fail(Code::io, std::string("fstat: ") + std::strerror(errno));
    if (about.st_size > kMaxKept) return fail(Code::exhausted, "the answer is larger than 1 GiB", "narrow it");
    std::string out(static_cast<std::size_t>(about.st_size), '\0');
    for (std::size_t at = 0; at < out.size();) {
      const ssize_t got = ::pread(fd_, out.data() + at, out.size() - at, static_cast<off_t>(at));
      if (got <= 0) return fail(Code::io, std::string("pread: ") + std::strerror(errno));
      at += static_cast<std::size_t>(got);
    }
    return out;
  }

 private:
  int fd_;
};

// In the child, between fork and exec.
[[noreturn]] void become_kept(char* const* argv, int out_fd, int err_fd) {
  const int null_fd = ::open("/dev/null", O_RDONLY);
  ::dup2(null_fd, 0);
  ::dup2(out_fd, 1);
  ::dup2(err_fd, 2);
  ::execv(argv[0], argv);
  ::_exit(kCannotExec);
}

}  // namespace

Result<ProcessId> PosixProcesses::start_daemon(const std::vector<std::string>& argv, const std::string& log_file) {
  PROV_ASSERT(!argv.empty());
  const int log_fd = ::open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log_fd < 0) return fail(Code::io, "cannot write " + log_file + ": " + std::strerror(errno));
  int failed[2] = {-1, -1};
  if (::pipe2(failed, O_CLOEXEC) != 0) {
    ::close(log_fd);
    return fail(Code::io, std::string("no pipe: ") + std::strerror(errno));
  }
  auto pointers = pointers_of(argv);
  const int pid = ::fork();
  if (pid == 0) become_daemon(pointers.data(), log_fd, failed[1]);
  const int fork_error = errno;
  ::close(log_fd);
  ::close(failed[1]);
  int cause = 0;
  const ssize_t told = pid < 0 ? 0 : ::read(failed[0], &cause, sizeof cause);  // ends when exec closes the pipe
  ::close(failed[0]);
  if (pid < 0) return fail(Code::io, std::string("cannot start a process: ") + std::strerror(fork_error));
  if (told > 0) {
    ::waitpid(pid, nullptr, 0);
    return fail(Code::io, "cannot run " + argv[0] + ": " + std::strerror(cause));
  }
  children_[pid] = std::nullopt;
  const auto stat = read_stat(pid);
  return ProcessId{pid, stat ? stat->start_time : 0};
}

void PosixProcesses::reap(int pid) {
  const auto child = children_.find(pid);
  if (child == children_.end() || child->second) return;
  int status = 0;
  if (::waitpid(pid, &status, WNOHANG) != pid) return;
  child->second = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

bool PosixProcesses::is_alive(const ProcessId& process) {
  reap(process.pid);
  // A child has ended when it can be waited for: its first thread is a zombie a moment before that, while others still
  // go. Until then the number is its own.
  if (const auto child = children_.find(process.pid); child != children_.end() && !child->second) return true;
  const auto stat = read_stat(process.pid);
  return stat && stat->state != 'Z' && stat->state != 'X' && stat->start_time == process.start_time;
}

std::optional<int> PosixProcesses::exit_status(const ProcessId& process) {
  reap(process.pid);
  const auto child = children_.find(process.pid);
  return child == children_.end() ? std::nullopt : child->second;
}

std::optional<ProcessId> PosixProcesses::find(int pid, const std::string& program_name) {
  if (pid <= 1) return std::nullopt;
  const auto stat = read_stat(pid);
  if (!stat || stat->state == 'Z' || program_of(pid) != program_name) return std::nullopt;
  return ProcessId{pid, stat->start_time};
}

Result<void> PosixProcesses::terminate(const ProcessId& process) {
  // The descriptor holds on to whoever has the number now; the check behind it says that this is the one we mean.
  const int fd = ::pidfd_open(process.pid, 0);
  if (fd < 0) return errno == ESRCH ? Result<void>() : fail(Code::io, std::string("pidfd: ") + std::strerror(errno));
  const bool same = is_alive(process);
  const int sent = same ? ::pidfd_send_signal(fd, SIGTERM, nullptr, 0) : 0;
  const int cause = errno;
  ::close(fd);
  if (sent == 0 || cause == ESRCH) return {};
  return fail(cause == EPERM ? Code::denied : Code::io,
              "cannot stop process " + std::to_string(process.pid) + ": " + std::strerror(cause));
}

Result<Finished> PosixProcesses::finish(const std::vector<std::string>& argv) {
  PROV_ASSERT(!argv.empty());
  const MemoryFile out("out"), err("err");
  auto pointers = pointers_of(argv);
  const int pid = ::fork();
  if (pid == 0) become_kept(pointers.data(), out.fd(), err.fd());
  if (pid < 0) return fail(Code::io, std::string("cannot start a process: ") + std::strerror(errno));
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == kCannotExec) return fail(Code::io, "cannot run " + argv[0]);
  auto said = out.text(), talked = err.text();
  if (!said) return tl::unexpected(said.error());
  if (!talked) return tl::unexpected(talked.error());
  return Finished{WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), std::move(*said),
                  std::move(*talked)};
}

Error PosixProcesses::become(const std::vector<std::string>& argv) {
  PROV_ASSERT(!argv.empty());
  ::execv(argv[0].c_str(), pointers_of(argv).data());
  return Error{Code::io, "cannot run " + argv[0] + ": " + std::strerror(errno), ""};
}

}  // namespace prov::cli
