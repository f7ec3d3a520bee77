#pragma once
// The monitor's texts: pure functions of the model, so that they can be held against golden texts.
#include <string>
#include <vector>

#include "coordinator/cli/views/console.h"
#include "coordinator/cli/views/exit_codes.h"
#include "coordinator/cli/views/monitor_model.h"

namespace prov::cli {

// One line for one change: "  done       db-1: install postgres  12s".
std::string change_line(const MonitorModel& model, const StepChange& change, const Console& console);

// "3 of 9 done, 2 running, 1 failed": what a person wants to know between changes.
std::string counts_line(const StepCounts& counts);

// "web        [######----] 60/100, 2 failed  3.1/s  about 13s": an operation under way.
std::string operation_line(const MonitorModel& model, std::size_t operation, std::uint64_t now_ms);

// The live area: the counts, a line for each operation under way where there are several (or many steps), and the
// running steps; at most `rows` lines of at most `columns` characters.
std::vector<std::string> live_lines(const MonitorModel& model, std::uint64_t now_ms, std::uint64_t elapsed_ms, int rows,
                                    int columns);

// Whether a step's change is worth a line of its own: where there are many, only what went wrong is.
inline constexpr std::size_t kManySteps = 50;
bool worth_a_line(const MonitorModel& model, const StepChange& change);

// At the end: how it went, each failure with the line that says most (at most kMostFailures, then how many more), and
// why the rest was left out.
inline constexpr std::size_t kMostFailures = 20;
std::string summary_text(const std::string& workflow, const MonitorModel& model, const Console& console);

// What to type next; empty when all is well.
std::vector<std::string> next_commands(const std::string& workflow, const MonitorModel& model);

Exit exit_of_workflow(const std::string& outcome, const StepCounts& counts);

}  // namespace prov::cli
