#include "tests/sim/workload.h"

#include <algorithm>

#include "common/hash.h"
#include "coordinator/event_log/blobs.h"

namespace prov::sim {
namespace {

constexpr std::uint32_t kMostServers = 2;

template <class T>
const T* action_of(const domain::Task& task) {
  return std::get_if<T>(&*task.plan->action);
}

}  // namespace

std::string taskserv_bundle() {
  return wire::encode_bundle({{"scripts/check", "#!/bin/sh\n", 0755},
                              {"scripts/install", "#!/bin/sh\n", 0755},
                              {"scripts/uninstall", "#!/bin/sh\n", 0755},
                              {"templates/main.conf.mustache", "host={{host.hostname}} plan={{params.plan}}\n", 0644}});
}

Workload::Workload(Kernel& kernel, Operator& who, const Auditor& auditor, std::uint32_t hosts, std::uint32_t tasks,
                   bool misdeeds)
    : kernel_(kernel),
      operator_(who),
      auditor_(auditor),
      hosts_(hosts),
      wanted_(tasks),
      misdeeds_(misdeeds),
      batches_(kernel, who, auditor, [this] { return draw_behaviour(); }) {}

void Workload::begin() {
  store_bundle();
  for (std::uint32_t i = 1; i <= hosts_; ++i) enrol("h" + std::to_string(i));
  think();
}

void Workload::enrol(const std::string& hostname) {
  std::string secret(32, '\0');
  kernel_.rng.fill({reinterpret_cast<std::uint8_t*>(secret.data()), secret.size()});
  operator_.ask(domain::CreateJoinToken{hostname, digest_of(secret), 3600},
                [this, hostname, secret](const domain::Answer& answer) {
                  on_token(hostname, {Key{}, answer.made, secret, "tcp://10.0.0.1:7001"});
                });
}

void Workload::store_bundle() {
  const std::string bytes = taskserv_bundle();
  bundle_ = digest_of(bytes);
  operator_.ask(
      domain::StoreBlob{bundle_, bytes.size(), "bundle", "taskserv"}, [this](const domain::Answer&) { stored_ = true; },
      event_log::blob_records(bundle_, bytes));
}

std::vector<std::string> Workload::ready_hosts() const {
  std::vector<std::string> out;
  for (const auto& [host, key] : auditor_.state().agent_by_host) out.push_back(host.second);
  return out;
}

void Workload::think() {
  over_ = over_ || tasks_ >= wanted_;
  if (over_) return;
  kernel_.schedule.after(kernel_.rng.range(200'000, 6'000'000), [this] { think(); });
  if (!stored_ || ready_hosts().empty()) return;
  if (kernel_.rng.chance(500)) batches_.approve();
  const std::uint64_t dice = kernel_.rng.range(0, 99);
  if (dice < 26) return install();
  if (dice < 48) {
    tasks_ += batches_.submit(ready_hosts());
    return;
  }
  if (dice < 58) return batches_.steer();
  if (dice < 66) return run_exec();
  if (dice < 71) return run_noop();
  if (dice < 78) return look_or_remove();
  if (dice < 84) return cancel();
  if (dice < 89) return drain();
  if (dice < 97) return create_server();
  delete_server();
}

Behaviour Workload::draw_behaviour() {
  Rng& rng = kernel_.rng;
  Behaviour out;
  out.duration_ms = rng.range(5, rng.chance(100) ? 20'000 : 3'000);
  if (rng.chance(600)) out.output_bytes = static_cast<std::uint32_t>(rng.range(1, rng.chance(50) ? 150'000 : 3'000));
  if (rng.chance(60)) out.exits = {1};
  if (rng.chance(80)) out.exits = {75, 0};
  if (rng.chance(20)) out.exits = {75};
  if (rng.chance(80)) out.exits = {10};
  const std::uint64_t dice = rng.range(0, 99), left_ms = rng.range(10, 15'000);
  const bool deaf = rng.chance(300);
  if (!misdeeds_ || dice >= 14) return out;
  if (dice < 3) out.hangs = true;
  if (dice >= 3 && dice < 6) out.signal = dice < 5 ? 9 : 11;
  if (dice >= 6 && dice < 11) out.fork_ms = left_ms;
  out.deaf = deaf;
  if (dice < 11) return out;
  out = Behaviour{};  // exit 0, and nothing done
  out.duration_ms = 1;
  out.lies = true;
  return out;
}

domain::TaskservSpec Workload::draw_taskserv(const std::string& host) {
  Rng& rng = kernel_.rng;
  domain::TaskservSpec out;
  out.server = host;
  out.name = "ts" + std::to_string(++names_);
  out.version = "1.0";
  out.bundle = bundle_;
  out.params = {{"plan", to_text(draw_behaviour())}};
  if (rng.chance(200)) out.secrets = {{"password", "sim/secret" + std::to_string(rng.range(1, 3))}};
  out.retry_safe = rng.chance(500);
  out.timeout_s = static_cast<std::uint32_t>(rng.range(10, 40));
  return out;
}

void Workload::order(domain::CommandBody body) {
  if (kernel_.rng.chance(150)) return operator_.plan(std::move(body), kernel_.rng.range(100'000, 8'000'000));
  operator_.ask(std::move(body));
}

void Workload::install() {
  const auto hosts = ready_hosts();
  domain::CreateTaskservs command;
  command.infra = "main";
  const auto count = static_cast<std::uint32_t>(kernel_.rng.range(1, 10));
  for (std::uint32_t i = 0; i < count; ++i) {
    domain::TaskservRequirement item{draw_taskserv(pick(hosts)), {}};
    for (std::uint32_t before = 0; before < i; ++before) {
      if (kernel_.rng.chance(250)) item.after.push_back(before);
    }
    command.taskservs.push_back(std::move(item));
  }
  tasks_ += count;
  order(std::move(command));
}

void Workload::run_exec() {
  domain::RunExec command;
  for (const std::string& host : ready_hosts()) {
    if (kernel_.rng.chance(600)) command.servers.push_back(host);
  }
  if (command.servers.empty()) return;
  command.argv = {"step", to_text(draw_behaviour())};
  command.timeout_s = static_cast<std::uint32_t>(kernel_.rng.range(5, 30));
  tasks_ += static_cast<std::uint32_t>(command.servers.size());
  operator_.ask(std::move(command));
}

void Workload::run_noop() {
  domain::RunNoop command{ready_hosts(), static_cast<std::uint32_t>(kernel_.rng.range(2, 12))};
  tasks_ += command.count;
  operator_.ask(std::move(command));
}

void Workload::look_or_remove() {
  std::vector<domain::TaskservSpec> some;
  for (const auto& [key, taskserv] : auditor_.state().taskservs) {
    if (some.size() < 3 && kernel_.rng.chance(300)) some.push_back(taskserv.spec);
  }
  if (some.empty()) return;
  tasks_ += static_cast<std::uint32_t>(some.size());
  if (kernel_.rng.chance(500)) return operator_.ask(domain::CheckTaskservs{"main", std::move(some)});
  operator_.ask(domain::DeleteTaskservs{"main", std::move(some)});
}

void Workload::cancel() {
  std::vector<Id> live;
  for (const auto& [id, workflow] : auditor_.state().workflows) {
    if (!workflow.ended) live.push_back(id);
  }
  if (live.empty()) return;
  std::sort(live.begin(), live.end());
  operator_.ask(domain::CancelWorkflow{live[kernel_.rng.range(0, live.size() - 1)]});
}

void Workload::drain() {
  const auto hosts = ready_hosts();
  const Key agent = auditor_.state().agent_by_host.at({kWorkspace, pick(hosts)});
  operator_.ask(domain::DrainAgent{agent, true}, [this, agent](const domain::Answer&) {
    kernel_.schedule.after(kernel_.rng.range(1'000'000, 20'000'000), [this, agent] {
      operator_.ask(domain::DrainAgent{agent, false});
    });
  });
}

void Workload::create_server() {
  if (servers_ >= kMostServers) return;
  domain::ServerSpec spec;
  spec.hostname = "s" + std::to_string(++servers_);
  spec.infra = "main";
  spec.provider = "local";
  spec.provider_bundle = bundle_;
  tasks_ += 2;
  order(domain::CreateServers{"main", {spec}});
}

void Workload::delete_server() {
  for (const auto& [key, server] : auditor_.state().servers) {
    if (server.status != domain::ServerStatus::ready) continue;
    ++tasks_;
    return order(domain::DeleteServers{"main", {key.second}});
  }
}

}  // namespace prov::sim
