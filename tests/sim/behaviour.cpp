#include "tests/sim/behaviour.h"

#include <algorithm>
#include <charconv>

namespace prov::sim {
namespace {

template <class T>
T number(std::string_view text) {
  T out{};
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

// What stands before the separator; takes both off.
std::string_view cut_off(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view out = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return out;
}

}  // namespace

std::int32_t Behaviour::exit_code(std::uint32_t attempt) const {
  return exits[std::min<std::size_t>(attempt - 1, exits.size() - 1)];
}

std::string to_text(const Behaviour& behaviour) {
  std::string out =
      "ms=" + std::to_string(behaviour.duration_ms) + " out=" + std::to_string(behaviour.output_bytes) + " exit=";
  for (std::size_t i = 0; i < behaviour.exits.size(); ++i) {
    out += (i == 0 ? "" : ",") + std::to_string(behaviour.exits[i]);
  }
  if (behaviour.signal != 0) out += " signal=" + std::to_string(behaviour.signal);
  if (behaviour.hangs) out += " hang";
  if (behaviour.fork_ms != 0) out += " fork=" + std::to_string(behaviour.fork_ms);
  if (behaviour.deaf) out += " deaf";
  if (behaviour.lies) out += " lies";
  if (!behaviour.mark.empty()) out += " mark=" + behaviour.mark;
  if (!behaviour.unmark.empty()) out += " unmark=" + behaviour.unmark;
  return out;
}

Behaviour parse_behaviour(std::string_view text) {
  Behaviour out;
  while (!text.empty()) {
    const std::string_view word = cut_off(text, ' ');
    const std::size_t equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    std::string_view value = equals == std::string_view::npos ? "" : word.substr(equals + 1);
    if (name == "ms") out.duration_ms = number<std::uint64_t>(value);
    if (name == "out") out.output_bytes = number<std::uint32_t>(value);
    if (name == "signal") out.signal = number<std::int32_t>(value);
    if (name == "hang") out.hangs = true;
    if (name == "fork") out.fork_ms = number<std::uint64_t>(value);
    if (name == "deaf") out.deaf = true;
    if (name == "lies") out.lies = true;
    if (name == "mark") out.mark = value;
    if (name == "unmark") out.unmark = value;
    if (name != "exit") continue;
    out.exits.clear();
    while (!value.empty()) out.exits.push_back(number<std::int32_t>(cut_off(value, ',')));
  }
  return out;
}

Behaviour behaviour_of(const wire::Order& order) {
  if (const auto* exec = std::get_if<wire::Exec>(&order.action)) {
    return parse_behaviour(exec->argv.size() > 1 ? exec->argv[1] : "");
  }
  const auto* script = std::get_if<wire::Script>(&order.action);
  if (script == nullptr || script->path != "scripts/install") return {};
  const auto plan = std::find_if(script->environment.begin(), script->environment.end(),
                                 [](const wire::Variable& each) { return each.name == "PROV_PARAM_PLAN"; });
  return plan == script->environment.end() ? Behaviour{} : parse_behaviour(plan->value);
}

std::string output_of(const agent::StepId& step, std::uint32_t bytes) {
  const std::string rest = " of " + agent::to_text(step).substr(28) + "\n";
  std::string out;
  out.reserve(bytes + 64);
  for (std::uint32_t line = 1; out.size() < bytes; ++line) out.append(std::to_string(line)).append(rest);
  out.resize(bytes);
  return out;
}

}  // namespace prov::sim
