#pragma once
// Bugs that are planted behind the ports, never in production code, to show that the simulation notices them.
#include <array>
#include <optional>
#include <string_view>

namespace prov::sim {

enum class Plant {
  none,
  early_ack,        // the coordinator's disk says "durable" before it is
  lost_commit,      // the coordinator's disk loses an acknowledged commit at a crash
  wrong_agent,      // the network gives an agent another agent's orders, addressed to it
  fresh_sequence,   // the network repeats an old order with a sequence that was never settled
  lying_journal,    // an agent's sync does nothing
  double_start,     // the host starts a step twice
  early_verdict,    // the host says that a step ended well while it still runs
  false_verdict,    // the host says that a failed step did well
  wrong_output,     // the host hands out output with a byte changed
  ended_swallowed,  // the network loses every report that a step ended
};

struct PlantName {
  Plant plant;
  std::string_view name;
};
inline constexpr std::array kPlants{
    PlantName{Plant::early_ack, "early_ack"},         PlantName{Plant::lost_commit, "lost_commit"},
    PlantName{Plant::wrong_agent, "wrong_agent"},     PlantName{Plant::fresh_sequence, "fresh_sequence"},
    PlantName{Plant::lying_journal, "lying_journal"}, PlantName{Plant::double_start, "double_start"},
    PlantName{Plant::early_verdict, "early_verdict"}, PlantName{Plant::false_verdict, "false_verdict"},
    PlantName{Plant::wrong_output, "wrong_output"},   PlantName{Plant::ended_swallowed, "ended_swallowed"}};

inline std::optional<Plant> plant_named(std::string_view name) {
  for (const PlantName& each : kPlants) {
    if (each.name == name) return each.plant;
  }
  return std::nullopt;
}

}  // namespace prov::sim
