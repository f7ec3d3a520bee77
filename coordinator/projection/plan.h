#pragma once
// What a command does and leaves alone, in lines for people: made from the events that it would log (Core::check) and
// the state before them. "Why" is said for each line.
#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "coordinator/domain/commands.h"
#include "coordinator/domain/state.h"
#include "coordinator/projection/plan_estimate.h"

namespace prov::projection {

inline constexpr std::size_t kMaxPlanLines = 1000;

struct PlanLine {
  std::string sign;    // + makes, ~ changes, - removes, -/+ makes anew what it removes first, > does; empty: unchanged
  std::string action;  // create, delete, await, install, uninstall, check, rehearse, run, wait, approve, noop
  std::string name;    // host, task service or program
  std::string server;
  std::string reason;
  std::string operation = {};  // of a batch: its id
};

struct PlannedOperation {
  std::string id, kind, when, note;
  std::size_t tasks = 0;
};

struct Plan {
  std::vector<PlanLine> lines, unchanged;
  std::size_t total = 0;                     // lines there are; `lines` holds at most kMaxPlanLines
  std::vector<PlannedOperation> operations;  // of a batch, at most kMaxPlanLines
  std::vector<std::string> notes;
  std::size_t untouched = 0;  // hosts of the infra (or workspace) that get nothing to do
  Estimate estimate;
};

// `before` is the state that the command meets, `events` are what it would log.
Plan plan_of(const domain::State& before, const domain::Command& command, const std::vector<domain::EventBody>& events);

// Of a workflow that is there already; every line has the same reason.
Plan plan_of(const domain::Workflow& workflow, const std::string& reason);

// {workflow, unchanged, plan, plan_total, operations, notes, untouched, estimate}; a zero id is null.
std::string plan_text(const Plan& plan, const Id& workflow);
nlohmann::json plan_json(const Plan& plan, const Id& workflow);

}  // namespace prov::projection
