#include "agent/executor/supervisor.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>

#include "agent/executor/supervision.h"

namespace prov::agent {
namespace {

Post take_post(const std::string& program, int line) {
  signal(SIGPIPE, SIG_IGN);
  sigset_t taken;
  sigemptyset(&taken);
  for (const int each : {SIGCHLD, kCancelSignal, SIGTERM, SIGINT, SIGHUP}) sigaddset(&taken, each);
  sigprocmask(SIG_SETMASK, &taken, nullptr);
  const rlimit none{};
  setrlimit(RLIMIT_CORE, &none);  // it knows the step's secrets
  umask(077);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  return {program, io::Fd(signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK)), line};
}

// Nothing: it is time to go.
std::string next_step(const Post& post) {
  for (;;) {
    pollfd fds[2] = {{post.line, POLLIN, 0}, {post.signals.get(), POLLIN, 0}};
    if (poll(fds, 2, -1) < 0) continue;
    signalfd_siginfo info{};
    while (read(post.signals.get(), &info, sizeof info) == sizeof info) {
      if (info.ssi_signo != SIGCHLD && info.ssi_signo != kCancelSignal) return "";
    }
    Word word = hear(post.line);
    if (word.is_last) return "";
    if (!word.text.empty() && word.text != kCancelWord) return word.text;  // "cancel" came too late for the last one
  }
}

}  // namespace

Word hear(int line) {
  char text[PATH_MAX];  // the longest word there is
  const ssize_t n = recv(line, text, sizeof text, MSG_DONTWAIT);
  if (n > 0) return {std::string(text, static_cast<std::size_t>(n)), false};
  return {"", n == 0 || (errno != EAGAIN && errno != EINTR)};
}

int supervise(const std::string& step_dir, const std::string& program) {
  return supervise_step(step_dir, take_post(program, -1)).exit_code;
}

int supervise_all(const io::Fd& line, const std::string& program, const std::function<void(std::string_view)>& title) {
  const Post post = take_post(program, line.get());
  for (;;) {
    const std::string step_dir = next_step(post);
    if (step_dir.empty()) return 0;
    title("supervise " + step_dir);
    const StepOver over = supervise_step(step_dir, post);
    if (!over.left_nothing) return over.exit_code;
    title("supervise");
    send(line.get(), kFreeWord.data(), kFreeWord.size(), MSG_NOSIGNAL);
  }
}

}  // namespace prov::agent
