#include "tests/fuzz/targets.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace prov::fuzz {
namespace {

constexpr Target kTargets[] = {
    {"from_agent", from_agent},
    {"to_agent", to_agent},
    {"enrolment", enrolment},
    {"join_token", join_token},
    {"order", order},
    {"bundle", bundle},
    {"event", event},
    {"command", command},
    {"commit", commit},
    {"state", state},
    {"segment", segment},
    {"workflow_record", workflow_record},
    {"journal", journal},
    {"rest_body", rest_body},
    {"rest_target", rest_target},
    {"yaml", yaml},
    {"manifest", manifest},
    {"infra", infra},
    {"workspace", workspace},
    {"batch", batch},
    {"cluster", cluster},
    {"infra_toml", infra_toml},
    {"migrate", migrate},
    {"config", config},
    {"mustache", mustache},
    {"ws_frame", ws_frame},
    {"targets", target_expression},
    {"condition", condition},
    {"outputs", outputs},
    {"step_file", step_file},
    {"host_records", host_records},
    {"provider_answer", provider_answer},
    {"plan_file", plan_file},
    {"rehearsal", rehearsal},
    {"rest_call", rest_call},
    {"shell_message", shell_message},
};

}  // namespace

std::span<const Target> targets() { return kTargets; }

const Target* find_target(std::string_view name) {
  const auto* const found =
      std::find_if(std::begin(kTargets), std::end(kTargets), [&](const Target& target) { return target.name == name; });
  return found == std::end(kTargets) ? nullptr : found;
}

void expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

}  // namespace prov::fuzz
