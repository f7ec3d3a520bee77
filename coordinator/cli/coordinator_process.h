#pragma once
// The coordinator on this machine: where its program is, whether it runs, and the end of its log.
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/cli/context.h"

namespace prov::cli {

inline constexpr const char* kCoordinatorProgram = "provisioning-coordinator";

// What cli.coordinator names, or the program beside this one.
Result<std::string> coordinator_program(Context& context);

// The process that the pid file names, if it still is that one and a coordinator.
std::optional<ProcessId> running_coordinator(Context& context);
Result<void> remember_started(const Context& context, const ProcessId& process);

// GET /status, without patience. unavailable: it does not answer.
Result<nlohmann::json> probe_status(Context& context);

std::vector<std::string> last_lines(const std::string& file, std::size_t count);

// The platform's only service so far is the orchestrator; anything else named is not_found.
Result<void> check_service(const Context& context);

}  // namespace prov::cli
