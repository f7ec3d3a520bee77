#pragma once
// `server ssh`: a command or a shell on a host, through its agent.
#include <string>
#include <vector>

#include "coordinator/cli/context.h"

namespace prov::cli {

// Runs argv there, shows its output as it appears, and returns its own exit code. Ctrl-C cancels it.
Result<Exit> remote_command(Context& context, const std::string& workspace, const std::string& host,
                            const std::vector<std::string>& argv, std::uint64_t timeout_s);

// A shell with a terminal. Ends with the shell's exit code, or when the operator types Enter ~ . Needs a terminal.
Result<Exit> interactive_shell(Context& context, const std::string& workspace, const std::string& host);

// The status that a shell would show for it: 128 + N for signal N, at most 255.
Exit exit_of_command(std::int64_t exit_code);

}  // namespace prov::cli
