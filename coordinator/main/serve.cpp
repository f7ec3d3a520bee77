#include "coordinator/main/serve.h"

#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "common/io/loop/event_loop.h"
#include "common/io/posix/core_dumps.h"
#include "common/io/posix/files.h"
#include "coordinator/main/platform.h"
#include "coordinator/main/settings.h"

namespace prov::coordinator {
namespace {

int report(const Error& error, int exit_code) {
  std::fprintf(stderr, "provisioning-coordinator: %s\n", error.message.c_str());
  if (!error.hint.empty()) std::fprintf(stderr, "hint: %s\n", error.hint.c_str());
  return exit_code;
}

Result<void> send_messages_to(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return tl::unexpected(io::system_error("open", path));
  dup2(fd, STDOUT_FILENO);
  dup2(fd, STDERR_FILENO);
  ::close(fd);
  return {};
}

void set_up_messages(const std::string& level) {
  spdlog::set_default_logger(spdlog::stderr_color_mt("coordinator"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v");
  spdlog::set_level(spdlog::level::from_str(level));
  spdlog::flush_on(spdlog::level::info);
}

// SIGTERM and SIGINT become readable; blocked before any thread starts, so that every thread inherits it.
io::Fd stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return io::Fd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

}  // namespace

int serve(const std::vector<std::string>& arguments, const std::string& program_dir) {
  auto settings = read_settings(arguments, program_dir);
  if (!settings) return report(settings.error(), 2);
  umask(077);
  io::forbid_core_dumps();
  if (sodium_init() < 0) return report({Code::unsupported, "libsodium does not start", ""}, 1);
  if (!settings->log_file.empty()) {
    if (auto ok = send_messages_to(settings->log_file); !ok) return report(ok.error(), 1);
  }
  set_up_messages(settings->log_level);
  io::Fd signals = stop_signals();
  io::EventLoop loop;
  auto platform = Platform::open(*settings, loop);
  if (!platform) {
    spdlog::critical("cannot start: {}", platform.error().message);
    return report(platform.error(), 1);
  }
  int exit_code = 0;
  bool stopping = false;
  const auto stop = [&] {
    if (std::exchange(stopping, true)) return;
    spdlog::info("stopping");
    (*platform)->stop([&loop] { loop.stop(); });
  };
  (*platform)->on_stop_wanted([&](Result<void> why) {
    if (why) return stop();
    exit_code = 1;  // the log is beyond us: leave at once, and come back by replay
    loop.stop();
  });
  loop.watch(signals.get(), [&] {
    signalfd_siginfo info{};
    while (read(signals.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) stop();
  });
  if (auto ok = (*platform)->start(); !ok) {
    spdlog::critical("cannot start: {}", ok.error().message);
    return report(ok.error(), 1);
  }
  if (!settings->pid_file.empty()) {
    if (auto ok = io::write_durably(settings->pid_file, std::to_string(getpid()) + "\n", 0600); !ok) {
      return report(ok.error(), 1);
    }
  }
  loop.run();
  loop.unwatch(signals.get());
  platform->reset();
  if (!settings->pid_file.empty()) unlink(settings->pid_file.c_str());
  spdlog::info("stopped");
  return exit_code;
}

}  // namespace prov::coordinator
