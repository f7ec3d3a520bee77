#include "coordinator/dispatcher/provider_desk.h"

#include "common/hash.h"
#include "common/json/json.h"

namespace prov::dispatcher {
namespace {

using nlohmann::json;

constexpr std::uint32_t kJoinTokenValidS = 30 * 60;
constexpr std::uint32_t kCallTimeoutS = 840;  // within the task's own limit
constexpr int kMaxAnswerDepth = 32;           // of a provider's answer

std::string text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

json pairs(const domain::Pairs& values) {
  json out = json::object();
  for (const auto& [key, value] : values) out[key] = value;
  return out;
}

json server_json(const domain::ServerSpec& spec) {
  return {
      {"hostname", spec.hostname}, {"plan", spec.plan}, {"labels", pairs(spec.labels)}, {"params", pairs(spec.params)}};
}

}  // namespace

void ProviderDesk::run(const Id& task, std::uint32_t attempt) {
  const domain::State& state = desk_.core.state();
  const domain::Workflow* workflow = domain::find_workflow(state, task);
  const domain::Task* known = domain::find_task(state, task);
  const bool current = known != nullptr && known->attempt == attempt && known->status == domain::TaskStatus::dispatched;
  if (!current) return;
  auto job = std::make_shared<Job>(Job{task, attempt, workflow->workspace, {}, 0});
  if (auto allowed = domain::authorize_task(desk_.core.policy(), *workflow, *known); !allowed) {
    return finish(job, Outcome::refused, 0, allowed.error().message);
  }
  const auto* create_action = std::get_if<domain::ServerCreateAction>(&*known->plan->action);
  const auto* delete_action = std::get_if<domain::ServerDeleteAction>(&*known->plan->action);
  const std::string hostname = create_action ? create_action->hostname : delete_action ? delete_action->hostname : "";
  const auto server = state.servers.find({workflow->workspace, hostname});
  if (server == state.servers.end()) {
    return finish(job, delete_action ? Outcome::unchanged : Outcome::failed, 0,
                  "server \"" + hostname + "\" is not declared");
  }
  job->spec = server->second.spec;
  desk_.core.submit({{}, "", domain::ReportStarted{Key{}, task, attempt, 0}}, system_principal(), {});
  if (create_action) return create(job);
  remove(job);
}

void ProviderDesk::interrupted(const Id& task, std::uint32_t attempt) {
  finish(std::make_shared<Job>(Job{task, attempt, "", {}, 0}), Outcome::interrupted, 0,
         "the coordinator ended while the provider was at work");
}

void ProviderDesk::call(const JobPtr& job, json request, Then then) {
  request["api"] = 1;
  request["workspace"] = job->workspace;
  request["infra"] = job->spec.infra;
  request["runtime"] = job->spec.runtime.empty() ? "auto" : job->spec.runtime;
  request["server"] = server_json(job->spec);
  runner_.run(
      {job->spec.provider, job->spec.provider_bundle, request.dump(), kCallTimeoutS},
      [this, job](std::string text) { progress(job, std::move(text)); },
      [this, job, then = std::move(then)](Result<std::string> text) {
        if (!text) {
          const bool again = text.error().code == Code::unavailable;
          return finish(job, Outcome::failed, again ? kExitTryLater : 1, text.error().message);
        }
        const json answer = parse_within(*text, kMaxAnswerDepth);
        if (!answer.is_object() || !answer.contains("ok") || !answer["ok"].is_boolean()) {
          return finish(job, Outcome::failed, 1, "the provider's answer is not what the contract says");
        }
        if (answer["ok"].get<bool>()) return then(answer);
        const json error = answer.value("error", json::object());
        const bool again = error.is_object() && error.contains("retryable") && error["retryable"] == true;
        std::string message = error.is_object() ? text_at(error, "message") : "";
        const std::string hint = error.is_object() ? text_at(error, "hint") : "";
        if (!hint.empty()) message += "; " + hint;
        finish(job, Outcome::failed, again ? kExitTryLater : 1, message.empty() ? "the provider failed" : message);
      });
}

void ProviderDesk::create(const JobPtr& job) {
  call(job, {{"verb", "prepare"}}, [this, job](const json& answer) {
    const std::string address = text_at(answer, "coordinator_address");
    const std::string runtime = text_at(answer, "runtime");
    if (!address.empty()) {
      if (auto ok = desk_.link.listen(address); !ok)
        return finish(job, Outcome::failed, kExitTryLater, ok.error().message);
    }
    if (!runtime.empty()) job->spec.runtime = runtime;
    make_token(job, address);
  });
}

void ProviderDesk::make_token(const JobPtr& job, const std::string& address) {
  std::string secret(32, '\0');
  desk_.random.fill({reinterpret_cast<std::uint8_t*>(secret.data()), secret.size()});
  const domain::CreateJoinToken command{job->spec.hostname, digest_of(secret), kJoinTokenValidS};
  desk_.core.submit({{}, job->workspace, command}, system_principal(),
                    [this, job, address, secret](Result<domain::Answer> made) {
                      if (!made) {
                        const bool again = made.error().code == Code::unavailable;  // read-only for now
                        return finish(job, Outcome::failed, again ? kExitTryLater : 1, made.error().message);
                      }
                      wire::JoinToken token = desk_.config.join_endpoint(address);
                      token.id = made->made;
                      token.secret = secret;
                      const json agent = {{"program", desk_.config.agent_program},
                                          {"endpoint", token.enrol_endpoint},
                                          {"join_token", wire::encode_join_token(token)}};
                      call(job, {{"verb", "create_server"}, {"agent", agent}},
                           [this, job, address](const json& answer) { created(job, address, answer); });
                    });
}

void ProviderDesk::created(const JobPtr& job, const std::string& address, const json& answer) {
  const json server = answer.value("server", json::object());
  if (!server.is_object() || text_at(server, "id").empty()) {
    return finish(job, Outcome::failed, 1, "the provider's answer names no server");
  }
  domain::ServerCreated made;
  made.hostname = job->spec.hostname;
  made.provider_id = text_at(server, "id");
  made.address = text_at(server, "address");
  made.runtime = text_at(server, "runtime");
  made.coordinator_address = address;
  const bool changed = !answer.contains("changed") || answer["changed"] != false;
  finish(job, changed ? Outcome::done : Outcome::unchanged, 0, "", made);
}

void ProviderDesk::remove(const JobPtr& job) {
  call(job, {{"verb", "delete_server"}}, [this, job](const json& answer) {
    const bool changed = !answer.contains("changed") || answer["changed"] != false;
    const Outcome outcome = changed ? Outcome::done : Outcome::unchanged;
    if (!last_of_its_infra(*job)) return finish(job, outcome, 0, "");
    call(job, {{"verb", "teardown"}}, [this, job, outcome](const json&) { finish(job, outcome, 0, ""); });
  });
}

bool ProviderDesk::last_of_its_infra(const Job& job) const {
  for (const auto& [key, server] : desk_.core.state().servers) {
    const bool same =
        key.first == job.workspace && server.spec.infra == job.spec.infra && server.spec.provider == job.spec.provider;
    if (same && key.second != job.spec.hostname) return false;
  }
  return true;
}

void ProviderDesk::progress(const JobPtr& job, std::string text) {
  const std::uint64_t at = job->output_bytes;
  job->output_bytes += text.size();
  desk_.store_output(job->task, job->attempt, at, std::move(text));
  desk_.writer.flush();
}

void ProviderDesk::finish(const JobPtr& job, Outcome outcome, std::int32_t exit_code, std::string message,
                          std::optional<domain::ServerCreated> made) {
  domain::TaskEnded e;
  e.task = job->task;
  e.attempt = job->attempt;
  e.outcome = outcome;
  e.exit_code = exit_code;
  e.message = std::move(message);
  e.output_bytes = job->output_bytes;
  desk_.report_ended(Key{}, std::move(e), std::move(made));
}

}  // namespace prov::dispatcher
