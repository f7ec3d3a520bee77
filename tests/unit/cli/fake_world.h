#pragma once
// The CLI's world under control: what it says is kept, what it asks the coordinator is answered by a script, time moves
// only when somebody sleeps.
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "common/json/json.h"
#include "coordinator/cli/world.h"
#include "tests/unit/workspace/temp_folder.h"

namespace prov::test {

inline const std::string kWorkflow = "11111111-1111-4111-8111-111100000000";

using nlohmann::json;

struct FakeProcesses final : cli::Processes {
  std::vector<std::string> started, became, finished;
  cli::Finished finishes;              // what finish() gives
  std::map<int, std::string> running;  // pid -> program name
  int next_pid = 700, exit_code = -1, terminated = 0;
  bool dies_at_once = false;
  std::function<void()> on_start, on_terminate;

  Result<cli::ProcessId> start_daemon(const std::vector<std::string>& argv, const std::string&) override {
    started = argv;
    const cli::ProcessId process{next_pid++, 42};
    if (!dies_at_once) running[process.pid] = "provisioning-coordinator";
    if (on_start) on_start();
    return process;
  }
  bool is_alive(const cli::ProcessId& process) override { return running.count(process.pid) > 0; }
  std::optional<int> exit_status(const cli::ProcessId&) override {
    return exit_code < 0 ? std::nullopt : std::optional<int>(exit_code);
  }
  std::optional<cli::ProcessId> find(int pid, const std::string& name) override {
    const auto found = running.find(pid);
    if (found == running.end() || found->second != name) return std::nullopt;
    return cli::ProcessId{pid, 42};
  }
  Result<void> terminate(const cli::ProcessId& process) override {
    terminated = process.pid;
    running.erase(process.pid);
    if (on_terminate) on_terminate();
    return {};
  }
  Result<cli::Finished> finish(const std::vector<std::string>& argv) override {
    finished = argv;
    return finishes;
  }
  Error become(const std::vector<std::string>& argv) override {
    became = argv;
    return Error{Code::io, "cannot run " + argv[0], ""};
  }
};

// One connection of the feed: messages in order, then it breaks (or stays silent).
struct ScriptedStream {
  std::vector<cli::Stream::Message> messages;
  bool breaks = true;
  std::function<void()> before_end;  // called when all were read
};

struct FakeCoordinator {
  bool up = true;
  std::vector<cli::Request> requests;
  std::map<std::string, std::deque<cli::Response>> answers;  // "GET /path" (without query) -> in turn, the last again
  std::vector<std::string> streams_opened;
  std::deque<ScriptedStream> streams;
  std::deque<Error> broken;  // errors given, in turn, before any answer

  void answer(const std::string& what, const json& data) {
    answers[what].push_back({200, {}, json{{"success", true}, {"data", data}}.dump()});
  }
  void refuse(const std::string& what, int status, const std::string& code, const std::string& message,
              const std::string& hint = "") {
    answers[what].push_back(
        {status,
         {},
         json{{"success", false}, {"error", {{"code", code}, {"message", message}, {"hint", hint}}}}.dump()});
  }
  std::vector<std::string> lines() const {  // "POST /servers?workspace=demo"
    std::vector<std::string> out;
    for (const auto& request : requests) out.push_back(request.method + " " + request.target);
    return out;
  }
};

class FakeTransport final : public cli::Transport {
 public:
  explicit FakeTransport(FakeCoordinator& coordinator) : coordinator_(coordinator) {}

  Result<cli::Response> exchange(const cli::Request& request) override {
    if (!coordinator_.up) return fail(Code::unavailable, "nobody listens");
    if (!coordinator_.broken.empty()) {
      const Error error = coordinator_.broken.front();
      coordinator_.broken.pop_front();
      return tl::unexpected(error);
    }
    coordinator_.requests.push_back(request);
    const std::string what = request.method + " " + request.target.substr(0, request.target.find('?'));
    auto found = coordinator_.answers.find(what);
    if (found == coordinator_.answers.end()) {
      ADD_FAILURE() << "not expected: " << what;
      return cli::Response{404, {}, R"({"success":false,"error":{"code":"not_found","message":"no such route"}})"};
    }
    const cli::Response response = found->second.front();
    if (found->second.size() > 1) found->second.pop_front();
    return response;
  }

  Result<std::unique_ptr<cli::Stream>> open_stream(const std::string& target) override {
    if (!coordinator_.up) return fail(Code::unavailable, "nobody listens");
    coordinator_.streams_opened.push_back(target);
    if (coordinator_.streams.empty()) return fail(Code::unavailable, "no stream is left in the script");
    auto stream = std::make_unique<FakeStream>(std::move(coordinator_.streams.front()));
    coordinator_.streams.pop_front();
    return stream;
  }

 private:
  class FakeStream final : public cli::Stream {
   public:
    explicit FakeStream(ScriptedStream script) : script_(std::move(script)) {}
    Result<std::optional<Message>> receive(int) override {
      if (next_ < script_.messages.size()) return script_.messages[next_++];
      if (script_.before_end) std::exchange(script_.before_end, nullptr)();
      if (script_.breaks) return fail(Code::unavailable, "the coordinator closed the connection");
      return std::nullopt;
    }
    Result<void> send(Kind, std::string_view) override { return {}; }
    int fd() const override { return -1; }

   private:
    ScriptedStream script_;
    std::size_t next_ = 0;
  };
  FakeCoordinator& coordinator_;
};

class FakeWorld {
 public:
  FakeWorld() {
    world_.cwd = folder.path();
    world_.program_folder = folder.path();
    env["PROVISIONING_HOME"] = folder / "home";
    world_.env = [this](const std::string& name) { return env.count(name) > 0 ? env[name] : std::string(); };
    world_.env_names = [this] {
      std::vector<std::string> names;
      for (const auto& [name, value] : env) names.push_back(name);
      return names;
    };
    world_.out = [this](std::string_view bytes) { out += bytes; };
    world_.err = [this](std::string_view bytes) { err += bytes; };
    world_.terminal_size = [] { return std::pair(24, 80); };
    world_.read_line = [this] { return std::exchange(typed, std::nullopt); };
    world_.now_ms = world_.steady_ms = [this] {
      if (on_clock) on_clock();
      return now_ms += 1;
    };
    world_.sleep_ms = [this](int ms) {
      now_ms += static_cast<std::uint64_t>(ms);
      if (on_sleep) on_sleep();
    };
    world_.new_id = [this] {
      Id id;
      id.bytes[15] = ++ids_;
      return id;
    };
    world_.catch_interrupt = [] {};
    world_.interrupted = [this] { return interrupted; };
    world_.connect = [this](const io::Endpoint& endpoint) {
      last_endpoint = endpoint;
      return std::make_unique<FakeTransport>(coordinator);
    };
    world_.processes = &processes;
  }

  int run(const std::vector<std::string>& words) {
    out.clear();
    err.clear();
    return cli::run(words, world_);
  }
  json document() const { return json::parse(out, nullptr, false); }
  cli::World& world() { return world_; }

  // A workspace "demo" that is active, with one host that has two task services, and their extensions.
  void make_demo() {
    folder.write("ws/config/provisioning.yaml", "workspace: {name: demo}\n");
    folder.write("ws/infra/main/settings.yaml",
                 "settings: {name: main, provider: local}\nservers:\n"
                 "  - {hostname: db-1, plan: small, taskservs: [os, redis]}\n  - {hostname: web-1}\n");
    for (const char* name : {"os", "redis"}) {
      folder.write(std::string("extensions/taskservs/") + name + "/manifest.yaml",
                   std::string("name: ") + name +
                       "\nkind: taskserv\nversion: 1.0.0\nrequires: " + (name[0] == 'r' ? "[os]\n" : "[]\n"));
    }
    folder.write("extensions/providers/local/manifest.yaml", "name: local\nkind: provider\nversion: 1.0.0\n");
    EXPECT_EQ(run({"workspace", "activate", folder / "ws"}), 0) << err;
  }

  test::TempFolder folder;
  std::map<std::string, std::string> env;
  std::string out, err;
  std::optional<std::string> typed;
  std::uint64_t now_ms = 1'000'000;
  bool interrupted = false;
  std::function<void()> on_sleep, on_clock;
  io::Endpoint last_endpoint;
  FakeCoordinator coordinator;
  FakeProcesses processes;

 private:
  cli::World world_;
  std::uint8_t ids_ = 0;
};

inline bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace prov::test
