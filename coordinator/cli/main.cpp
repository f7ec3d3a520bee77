// provisioning: the operator's program. Nothing but the parts list.
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "coordinator/cli/http_transport.h"
#include "coordinator/cli/posix_processes.h"
#include "coordinator/cli/world.h"

namespace {

volatile sig_atomic_t g_interrupted = 0;
void on_interrupt(int) { g_interrupted = 1; }

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EPIPE) ::_exit(0);  // the reader has enough, as with `| head`
    if (n <= 0) {
      if (fd == STDOUT_FILENO) ::dprintf(STDERR_FILENO, "error: cannot write the result: %s\n", std::strerror(errno));
      ::_exit(1);
    }
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::optional<std::string> read_line() {
  std::string line;
  for (char c = 0; ::read(STDIN_FILENO, &c, 1) == 1;) {
    if (c == '\n') return line;
    line += c;
  }
  return line.empty() ? std::nullopt : std::optional<std::string>(line);
}

std::vector<std::string> environment_names() {
  std::vector<std::string> names;
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string_view entry(*one);
    names.emplace_back(entry.substr(0, entry.find('=')));
  }
  return names;
}

std::pair<int, int> terminal_size() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return {24, 80};
  return {size.ws_row, size.ws_col};
}

std::string program_folder() {
  char path[4096];
  const ssize_t length = ::readlink("/proc/self/exe", path, sizeof path);
  const std::string program(path, length > 0 ? static_cast<std::size_t>(length) : 0);
  return program.substr(0, program.rfind('/'));
}

template <class Clock>
std::uint64_t milliseconds() {
  const auto since = Clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
}

prov::Id new_id() {
  prov::Id id;
  if (::getrandom(id.bytes.data(), id.bytes.size(), 0) != static_cast<ssize_t>(id.bytes.size())) std::abort();
  return id;
}

void catch_interrupt() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  ::sigaction(SIGINT, &action, nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);
  prov::cli::PosixProcesses processes;
  prov::cli::World world;
  char* cwd = ::getcwd(nullptr, 0);  // NOLINT(clang-analyzer-unix.StdCLibraryFunctions): glibc allocates
  world.cwd = cwd == nullptr ? "/" : cwd;
  std::free(cwd);
  world.program_folder = program_folder();
  world.env = [](const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return std::string(value == nullptr ? "" : value);
  };
  world.env_names = environment_names;
  world.out = [](std::string_view bytes) { write_all(STDOUT_FILENO, bytes); };
  world.err = [](std::string_view bytes) { write_all(STDERR_FILENO, bytes); };
  world.in_is_terminal = ::isatty(STDIN_FILENO) == 1;
  world.out_is_terminal = ::isatty(STDOUT_FILENO) == 1;
  world.err_is_terminal = ::isatty(STDERR_FILENO) == 1;
  world.terminal_size = terminal_size;
  world.read_line = read_line;
  world.now_ms = milliseconds<std::chrono::system_clock>;
  world.steady_ms = milliseconds<std::chrono::steady_clock>;
  world.sleep_ms = [](int ms) { ::usleep(static_cast<useconds_t>(ms) * 1000); };
  world.new_id = new_id;
  world.catch_interrupt = catch_interrupt;
  world.interrupted = [] { return g_interrupted != 0; };
  world.connect = prov::cli::make_http_transport;
  world.processes = &processes;
  return prov::cli::run({argv + 1, argv + argc}, world);
}
