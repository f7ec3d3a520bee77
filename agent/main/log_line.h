#pragma once
// Lines for people on standard error: "2026-01-31T23:59:59.123Z warning text". Text from elsewhere is made printable.
#include <string_view>

#include "agent/core/agent.h"

namespace prov::agent {

void log_line(Severity severity, std::string_view text);
int report_error(const Error& error);  // what happened, and what to do; returns the exit code

}  // namespace prov::agent
