#include "tests/sim/cloud.h"

#include "common/json/json.h"

namespace prov::sim {
namespace {

using nlohmann::json;

constexpr std::uint64_t kLeastCallUs = 100'000, kMostCallUs = 6'000'000;

}  // namespace

std::string Cloud::act(const std::string& request) {
  const json asked = json::parse(request, nullptr, false);
  const std::string verb = asked.value("verb", "");
  const std::string hostname = asked.contains("server") ? asked["server"].value("hostname", "") : "";
  kernel_.line("provider: " + verb + " " + hostname);
  if (kernel_.rng.chance(fails)) {
    ++kernel_.faults[Fault::provider_down];
    return json{{"ok", false}, {"error", {{"code", "busy"}, {"message", "no capacity now"}, {"retryable", true}}}}
        .dump();
  }
  json answer{{"ok", true}, {"changed", true}};
  if (verb == "prepare") {
    answer["runtime"] = "sim";
    answer["coordinator_address"] = "10.0.0.1";
  } else if (verb == "create_server") {
    answer["changed"] = servers_.insert(hostname).second;
    auto token = wire::decode_join_token(asked["agent"].value("join_token", ""));
    if (token) on_create(hostname, *token);
    answer["server"] = {{"id", "vm-" + hostname}, {"address", "10.0.1.1"}, {"runtime", "sim"}};
  } else if (verb == "delete_server") {
    answer["changed"] = servers_.erase(hostname) != 0;
    on_delete(hostname);
  }
  return answer.dump();
}

SimProviders::~SimProviders() {
  for (const Schedule::Token token : effects_) {
    if (cloud_.kernel().rng.chance(500)) cloud_.kernel().schedule.cancel(token);
  }
}

// The effect belongs to the world, the answer to the process: a crash between them leaves the one without the other.
void SimProviders::run(providers::ProviderCall call, Progress progress, Done done) {
  Kernel& kernel = cloud_.kernel();
  const std::uint64_t duration_us = kernel.rng.range(kLeastCallUs, kMostCallUs);
  auto answer = std::make_shared<std::string>();
  process_.after_us(duration_us / 2, [progress] { progress("working\n"); });
  const Schedule::Token effect = kernel.schedule.after(
      duration_us, [&cloud = cloud_, answer, request = std::move(call.request)] { *answer = cloud.act(request); });
  effects_.insert(effect);
  process_.after_us(duration_us + 1'000, [this, answer, effect, done] {
    effects_.erase(effect);
    done(*answer);
  });
}

}  // namespace prov::sim
