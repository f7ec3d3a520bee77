#include "agent/executor/zygote.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "agent/executor/supervisor.h"
#include "common/io/posix/processes.h"

namespace prov::agent {
namespace {

constexpr timeval kPatience{10, 0};  // for an answer; a fork takes a ten-thousandth of it
constexpr std::size_t kTitleRoom = PATH_MAX;

// One answer: an errno, or none and a pidfd beside it.
struct Answer {
  int error = 0;
  iovec part{&error, sizeof error};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};

  Answer() {
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
  }
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;
};

void send_answer(int socket, int error, const io::Fd& pidfd) {
  Answer answer;
  answer.error = error;
  if (pidfd) {
    cmsghdr* header = CMSG_FIRSTHDR(&answer.message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    const int fd = pidfd.get();
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  } else {
    answer.message.msg_controllen = 0;
  }
  sendmsg(socket, &answer.message, MSG_NOSIGNAL);
}

Result<io::Fd> receive_answer(int socket) {
  Answer answer;
  ssize_t n = 0;
  do n = recvmsg(socket, &answer.message, MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR);
  if (n != sizeof answer.error) return fail(Code::io, "the process that starts supervisors has ended");
  if (answer.error != 0) {
    errno = answer.error;
    return tl::unexpected(io::system_error("start", "a supervisor"));
  }
  const cmsghdr* header = CMSG_FIRSTHDR(&answer.message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return fail(Code::io, "a supervisor came without a pidfd");
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return io::Fd(fd);
}

// What ps shows. The arguments and the environment lie one after the other in one piece of memory, and the kernel
// shows a text that has outgrown the arguments up to its end (setproctitle(3)).
void set_title(char** argv, std::string_view title) {
  char* const begin = argv[0];
  char* end = begin;
  for (char** each = argv; *each != nullptr && *each == end; ++each) end += std::strlen(*each) + 1;
  for (char** each = environ; *each != nullptr && *each == end; ++each) end += std::strlen(*each) + 1;
  const auto room = static_cast<std::size_t>(end - begin);
  static char* no_environment[] = {nullptr};
  environ = no_environment;
  std::memset(begin, 0, room);
  title.copy(begin, room - 1);
}

void reap_supervisors(const io::Fd& signals) {
  signalfd_siginfo info{};
  while (read(signals.get(), &info, sizeof info) == sizeof info) {
  }
  while (waitpid(-1, nullptr, WNOHANG) > 0) {
  }
}

int become_supervisor(char** argv, const std::string& program, const std::string& step_dir) {
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (setsid() < 0 || dup2(nothing, STDIN_FILENO) < 0) return 4;  // the socket is closed by it
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  set_title(argv, std::string(argv[0]) + " supervise " + step_dir);
  return supervise(step_dir, program);
}

}  // namespace

Zygote::~Zygote() { end(); }

void Zygote::end() {
  socket_.reset();
  if (pid_ == 0) return;
  kill(pid_, SIGKILL);
  waitpid(std::exchange(pid_, 0), nullptr, 0);
}

Result<void> Zygote::hatch() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return tl::unexpected(io::system_error("make", "a socket pair"));
  }
  io::Fd ours(ends[0]);
  const io::Fd theirs(ends[1]);
  setsockopt(ours.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  io::Spawn request;
  request.argv = {program_, "zygote"};
  request.environment = {"TITLE=" + std::string(kTitleRoom, ' ')};
  request.new_session = true;
  request.input_fd = theirs.get();
  auto pid = io::spawn(request);
  if (!pid) return tl::unexpected(pid.error());
  socket_ = std::move(ours);
  pid_ = *pid;
  return {};
}

Result<io::Fd> Zygote::ask(const std::string& step_dir) {
  if (send(socket_.get(), step_dir.data(), step_dir.size(), MSG_NOSIGNAL) < 0) {
    return tl::unexpected(io::system_error("ask for", "a supervisor"));
  }
  return receive_answer(socket_.get());
}

Result<io::Fd> Zygote::supervise(const std::string& step_dir) {
  const std::lock_guard lock(mutex_);
  if (socket_) {
    // Should it have died after a fork, two supervisors would come to the folder: the second finds it claimed, and
    // goes.
    if (auto supervisor = ask(step_dir)) return supervisor;
    end();
  }
  if (auto hatched = hatch(); !hatched) return tl::unexpected(hatched.error());
  auto supervisor = ask(step_dir);
  if (!supervisor) end();
  return supervisor;
}

int serve_as_zygote(char** argv) {
  const std::string program = io::own_program();  // as long as it is there under that name
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  sigprocmask(SIG_BLOCK, &children, nullptr);
  std::optional<io::Fd> signals(signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
  std::string asked(PATH_MAX, '\0');
  for (;;) {
    pollfd fds[2] = {{STDIN_FILENO, POLLIN, 0}, {signals->get(), POLLIN, 0}};
    if (poll(fds, 2, -1) < 0) continue;
    if (fds[1].revents != 0) reap_supervisors(*signals);
    if (fds[0].revents == 0) continue;
    const ssize_t n = recv(STDIN_FILENO, asked.data(), asked.size(), 0);
    if (n <= 0) return 0;  // the agent is gone
    const pid_t pid = fork();
    if (pid == 0) {
      signals.reset();
      return become_supervisor(argv, program, asked.substr(0, static_cast<std::size_t>(n)));
    }
    if (pid < 0) {
      send_answer(STDIN_FILENO, errno, io::Fd());
      continue;
    }
    const auto pidfd = io::open_pidfd(pid);  // not reaped yet, so the number is still this child's
    pidfd ? send_answer(STDIN_FILENO, 0, *pidfd) : send_answer(STDIN_FILENO, EIO, io::Fd());
  }
}

}  // namespace prov::agent
