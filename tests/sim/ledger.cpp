#include "tests/sim/ledger.h"

#include "tests/sim/behaviour.h"

namespace prov::sim {

Effect& Ledger::start(const std::string& host, const agent::StepId& step, const wire::Order& order,
                      std::uint64_t now_us) {
  Effect& effect = effects_[{step, host}];
  effect.step = step;
  effect.host = host;
  ++effect.starts;
  if (const auto* script = std::get_if<wire::Script>(&order.action)) {
    effect.script = true;
    effect.check = script->path == "scripts/check";
  }
  const Behaviour behaviour = behaviour_of(order);
  effect.mark = behaviour.mark;
  effect.unmark = behaviour.unmark;
  if (!effect.mark.empty()) marks_[host].insert(effect.mark);
  effect.started_us = now_us;
  if (effect.starts > 1) {  // never, but after an accepted loss of the log's end
    effect.fate = Fate::running;
    effect.printed.clear();
    effect.verdict_lost = false;
  }
  if (on_start) on_start(effect);
  return effect;
}

void Ledger::end(const std::string& host, const agent::StepId& step, Fate fate, std::int32_t exit_code,
                 std::uint64_t now_us) {
  Effect& effect = of(host, step);
  effect.fate = fate;
  effect.ended_us = now_us;
  effect.exit_code = exit_code;
  if (fate == Fate::exited && exit_code == 0 && !undoes_nothing) marks_[host].erase(effect.unmark);
  if (on_end) on_end(effect);
}

const Effect* Ledger::find(const agent::StepId& step) const {
  const auto at = effects_.lower_bound({step, ""});
  return at == effects_.end() || at->first.first != step ? nullptr : &at->second;
}

}  // namespace prov::sim
