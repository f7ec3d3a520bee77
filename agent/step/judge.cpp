#include "agent/step/judge.h"

#include <string_view>

#include "common/hash.h"
#include "common/result.h"

namespace prov::agent {
namespace {

constexpr int kCheckAbsent = 20;
constexpr int kCheckDiffers = 21;

Verdict by_exit_code(StepKind kind, std::int32_t code) {
  const bool script = kind != StepKind::exec;
  Verdict out;
  out.exit_code = code;
  if (code == 0) {
    out.outcome = Outcome::done;
  } else if (kind == StepKind::script && code == kExitUnchanged) {
    out.outcome = Outcome::unchanged;
  } else if (script && code == kExitTryLater) {
    out.message = "cannot now, try again later";
  } else if (script && code == kExitCannot) {
    out.message = "cannot on this host (its output says why)";
  } else if (kind == StepKind::check && code == kCheckAbsent) {
    out.message = "not installed";
  } else if (kind == StepKind::check && code == kCheckDiffers) {
    out.message = "installed, but it differs or is not healthy (its output says what)";
  } else {
    out.message = "exit code " + std::to_string(code);
  }
  return out;
}

}  // namespace

std::string refusal_of(wire::Mode mode, const Action& action) {
  if (mode != wire::Mode::check || std::holds_alternative<wire::Noop>(action)) return "";
  const auto* script = std::get_if<wire::Script>(&action);
  if (script != nullptr && script->path == "scripts/check") return "";
  const std::string what = script == nullptr ? "a command" : script->path;
  return "it was to be checked only, and " + what + " is no check: only scripts/check may run then";
}

const Verdict& silent_success() {
  static const Verdict verdict{Outcome::done, 0, {}, 0, digest_of("")};
  return verdict;
}

StepKind kind_of(const wire::Order& order) {
  PROV_ASSERT(!std::holds_alternative<wire::Noop>(order.action));
  const auto* script = std::get_if<wire::Script>(&order.action);
  if (script == nullptr) return StepKind::exec;
  const std::string_view path = script->path;
  return path.substr(path.rfind('/') + 1) == "check" ? StepKind::check : StepKind::script;
}

Verdict judge(StepKind kind, const ProcessEnd& end, std::uint32_t timeout_s) {
  Verdict out;
  if (!end.refused.empty()) {
    out.outcome = Outcome::refused;
    out.message = end.refused;
    return out;
  }
  if (!end.problem.empty()) {
    out.message = end.problem;
    return out;
  }
  out = end.signal != 0 ? Verdict{} : by_exit_code(kind, end.exit_code);
  if (end.signal != 0) {
    out.exit_code = -end.signal;
    out.message = "ended by signal " + std::to_string(end.signal);
  }
  if (end.timed_out) {
    out.outcome = Outcome::timed_out;
    out.message = "stopped after its time limit of " + std::to_string(timeout_s) + " s";
  } else if (end.cancelled) {
    out.outcome = Outcome::cancelled;
    out.message = "stopped because it was cancelled";
  }
  return out;
}

}  // namespace prov::agent
