#pragma once
// Bugs that are planted behind the ports, never in production code, to show that the simulation notices them.
//
// One more of them: add it to Plant and kPlants (with the invariant that is to notice it), and ask for it where it does
// its harm, as the others do: World::sent and World::tamper (what is sent), coordinator.cpp (its disk, its answers, its
// limits, what it begins with), machine.cpp (journal, steps, verdicts, output), operator.cpp (commands). Then
//
//   sim --plant NAME --seed 1 --count 2000     ends with 0 when it is noticed, and prints the seed
//
// A bug in production code itself: write it, build, and run with --plant in_code, which plants nothing and expects a
// violation.
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace prov::sim {

enum class Plant : std::uint8_t {
  none,
  early_ack,
  early_answer,
  no_command_memory,
  lost_commit,
  bit_rot,
  fold_by_clock,
  wrong_agent,
  fresh_sequence,
  forgetful_agent,
  lying_journal,
  double_start,
  early_verdict,
  limit_off_by_one,
  not_exclusive,
  false_verdict,
  wrong_output,
  ended_swallowed,
  lost_resend,
  outbox_forgets,
  never_asked_again,
  leaked_secret,
  leaked_token,
  leaked_password,
  lost_index,
  frame_storm,
  group_off_by_one,
  lazy_undo,
  stale_plan,
  in_code,
};

struct PlantName {
  Plant plant;
  std::string_view name, invariant, what;
};
inline constexpr std::array kPlants{
    PlantName{Plant::early_ack, "early_ack", "I1",
              "effects before sync: the coordinator's disk says \"durable\" too early"},
    PlantName{Plant::early_answer, "early_answer", "I1", "a command is answered before its events are durable"},
    PlantName{Plant::no_command_memory, "no_command_memory", "I1", "a repeated command is taken for a new one"},
    PlantName{Plant::lost_commit, "lost_commit", "I2", "an acknowledged commit is gone after a crash"},
    PlantName{Plant::bit_rot, "bit_rot", "I2", "a durable commit is another one after a crash"},
    PlantName{Plant::fold_by_clock, "fold_by_clock", "I3", "what a replay folds to depends on when it runs"},
    PlantName{Plant::wrong_agent, "wrong_agent", "I4", "an agent gets another agent's orders, addressed to it"},
    PlantName{Plant::fresh_sequence, "fresh_sequence", "I4", "an old order comes again, with a sequence never settled"},
    PlantName{Plant::forgetful_agent, "forgetful_agent", "I4", "no de-duplication of orders after an agent's restart"},
    PlantName{Plant::lying_journal, "lying_journal", "I8", "an agent's sync does nothing"},
    PlantName{Plant::double_start, "double_start", "I4", "the host starts a step twice"},
    PlantName{Plant::early_verdict, "early_verdict", "I5", "a step is said to have ended well while it still runs"},
    PlantName{Plant::limit_off_by_one, "limit_off_by_one", "I6", "one order more at an agent than the limit"},
    PlantName{Plant::not_exclusive, "not_exclusive", "I6", "orders lose the word that they want their host alone"},
    PlantName{Plant::group_off_by_one, "group_off_by_one", "I6", "one step more of a concurrency group than its limit"},
    PlantName{Plant::lazy_undo, "lazy_undo", "I9", "a step of a rollback is said to have undone what it left alone"},
    PlantName{Plant::stale_plan, "stale_plan", "I12", "a plan is carried out although it does not hold any more"},
    PlantName{Plant::false_verdict, "false_verdict", "I8", "a failed step is said to have done well"},
    PlantName{Plant::wrong_output, "wrong_output", "I8", "output is read with a byte changed"},
    PlantName{Plant::ended_swallowed, "ended_swallowed", "I8", "no report of an end arrives"},
    PlantName{Plant::lost_resend, "lost_resend", "I8", "the report of an end is never sent a second time"},
    PlantName{Plant::outbox_forgets, "outbox_forgets", "I8", "what ended before a reconnect is not reported after it"},
    PlantName{Plant::never_asked_again, "never_asked_again", "I8",
              "what the log has lost, which an operator has accepted, is not asked for again"},
    PlantName{Plant::leaked_secret, "leaked_secret", "I10", "a join token's secret is stored beside the log"},
    PlantName{Plant::leaked_token, "leaked_token", "I10", "a join token's text is stored beside the log"},
    PlantName{Plant::leaked_password, "leaked_password", "I10",
              "a secret of a step is stored beside the log, when its order is sent"},
    PlantName{Plant::lost_index, "lost_index", "I13", "a crash takes a record of the index of workflows"},
    PlantName{Plant::frame_storm, "frame_storm", "I11", "each frame that arrives makes two more"}};

inline std::optional<Plant> plant_named(std::string_view name) {
  if (name == "in_code") return Plant::in_code;
  for (const PlantName& each : kPlants) {
    if (each.name == name) return each.plant;
  }
  return std::nullopt;
}

}  // namespace prov::sim
