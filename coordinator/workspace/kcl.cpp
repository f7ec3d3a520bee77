#include "coordinator/workspace/kcl.h"
#include "coordinator/workspace/toml_tree.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace prov::workspace {
namespace fs = std::filesystem;
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kCannotExec = 127;
constexpr std::size_t kMaxTalk = 16 << 10;  // of what it says on standard error
constexpr std::size_t kShownTalk = 600;

std::string find_program(const std::string& search_path, const char* name) {
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

  Result<void> start(const std::string& program, const std::string& file) {
    const std::string folder = fs::path(file).parent_path().string();
    std::array<std::string, 3> words{program, "run", file};
    std::array<char*, 4> argv{words[0].data(), words[1].data(), words[2].data(), nullptr};
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
  Result<void> listen(const KclLimits& limits) {
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
                    "kcl prints more than the " + std::to_string(limits.bytes) + " bytes that are allowed");
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

  static tl::unexpected<Error> too_slow(const KclLimits& limits) {
    return fail(Code::unavailable, "kcl has not ended after " + std::to_string(limits.time.count()) + " ms",
                "does the file come to an end?");
  }

  void end() {
    if (pid_ <= 0) return;
    ::kill(-pid_, SIGKILL);
    static_cast<void>(status());
  }

  Pipe out_, err_;
  pid_t pid_ = -1;
};

}  // namespace

Result<std::string> KclProgram::evaluate(const std::string& file) const {
  const std::string program = find_program(search_path_, "kcl");
  if (program.empty()) {
    return fail(Code::unsupported, file + ": it is written in KCL, and there is no program kcl on PATH",
                "install kcl, or make settings.yaml of it where kcl is: kcl run settings.k > settings.yaml");
  }
  Run run;
  if (auto started = run.start(program, file); !started) return tl::unexpected(started.error());
  if (auto heard = run.listen(limits_); !heard) {
    return fail(heard.error().code, file + ": " + heard.error().message, heard.error().hint);
  }
  const int status = run.status();
  if (status == 0) return std::move(run.said);
  const std::string why = run.talk.empty() ? "it says nothing" : run.talk.substr(0, kShownTalk);
  return fail(Code::invalid, file + ": " + program + " ended with " + std::to_string(status) + ": " + why,
              "see for yourself: kcl run " + file);
}

Result<SettingsTree> load_settings_tree(const std::string& file, const SettingsEvaluator& evaluator) {
  const auto form = fs::path(file).extension();
  const bool kcl = form == ".k";
  auto text = kcl ? evaluator.evaluate(file) : read_file(file, kMaxYamlBytes);
  if (!text) return tl::unexpected(text.error());
  const std::string shown = kcl ? file + " (as kcl makes it)" : file;
  auto tree = form == ".toml" ? parse_toml(*text, shown) : parse_yaml(*text, shown);
  if (!tree) return tl::unexpected(tree.error());
  return SettingsTree{std::move(*tree), shown};
}

Result<Infra> load_infra(const Workspace& workspace, const std::string& name, const SettingsEvaluator& evaluator) {
  auto chosen = choose_infra(workspace, name);
  if (!chosen) return tl::unexpected(chosen.error());
  auto file = settings_file(workspace.root, *chosen);
  if (!file) return tl::unexpected(file.error());
  auto settings = load_settings_tree(*file, evaluator);
  if (!settings) return tl::unexpected(settings.error());
  auto infra = parse_infra(settings->tree, settings->file, *chosen);
  if (!infra) return infra;
  infra->file = *file;
  infra->folder = workspace.root + "/infra/" + *chosen;
  return infra;
}

}  // namespace prov::workspace
