#include "coordinator/workspace/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace prov::workspace {
namespace fs = std::filesystem;
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kCannotExec = 127;
constexpr std::size_t kMaxTalk = 16 << 10;

class Pipe {
 public:
  Pipe() {
    if (::pipe2(ends_, O_CLOEXEC) != 0) ends_[0] = ends_[1] = -1;
  }
  ~Pipe() {
    close(0);
    close(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  bool open() const { return ends_[0] >= 0; }
  int reader() const { return ends_[0]; }
  int writer() const { return ends_[1]; }
  void close(int end) {
    if (ends_[end] >= 0) ::close(ends_[end]);
    ends_[end] = -1;
  }

 private:
  int ends_[2];
};

// One run of the program, in a process group of its own; the destructor leaves nothing behind.
class Run {
 public:
  ~Run() { end(); }

  Result<void> start(std::vector<std::string> words, const std::string& folder) {
    name_ = fs::path(words[0]).filename().string();
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    if (!out_.open() || !err_.open()) return fail(Code::io, std::string("cannot make a pipe: ") + std::strerror(errno));
    pid_ = ::fork();
    if (pid_ == 0) become(argv.data(), folder.c_str());
    if (pid_ < 0) return fail(Code::io, std::string("cannot start a process: ") + std::strerror(errno));
    ::setpgid(pid_, pid_);
    out_.close(1);
    err_.close(1);
    return {};
  }

  // Reads both until they are closed.
  Result<void> listen(const ProgramLimits& limits) {
    const auto deadline = Clock::now() + limits.time;
    while (out_.reader() >= 0 || err_.reader() >= 0) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
      if (left <= 0) return too_slow(limits);
      std::array<pollfd, 2> wanted{{{out_.reader(), POLLIN, 0}, {err_.reader(), POLLIN, 0}}};
      const int ready = ::poll(wanted.data(), wanted.size(), static_cast<int>(left));
      if (ready < 0 && errno != EINTR) return fail(Code::io, std::string("poll: ") + std::strerror(errno));
      if (ready <= 0) continue;
      if (wanted[0].revents != 0) take(out_, said);
      if (wanted[1].revents != 0) take(err_, talk);
      if (said.size() > limits.bytes) {
        return fail(Code::exhausted,
                    name_ + " prints more than the " + std::to_string(limits.bytes) + " bytes that are allowed");
      }
      if (talk.size() > kMaxTalk) talk.resize(kMaxTalk);
    }
    return {};
  }

  // REQUIRES: listen() has seen the end. As a shell says it: 128 + N for signal N.
  int status() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    ::kill(-pid_, SIGKILL);  // what it may have left
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  std::string said, talk;

 private:
  [[noreturn]] void become(char* const* argv, const char* folder) const {
    ::setpgid(0, 0);
    ::signal(SIGPIPE, SIG_DFL);
    const int nothing = ::open("/dev/null", O_RDONLY);
    const bool ready = nothing >= 0 && ::dup2(nothing, 0) == 0 && ::dup2(out_.writer(), 1) == 1 &&
                       ::dup2(err_.writer(), 2) == 2 && ::chdir(folder) == 0;
    if (ready) ::execv(argv[0], argv);
    ::_exit(kCannotExec);
  }

  static void take(Pipe& pipe, std::string& into) {
    char buffer[16 << 10];
    const ssize_t got = ::read(pipe.reader(), buffer, sizeof buffer);
    if (got > 0) into.append(buffer, static_cast<std::size_t>(got));
    if (got == 0 || (got < 0 && errno != EINTR)) pipe.close(0);
  }

  tl::unexpected<Error> too_slow(const ProgramLimits& limits) const {
    return fail(Code::unavailable, name_ + " has not ended after " + std::to_string(limits.time.count()) + " ms");
  }

  void end() {
    if (pid_ <= 0) return;
    ::kill(-pid_, SIGKILL);
    static_cast<void>(status());
  }

  Pipe out_, err_;
  std::string name_;  // for messages
  pid_t pid_ = -1;
};

}  // namespace

std::string find_program(const std::string& search_path, const std::string& name) {
  for (std::size_t from = 0; from <= search_path.size();) {
    const std::size_t to = std::min(search_path.find(':', from), search_path.size());
    const std::string folder = search_path.substr(from, to - from);
    from = to + 1;
    if (folder.empty() || folder.front() != '/') continue;  // never what happens to lie in the present folder
    const std::string program = folder + "/" + name;
    std::error_code none;
    if (fs::is_regular_file(program, none) && ::access(program.c_str(), X_OK) == 0) return program;
  }
  return {};
}

Result<ProgramEnd> run_program(const std::vector<std::string>& argv, const std::string& folder,
                               const ProgramLimits& limits) {
  PROV_ASSERT(!argv.empty());
  Run run;
  if (auto started = run.start(argv, folder); !started) return tl::unexpected(started.error());
  if (auto heard = run.listen(limits); !heard) return tl::unexpected(heard.error());
  const int status = run.status();
  return ProgramEnd{status, std::move(run.said), std::move(run.talk)};
}

}  // namespace prov::workspace
