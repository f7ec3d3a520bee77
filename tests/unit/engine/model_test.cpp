// Random graphs, driven at random, next to a model that knows no better than to look at everything.
//
//   PROV_SEED=17 unit_engine --gtest_filter='Model.*'    one graph, with its events
//   PROV_GRAPHS=100000 ...                               more of them
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "tests/unit/engine/world.h"

namespace prov::domain::model {
namespace {

constexpr std::uint64_t kGraphs = 10'000;
constexpr std::uint64_t kThoroughEvery = 40;

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::string described(const Event& event) {
  std::string out = std::to_string(event.meta.sequence) + " at " + std::to_string(event.meta.log_time_ms) + " ms  " +
                    event.meta.workspace + "  " + name_of(event.body);
  if (const auto* e = std::get_if<TaskDispatched>(&event.body)) out += " " + to_text(e->task);
  if (const auto* e = std::get_if<TaskEnded>(&event.body)) {
    out += " " + to_text(e->task) + " " + name_of(e->outcome) + " " + e->message +
           (e->retry_at_ms == 0 ? "" : " again at " + std::to_string(e->retry_at_ms));
  }
  if (const auto* e = std::get_if<OperationOpened>(&event.body)) {
    out += " " + std::to_string(e->operation) + " wave " + std::to_string(e->wave);
  }
  if (const auto* e = std::get_if<OperationSkipped>(&event.body))
    out += " " + std::to_string(e->operation) + " " + e->reason;
  return out;
}

// Whether nothing was found.
bool run(std::uint64_t seed, bool aloud) {
  World world(seed, seed % kThoroughEvery == 0);
  world.run();
  if (aloud) {
    for (const Event& event : world.platform().log) std::cerr << described(event) << "\n";
  }
  for (const std::string& complaint : world.complaints()) {
    ADD_FAILURE() << complaint << "\nrepeat it: PROV_SEED=" << seed << " unit_engine --gtest_filter='Model.*'";
    break;  // what follows the first only follows from it
  }
  return world.complaints().empty();
}

TEST(Model, RandomGraphsDoWhatTheModelSays) {
  if (const std::uint64_t seed = number_from("PROV_SEED", 0); seed != 0) {
    EXPECT_TRUE(run(seed, true));
    return;
  }
  const std::uint64_t graphs = number_from("PROV_GRAPHS", kGraphs);
  std::uint64_t bad = 0;
  for (std::uint64_t seed = 1; seed <= graphs && bad < 3; ++seed) bad += run(seed, false) ? 0 : 1;
  EXPECT_EQ(bad, 0U);
}

}  // namespace
}  // namespace prov::domain::model
