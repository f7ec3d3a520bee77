#include "coordinator/providers/process_runner.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "common/io/posix/files.h"
#include "common/io/posix/processes.h"
#include "common/json/json.h"
#include "common/this_thread.h"
#include "common/wire/agent_wire.h"
#include "coordinator/event_log/blobs.h"

namespace prov::providers {
namespace {

namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;
using io::Fd;

constexpr std::size_t kMaxAnswerBytes = 4 << 20;
constexpr int kPollMs = 200;
constexpr auto kPatience = std::chrono::seconds(10);  // between SIGTERM and SIGKILL

struct Pipe {
  Fd read, write;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return tl::unexpected(io::system_error("make", "a pipe"));
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

struct Child {
  pid_t pid = -1;
  Fd input, output, talk;
};

std::vector<std::string> environment(const std::string& cache_dir) {
  std::vector<std::string> out{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
                               "LANG=C.UTF-8"};
  if (!cache_dir.empty()) out.push_back("PROVISIONING_CACHE_DIR=" + cache_dir);
  if (const char* host = std::getenv("DOCKER_HOST")) out.push_back(std::string("DOCKER_HOST=") + host);
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (auto& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

Result<Child> start(const std::string& program, const std::string& cache_dir) {
  auto in = make_pipe(), out = make_pipe(), talk = make_pipe();
  if (!in || !out || !talk) return fail(Code::io, "cannot make the pipes to " + program);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in->read.get(), 0);
  posix_spawn_file_actions_adddup2(&actions, out->write.get(), 1);
  posix_spawn_file_actions_adddup2(&actions, talk->write.get(), 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<std::string> words{program}, variables = environment(cache_dir);
  auto argv = pointers(words), envp = pointers(variables);
  pid_t pid = -1;
  const int failed = posix_spawn(&pid, program.c_str(), &actions, &attributes, argv.data(), envp.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) {
    errno = failed;
    return tl::unexpected(io::system_error("start", program));
  }
  for (Fd* fd : {&in->write, &out->read, &talk->read}) fcntl(fd->get(), F_SETFL, O_NONBLOCK);
  return Child{pid, std::move(in->write), std::move(out->read), std::move(talk->read)};
}

// Moves what is there from `fd` into `into`; false at its end.
bool drain(Fd& fd, std::string& into) {
  char buffer[16384];
  for (;;) {
    const ssize_t n = read(fd.get(), buffer, sizeof buffer);
    if (n > 0) {
      into.append(buffer, static_cast<std::size_t>(n));
    } else if (n < 0 && errno == EINTR) {
      continue;
    } else {
      return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    }
  }
}

// Talks to the provider until it has closed its answer and ended; what it says on stderr goes to `progress` as it
// comes.
class Conversation {
 public:
  Conversation(Child child, std::string request, std::uint32_t timeout_s, std::function<void(std::string)> progress,
               const std::atomic<bool>& stopping)
      : child_(std::move(child)),
        request_(std::move(request)),
        deadline_(Steady::now() + std::chrono::seconds(timeout_s)),
        progress_(std::move(progress)),
        stopping_(stopping) {}

  Result<std::string> hold() {
    std::optional<int> status;
    while (child_.output || child_.talk || !status) {
      pump();
      if (!status) status = reap(WNOHANG);
      if (!killed_ && (stopping_ || Steady::now() > deadline_ || answer_.size() > kMaxAnswerBytes)) terminate();
      if (killed_ && Steady::now() > killed_at_ + kPatience) {
        kill(-child_.pid, SIGKILL);
        break;  // a grandchild may hold our pipes for ever
      }
    }
    if (!status) status = reap(0).value_or(0);
    if (stopping_) return fail(Code::unavailable, "the coordinator stopped while the provider was at work");
    if (answer_.size() > kMaxAnswerBytes) return fail(Code::invalid, "the provider's answer is larger than 4 MiB");
    if (killed_) return fail(Code::unavailable, "the provider took too long and was stopped");
    if (WIFSIGNALED(*status)) {
      return fail(Code::unavailable, "the provider was killed by signal " + std::to_string(WTERMSIG(*status)));
    }
    if (WEXITSTATUS(*status) != 0 && answer_.empty()) {
      return fail(Code::invalid, "the provider exited with " + std::to_string(WEXITSTATUS(*status)) + " and no answer");
    }
    return std::move(answer_);
  }

 private:
  void pump() {
    pollfd fds[4] = {{child_.input.get(), POLLOUT, 0},
                     {child_.output.get(), POLLIN, 0},
                     {child_.talk.get(), POLLIN, 0},
                     {ended_.get(), POLLIN, 0}};
    poll(fds, 4, kPollMs);  // a closed one is -1 and ignored
    if (child_.input && fds[0].revents != 0) feed();
    if (child_.output && fds[1].revents != 0 && !drain(child_.output, answer_)) child_.output.reset();
    if (child_.talk && fds[2].revents != 0) {
      std::string said;
      if (!drain(child_.talk, said)) child_.talk.reset();
      if (!said.empty()) progress_(std::move(said));
    }
  }

  std::optional<int> reap(int how) {
    int status = 0;
    pid_t pid = -1;
    while ((pid = waitpid(child_.pid, &status, how)) < 0 && errno == EINTR) {
    }
    if (pid == 0) return std::nullopt;
    ended_.reset();
    return status;
  }

  void feed() {
    const ssize_t n = write(child_.input.get(), request_.data() + fed_, request_.size() - fed_);
    if (n > 0) fed_ += static_cast<std::size_t>(n);
    const bool broken = n < 0 && errno != EAGAIN && errno != EINTR;
    if (broken || fed_ == request_.size()) child_.input.reset();
  }

  void terminate() {
    killed_ = true;
    killed_at_ = Steady::now();
    kill(-child_.pid, SIGTERM);
  }

  Child child_;
  Fd ended_ = io::open_pidfd(child_.pid).value_or(Fd());  // without one its end is seen at the next poll
  std::string request_, answer_;
  std::size_t fed_ = 0;
  Steady::time_point deadline_, killed_at_;
  bool killed_ = false;
  std::function<void(std::string)> progress_;
  const std::atomic<bool>& stopping_;
};

}  // namespace

ProcessRunner::ProcessRunner(ProcessRunnerConfig config, RecordLog& log, Executor& owner)
    : config_(std::move(config)), log_(log), owner_(owner), stopping_(std::make_shared<std::atomic<bool>>(false)) {}

ProcessRunner::~ProcessRunner() {
  stop_all();
  for (auto& worker : workers_) worker->thread.join();
}

void ProcessRunner::stop_all() { *stopping_ = true; }

void ProcessRunner::reap_finished() {
  workers_.remove_if([](const auto& worker) {
    if (!worker->finished) return false;
    worker->thread.join();
    return true;
  });
}

// Content-addressed: a folder that is there is complete, since it got its name by a rename.
Result<std::string> ProcessRunner::unpack(const Digest& bundle) {
  const std::string folder = config_.work_dir + "/extensions/" + to_text(bundle);
  std::error_code error;
  if (fs::exists(folder, error)) return folder;
  auto bytes = event_log::read_blob(log_, bundle);
  if (!bytes) return tl::unexpected(bytes.error());
  if (!*bytes) return fail(Code::not_found, "the provider's bundle " + to_text(bundle) + " is not in the store");
  auto files = wire::decode_bundle(**bytes);
  if (!files) return tl::unexpected(files.error());
  const std::string part = folder + ".part" + std::to_string(getpid());
  fs::remove_all(part, error);
  fs::create_directories(part, error);
  fs::permissions(config_.work_dir, fs::perms::owner_all, error);
  auto dir = io::open_private_dir(part);
  if (!dir) return tl::unexpected(dir.error());
  for (const wire::File& file : *files) {
    if (auto ok = io::create_beneath(dir->get(), file.path, file.data, file.mode); !ok)
      return tl::unexpected(ok.error());
  }
  fs::rename(part, folder, error);
  if (error && !fs::exists(folder))
    return fail(Code::io, "cannot unpack the provider to " + folder + ": " + error.message());
  return folder;
}

void ProcessRunner::run(ProviderCall call, Progress progress, Done done) {
  reap_finished();
  const auto refuse = [&](Error error) {
    owner_.post([done, error = std::move(error)] { done(tl::unexpected(error)); });
  };
  auto folder = unpack(call.bundle);
  if (!folder) return refuse(folder.error());
  nlohmann::json request = nlohmann::json::parse(call.request, nullptr, false);
  if (!request.is_object()) return refuse({Code::internal, "the request to a provider is not an object", ""});
  const std::string state_dir = config_.work_dir + "/state/" + call.provider;
  std::error_code error;
  fs::create_directories(state_dir, error);
  fs::permissions(state_dir, fs::perms::owner_all, error);
  request["state_dir"] = state_dir;
  auto child = start(*folder + "/scripts/provider", config_.cache_dir);
  if (!child) return refuse(child.error());
  workers_.push_back(std::make_unique<Worker>());
  Worker* worker = workers_.back().get();
  worker->thread =
      std::thread([this, worker, stopping = stopping_, child = std::move(*child), text = request.dump(),
                   timeout_s = call.timeout_s, progress = std::move(progress), done = std::move(done)]() mutable {
        this_thread::set_name("provider");
        const auto say = [this, &progress](std::string said) {
          owner_.post([progress, said = std::move(said)] { progress(said); });
        };
        Conversation conversation(std::move(child), std::move(text), timeout_s, say, *stopping);
        auto answer = conversation.hold();
        owner_.post([done = std::move(done), answer = std::move(answer)] { done(answer); });
        worker->finished = true;
      });
}

}  // namespace prov::providers
