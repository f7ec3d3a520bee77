// Answers and files that programs outside hand in: a provider's answers, a plan that was saved, the report of a step
// that was rehearsed.
#include <algorithm>
#include <optional>
#include <utility>

#include "common/json/json.h"
#include "coordinator/cli/verbs/saved_plan.h"
#include "coordinator/cli/views/rehearsal.h"
#include "coordinator/dispatcher/desk.h"
#include "coordinator/dispatcher/provider_desk.h"
#include "tests/fuzz/rig.h"

namespace prov::fuzz {
namespace {

class AnyLink final : public AgentLink {
 public:
  void start(Handler) override {}
  Result<void> listen(const std::string& address) override {
    if (address.size() % 2 == 0) return {};
    return fail(Code::io, "there is no such address");
  }
  void send(const Key&, std::string) override {}
  void allow(const Key&) override {}
  void forbid(const Key&) override {}
};

// Answers with the lines, one after the other, and with nothing once they are used up.
class LinesAsProvider final : public providers::ProviderRunner {
 public:
  explicit LinesAsProvider(std::string_view lines) : rest_(lines) {}
  void run(providers::ProviderCall call, Progress progress, Done done) override {
    expect(nlohmann::json::accept(call.request), "a request is JSON");
    expect(++calls <= 8, "a provider is not called without end");
    const auto end = std::min(rest_.find('\n'), rest_.size());
    const std::string answer(rest_.substr(0, end));
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    progress("at work\n");
    done(answer);
  }
  void stop_all() override {}
  int calls = 0;

 private:
  std::string_view rest_;
};

struct Providers {
  Providers() {
    config.join_endpoint = [](const std::string& address) {
      wire::JoinToken token;
      token.enrol_endpoint = "tcp://" + (address.empty() ? "10.0.0.1" : address) + ":9092";
      return token;
    };
  }
  // Runs what is to be run, with these answers; the task that was run.
  std::optional<Id> run(std::string_view lines) {
    LinesAsProvider provider(lines);
    dispatcher::Desk desk{config, rig.core, rig.writer, rig.log, link, secrets, rig.clock, rig.timers, rig.random};
    dispatcher::ProviderDesk providers(desk, provider);
    std::optional<Id> task;
    for (const auto& effect : std::exchange(rig.effects, {})) {
      if (const auto* wanted = std::get_if<domain::RunProvider>(&effect)) {
        providers.run(wanted->task, wanted->attempt);
        rig.settle();
        task = wanted->task;
      }
    }
    return task;
  }

  Rig rig;
  AnyLink link;
  secrets::SecretStore secrets{rig.log, std::string(32, 'k'), rig.random};
  dispatcher::DispatcherConfig config;
};

bool is_over(const Rig& rig, const Id& id) {
  const domain::Task* task = domain::find_task(rig.core.state(), id);
  return task == nullptr ||
         (task->status != domain::TaskStatus::dispatched && task->status != domain::TaskStatus::running);
}

constexpr std::string_view kMade = R"({"ok": true}
{"ok": true, "server": {"id": "c-1", "address": "10.0.0.2", "runtime": "docker"}})";

}  // namespace

// Lines: what a provider answers to each call. Beginning with "-" they are of the deletion of a server that there is.
void provider_answer(std::string_view bytes) {
  Providers providers;
  providers.rig.must(domain::RegisterWorkspace{});
  providers.rig.must(domain::CreateServers{"demo", {server_of_rig("db-1")}});
  const bool deletes = !bytes.empty() && bytes.front() == '-';
  auto task = providers.run(deletes ? kMade : bytes);
  expect(task.has_value(), "a provider makes a server");
  if (deletes) {
    providers.rig.must(domain::CancelWorkflow{workflow_id(*task)});
    providers.rig.must(domain::DeleteServers{"demo", {"db-1"}});
    task = providers.run(bytes.substr(1));
    expect(task.has_value(), "a provider removes it");
  }
  expect(is_over(providers.rig, *task), "whatever it answers, that attempt is over");
  providers.rig.check_state();
}

void plan_file(std::string_view bytes) {
  const auto plan = cli::parse_plan_file(std::string(bytes), "saved.plan");
  if (!plan) return expect(!plan.error().message.empty(), "a refusal says why");
  const std::string once = cli::plan_file_text(*plan);
  const auto again = cli::parse_plan_file(once, "saved.plan");
  expect(again && cli::plan_file_text(*again) == once, "a plan is itself again");
}

// What a host printed; shown to people and to programs.
void rehearsal(std::string_view bytes) {
  std::vector<cli::Rehearsed> all{{"db-1", "redis", "done", "", cli::rehearsal_in(bytes)}};
  static_cast<void>(cli::rehearsals_json(all).dump());
  const cli::Console console([](std::string_view) {}, [](std::string_view) {}, {});
  const std::string text = cli::rehearsals_text(all, console);
  const auto moves = [](char c) { return (c >= '\0' && c < ' ' && c != '\n') || c == '\x7f'; };
  expect(std::none_of(text.begin(), text.end(), moves), "what a host says cannot move the cursor");
}

}  // namespace prov::fuzz
