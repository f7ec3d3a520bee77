#pragma once
// The monitor's texts: pure functions of the model, so that they can be held against golden texts.
#include <string>
#include <vector>

#include "coordinator/cli/console.h"
#include "coordinator/cli/exit_codes.h"
#include "coordinator/cli/monitor_model.h"

namespace prov::cli {

// One line for one change: "  done       db-1: install postgres  12s".
std::string change_line(const MonitorModel& model, const StepChange& change, const Console& console);

// "3 of 9 done, 2 running, 1 failed": what a person wants to know between changes.
std::string counts_line(const StepCounts& counts);

// The live area: the counts and the running steps, at most `rows` lines of at most `columns` characters.
std::vector<std::string> live_lines(const MonitorModel& model, std::uint64_t now_ms, std::uint64_t elapsed_ms, int rows,
                                    int columns);

// At the end: how it went, every step that did not succeed, and why.
std::string summary_text(const std::string& workflow, const MonitorModel& model, const Console& console);

// What to type next; empty when all is well.
std::vector<std::string> next_commands(const std::string& workflow, const MonitorModel& model);

Exit exit_of_workflow(const std::string& outcome, const StepCounts& counts);

}  // namespace prov::cli
