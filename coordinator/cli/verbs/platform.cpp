// Starting, stopping and looking at the coordinator.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "common/json/json.h"
#include "coordinator/cli/coordinator_process.h"
#include "coordinator/cli/verbs/verbs.h"
#include "coordinator/cli/views/live_view.h"
#include "coordinator/cli/views/render.h"
#include "coordinator/config/documents.h"

namespace prov::cli {

using nlohmann::json;

namespace {

constexpr int kPollMs = 40;
constexpr std::uint64_t kStartS = 120;  // a long log takes its time to be read
constexpr std::uint64_t kStopS = 30;
constexpr std::uint64_t kProgressMs = 1000;
constexpr std::uint64_t kPlainProgressMs = 10'000;
constexpr std::size_t kLinesOfFailure = 12;
constexpr std::uint64_t kHourS = 3600;

// Says that something takes its time: drawn in place on a terminal, a line now and then elsewhere.
class Waiting {
 public:
  Waiting(Context& context, std::string what)
      : context_(context), view_(context.console), what_(std::move(what)), begin_ms_(context.world.steady_ms()) {}

  std::uint64_t elapsed_ms() const { return context_.world.steady_ms() - begin_ms_; }
  void pause() {
    context_.world.sleep_ms(kPollMs);
    const std::uint64_t elapsed = elapsed_ms();
    if (elapsed < kProgressMs) return;
    const std::string line = what_ + "  " + duration_text(elapsed);
    if (context_.console.settings().movement) {
      view_.draw({line});
    } else if (elapsed - told_ms_ > kPlainProgressMs) {
      view_.line(line);
      told_ms_ = elapsed;
    }
  }

 private:
  Context& context_;
  LiveView view_;
  std::string what_;
  std::uint64_t begin_ms_;
  std::uint64_t told_ms_ = 0;
};

Result<void> make_folders(const workspace::Home& home) {
  for (const char* folder : {"/services/pids", "/services/logs", "/services/state", "/config"}) {
    if (auto made = workspace::make_private_folder(home.root + folder); !made) return made;
  }
  return {};
}

Result<void> make_named_folders(const config::Config& settings) {
  for (const char* key : {"orchestrator.data_dir", "orchestrator.cache_dir"}) {
    if (auto made = workspace::make_private_folder(settings.text(key)); !made) return made;
  }
  for (const char* key : {"orchestrator.socket", "orchestrator.token_file"}) {
    const std::string folder = std::filesystem::path(settings.text(key)).parent_path().string();
    if (auto made = workspace::make_private_folder(folder); !made) return made;
  }
  return {};
}

// What all layers say of the coordinator goes into one file that it reads; what it does not know of is not in it.
Result<std::vector<std::string>> serve_arguments(Context& context, const std::string& program) {
  auto settings = context.settings();
  if (!settings) return tl::unexpected(settings.error());
  const auto& home = context.home;
  if (auto made = make_named_folders(**settings); !made) return tl::unexpected(made.error());
  const std::string file = home.settings_file();
  const std::string text = config::coordinator_document(**settings);
  if (auto written = workspace::write_file_atomically(file, text, 0600); !written) {
    return tl::unexpected(written.error());
  }
  std::vector<std::string> argv{program,      "serve",         "--config",   file,
                                "--pid-file", home.pid_file(), "--log-file", home.log_file()};
  for (const auto& [flag, key] : {std::pair("--data", "orchestrator.data_dir"), {"--socket", "orchestrator.socket"}}) {
    argv.insert(argv.end(), {flag, (*settings)->text(key)});  // as others look for the process by them
  }
  return argv;
}

void show_end_of_log(Context& context) {
  const auto lines = last_lines(context.home.log_file(), kLinesOfFailure);
  if (lines.empty()) return;
  context.console.warn("the last lines of " + context.home.log_file() + ":");
  for (const auto& line : lines) context.console.warn("  " + one_line(line));
}

Result<json> wait_until_healthy(Context& context, const ProcessId& process, std::uint64_t timeout_s) {
  Waiting waiting(context, "waiting for the coordinator");
  for (;;) {
    auto status = probe_status(context);
    const bool is_alive = context.world.processes->is_alive(process);
    // Another one may have been started at the same moment, and answer; ours then ends when it does not get the lock.
    // Until it has, it would take over from the other as soon as that is stopped.
    const bool others = status && is_alive && number_in(*status, "pid") != static_cast<std::uint64_t>(process.pid);
    if (status && !others) return status;
    if (!status && status.error().code != Code::unavailable) return status;
    if (!is_alive) {
      show_end_of_log(context);
      const auto ended = context.world.processes->exit_status(process);
      return fail(Code::internal,
                  "the coordinator ended while it started" + (ended ? " (exit " + std::to_string(*ended) + ")" : ""),
                  "provisioning platform logs orchestrator");
    }
    if (waiting.elapsed_ms() > timeout_s * 1000) {
      show_end_of_log(context);
      return fail(Code::unavailable,
                  "the coordinator runs (process " + std::to_string(process.pid) + ") but does not answer after " +
                      std::to_string(timeout_s) + " s",
                  "provisioning platform logs orchestrator --follow");
    }
    waiting.pause();
  }
}

Exit print_started(Context& context, const json& status, bool changed) {
  context.print({{"running", true}, {"changed", changed}, {"status", status}}, [&] {
    return std::string("orchestrator ") + (changed ? "is running" : "was running already") + " (process " +
           text_in(status, "pid") + ")\n";
  });
  if (flag_in(status, "read_only")) {
    context.console.warn("warning: it is read-only: " + one_line(text_in(status, "read_only_reason")));
  }
  return Exit::ok;
}

// Whether the process has gone, or (of one that we do not know) whether nobody answers any more.
bool is_gone(Context& context, const std::optional<ProcessId>& process) {
  if (process) return !context.world.processes->is_alive(*process);
  return !probe_status(context).has_value();
}

Result<Exit> wait_until_gone(Context& context, const std::optional<ProcessId>& process, std::uint64_t timeout_s) {
  Waiting waiting(context, "waiting for the coordinator to end");
  while (!is_gone(context, process)) {
    if (waiting.elapsed_ms() > timeout_s * 1000) {
      return fail(Code::unavailable, "the coordinator still runs after " + std::to_string(timeout_s) + " s",
                  "provisioning platform logs orchestrator");
    }
    waiting.pause();
  }
  context.print({{"running", false}, {"changed", true}}, [] { return std::string("orchestrator is stopped\n"); });
  return Exit::ok;
}

std::string numbers(const json& object, std::initializer_list<const char*> fields) {
  std::string out;
  for (const char* field : fields) out += (out.empty() ? "" : ", ") + text_in(object, field) + " " + field;
  return out;
}

std::string status_text(const json& status) {
  const bool read_only = flag_in(status, "read_only");
  return facts_text(
      {{"orchestrator", read_only ? "running, READ-ONLY: " + text_in(status, "read_only_reason") : "running"},
       {"version", text_in(status, "version")},
       {"process", text_in(status, "pid")},
       {"up", duration_text(number_in(status, "uptime_s") * 1000)},
       {"log", text_in(status, "log_id")},
       {"epoch", text_in(status, "epoch")},
       {"events", text_in(status, "sequence")},
       {"checkpoint", text_in(status, "checkpoint_sequence")},
       {"agents", numbers(child_in(status, "agents"), {"enrolled", "reachable"})},
       {"workflows", numbers(child_in(status, "workflows"), {"running", "ended"})},
       {"tasks", numbers(child_in(status, "tasks"), {"ready", "running"})},
       {"memory", bytes_text(number_in(status, "resident_bytes"))},
       {"disk free", bytes_text(number_in(status, "disk_free_bytes"))},
       {"agent link", text_in(child_in(status, "link"), "endpoints")}});
}

// What a log file gets after `offset`; begins anew when the file was replaced or cut.
class LogTail {
 public:
  explicit LogTail(std::string file) : file_(std::move(file)) {}
  ~LogTail() { close(); }
  LogTail(const LogTail&) = delete;
  LogTail& operator=(const LogTail&) = delete;

  void skip_to_end() {
    if (open()) offset_ = ::lseek(fd_, 0, SEEK_END);
  }
  std::string more() {
    struct stat named {};
    const bool there = ::stat(file_.c_str(), &named) == 0;
    if (fd_ >= 0 && there && (named.st_ino != inode_ || named.st_size < offset_)) close();
    if (!there || !open()) return {};
    char buffer[64 << 10];
    const ssize_t got = ::pread(fd_, buffer, sizeof buffer, offset_);
    if (got <= 0) return {};
    offset_ += got;
    return std::string(buffer, static_cast<std::size_t>(got));
  }

 private:
  bool open() {
    if (fd_ >= 0) return true;
    fd_ = ::open(file_.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat about {};
    if (fd_ < 0 || ::fstat(fd_, &about) != 0) return false;
    inode_ = about.st_ino;
    offset_ = 0;
    return true;
  }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  std::string file_;
  int fd_ = -1;
  ino_t inode_ = 0;
  off_t offset_ = 0;
};

}  // namespace

Result<Exit> platform_start(Context& context) {
  if (auto known = check_service(context); !known) return tl::unexpected(known.error());
  auto timeout_s = context.number("timeout", kStartS, 1, kHourS);
  if (!timeout_s) return tl::unexpected(timeout_s.error());
  if (auto status = probe_status(context); status) return print_started(context, *status, false);
  auto process = running_coordinator(context);
  const bool starting_already = process.has_value();
  if (!starting_already) {
    auto program = coordinator_program(context);
    if (!program) return tl::unexpected(program.error());
    if (auto made = make_folders(context.home); !made) return tl::unexpected(made.error());
    auto argv = serve_arguments(context, *program);
    if (!argv) return tl::unexpected(argv.error());
    auto started = context.world.processes->start_daemon(*argv, context.home.log_file());
    if (!started) return tl::unexpected(started.error());
    process = *started;
    if (auto kept = remember_started(context, *started); !kept) return tl::unexpected(kept.error());
  }
  auto status = wait_until_healthy(context, *process, *timeout_s);
  if (!status) return tl::unexpected(status.error());
  const bool is_ours = number_in(*status, "pid") == static_cast<std::uint64_t>(process->pid);
  return print_started(context, *status, !starting_already && is_ours);
}

Result<Exit> platform_stop(Context& context) {
  if (auto known = check_service(context); !known) return tl::unexpected(known.error());
  auto timeout_s = context.number("timeout", kStopS, 1, kHourS);
  if (!timeout_s) return tl::unexpected(timeout_s.error());
  auto process = running_coordinator(context);
  if (const auto status = probe_status(context); status) {
    const auto pid = static_cast<int>(number_in(*status, "pid"));
    if (!process) process = context.world.processes->find(pid, kCoordinatorProgram);  // a pid file may be lost
    auto client = context.client();
    if (!client) return tl::unexpected(client.error());
    auto asked = (*client)->post("/platform/stop", {}, nullptr);
    if (!asked && asked.error().code != Code::unavailable) return tl::unexpected(asked.error());
  } else if (process) {
    if (auto told = context.world.processes->terminate(*process); !told) return tl::unexpected(told.error());
  } else {
    context.print({{"running", false}, {"changed", false}},
                  [] { return std::string("orchestrator is not running\n"); });
    return Exit::ok;
  }
  return wait_until_gone(context, process, *timeout_s);
}

Result<Exit> platform_status(Context& context) {
  if (auto known = check_service(context); !known) return tl::unexpected(known.error());
  auto status = probe_status(context);
  if (status) {
    json document = *status;
    document["running"] = true;
    context.print(document, [&] { return status_text(*status); });
    return Exit::ok;
  }
  if (status.error().code != Code::unavailable) return tl::unexpected(status.error());
  const auto process = running_coordinator(context);
  context.print({{"running", process.has_value()}, {"answers", false}}, [&] {
    return std::string("orchestrator: ") +
           (process ? "process " + std::to_string(process->pid) + " runs but does not answer\n" : "stopped\n");
  });
  context.console.say(process ? "see: provisioning platform logs orchestrator"
                              : "start it: provisioning platform start orchestrator");
  return Exit::unavailable;
}

Result<Exit> platform_health(Context& context) {
  if (auto known = check_service(context); !known) return tl::unexpected(known.error());
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  auto health = (*client)->get("/health");
  if (!health) return tl::unexpected(health.error());
  context.print({{"healthy", true}, {"message", *health}}, [&] {
    return (health->is_string() ? one_line(health->get<std::string>()) : std::string("healthy")) + "\n";
  });
  return Exit::ok;
}

Result<Exit> platform_logs(Context& context) {
  if (auto known = check_service(context); !known) return tl::unexpected(known.error());
  auto count = context.number("lines", 50, 1, 100'000);
  if (!count) return tl::unexpected(count.error());
  const bool follow = context.call.has("follow");
  if (follow && context.format() != Format::table) {
    return fail(Code::invalid, "--follow never ends, so it cannot be one document", "leave out --out or --follow");
  }
  const std::string file = context.home.log_file();
  if (::access(file.c_str(), R_OK) != 0 && !follow) {
    return fail(Code::not_found, "there is no log file yet: " + file, "provisioning platform start orchestrator");
  }
  LogTail tail(file);
  tail.skip_to_end();
  const auto lines = last_lines(file, *count);
  context.print({{"file", file}, {"lines", lines}}, [&] {
    std::string text;
    for (const auto& line : lines) text += line + "\n";
    return text;
  });
  if (!follow) return Exit::ok;
  context.world.catch_interrupt();
  while (!context.world.interrupted()) {
    const std::string more = tail.more();
    context.console.result(more);
    if (more.empty()) context.world.sleep_ms(5 * kPollMs);
  }
  return Exit::ok;
}

}  // namespace prov::cli
