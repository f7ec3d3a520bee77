#pragma once
// What a command does and leaves alone, in lines for people: made from the events that it would log (Core::check) and
// the state before them. "Why" is said for each line.
#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "coordinator/domain/commands.h"
#include "coordinator/domain/state.h"

namespace prov::projection {

inline constexpr std::size_t kMaxPlanLines = 1000;

struct PlanLine {
  std::string action;  // create, delete, await, install, uninstall, check, run, noop; empty: unchanged
  std::string name;    // host or task service
  std::string server;
  std::string reason;
};

struct Plan {
  std::vector<PlanLine> lines, unchanged;
  std::size_t total = 0;  // lines there are; `lines` holds at most kMaxPlanLines
};

// `before` is the state that the command meets, `events` are what it would log.
Plan plan_of(const domain::State& before, const domain::Command& command, const std::vector<domain::EventBody>& events);

// Of a workflow that is there already; every line has the same reason.
Plan plan_of(const domain::Workflow& workflow, const std::string& reason);

// {workflow, unchanged, plan, plan_total}; a zero id is null.
nlohmann::json plan_json(const Plan& plan, const Id& workflow);

}  // namespace prov::projection
