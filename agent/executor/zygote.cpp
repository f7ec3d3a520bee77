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

// One answer: an errno, or none and the line to a supervisor beside it.
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

void send_answer(int socket, int error, const io::Fd& line) {
  Answer answer;
  answer.error = error;
  if (line) {
    cmsghdr* header = CMSG_FIRSTHDR(&answer.message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    const int fd = line.get();
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
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS)
    return fail(Code::io, "a supervisor came without a line to it");
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return io::Fd(fd);
}

// What ps shows. The arguments and the environment lie one after the other in one piece of memory, and the kernel
// shows a text that has outgrown the arguments up to its end (setproctitle(3)).
class Title {
 public:
  explicit Title(char** argv) : begin_(argv[0]), program_(argv[0]) {
    char* end = begin_;
    for (char** each = argv; *each != nullptr && *each == end; ++each) end += std::strlen(*each) + 1;
    for (char** each = environ; *each != nullptr && *each == end; ++each) end += std::strlen(*each) + 1;
    room_ = static_cast<std::size_t>(end - begin_);
    static char* no_environment[] = {nullptr};
    environ = no_environment;
  }

  void set(std::string_view what) const {
    const std::string title = program_ + " " + std::string(what);
    std::memset(begin_, 0, room_);
    title.copy(begin_, room_ - 1);
  }

 private:
  char* begin_;
  std::string program_;
  std::size_t room_ = 0;
};

void reap_supervisors(const io::Fd& signals) {
  signalfd_siginfo info{};
  while (read(signals.get(), &info, sizeof info) == sizeof info) {
  }
  while (waitpid(-1, nullptr, WNOHANG) > 0) {
  }
}

int become_supervisor(const Title& title, const std::string& program, const io::Fd& line) {
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (setsid() < 0 || nothing < 0 || dup2(nothing, STDIN_FILENO) < 0) return 4;  // the socket is closed by it
  return supervise_all(line, program, [&](std::string_view what) { title.set(what); });
}

struct Line {
  io::Fd agents, supervisors;
};
std::optional<Line> make_line() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return std::nullopt;
  return Line{io::Fd(ends[0]), io::Fd(ends[1])};
}

}  // namespace

Zygote::~Zygote() { end(); }

void Zygote::end() {
  free_.clear();
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
  request.argv = {program_, kZygoteCommand};
  request.environment = {"TITLE=" + std::string(kTitleRoom, ' ')};
  request.new_session = true;
  request.input_fd = theirs.get();
  auto pid = io::spawn(request);
  if (!pid) return tl::unexpected(pid.error());
  socket_ = std::move(ours);
  pid_ = *pid;
  return {};
}

Result<io::Fd> Zygote::ask() {
  if (send(socket_.get(), "+", 1, MSG_NOSIGNAL) < 0) return tl::unexpected(io::system_error("ask for", "a supervisor"));
  return receive_answer(socket_.get());
}

Result<io::Fd> Zygote::fork_supervisor() {
  if (socket_) {
    if (auto line = ask()) return line;
    end();
  }
  if (auto hatched = hatch(); !hatched) return tl::unexpected(hatched.error());
  auto line = ask();
  if (!line) end();
  return line;
}

Result<io::Fd> Zygote::supervise(const std::string& step_dir) {
  const std::lock_guard lock(mutex_);
  const auto put_to_work = [&](const io::Fd& line) {
    return send(line.get(), step_dir.data(), step_dir.size(), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
  };
  while (!free_.empty()) {
    io::Fd line = std::move(free_.back());
    free_.pop_back();
    if (put_to_work(line)) return line;  // else it was killed as it waited, or does not read
  }
  auto line = fork_supervisor();
  if (line && !put_to_work(*line)) return tl::unexpected(io::system_error("tell", "a supervisor its step"));
  return line;
}

void Zygote::give_back(io::Fd line) {
  const std::lock_guard lock(mutex_);
  if (free_.size() < most_free_) free_.push_back(std::move(line));
}

void Zygote::send_home() {
  const std::lock_guard lock(mutex_);
  free_.clear();
}

int serve_as_zygote(char** argv) {
  const std::string program = io::own_program();  // as long as it is there under that name
  const Title title(argv);
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  sigprocmask(SIG_BLOCK, &children, nullptr);
  std::optional<io::Fd> signals(signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
  for (;;) {
    pollfd fds[2] = {{STDIN_FILENO, POLLIN, 0}, {signals->get(), POLLIN, 0}};
    if (poll(fds, 2, -1) < 0) continue;
    if (fds[1].revents != 0) reap_supervisors(*signals);
    if (fds[0].revents == 0) continue;
    char asked = 0;
    if (recv(STDIN_FILENO, &asked, sizeof asked, 0) <= 0) return 0;  // the agent is gone
    auto line = make_line();
    const pid_t pid = line ? fork() : -1;
    if (pid == 0) {
      signals.reset();
      line->agents.reset();
      return become_supervisor(title, program, line->supervisors);
    }
    if (pid < 0) {
      send_answer(STDIN_FILENO, errno, io::Fd());
      continue;
    }
    line->supervisors.reset();
    send_answer(STDIN_FILENO, 0, line->agents);
  }
}

}  // namespace prov::agent
