#include "agent/main/log_line.h"

#include <unistd.h>

#include <string>

#include "common/io/posix/posix_world.h"
#include "common/time.h"

namespace prov::agent {
namespace {

void print(std::string line) {
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = ' ';  // no control sequence reaches a terminal
  }
  line += '\n';
  [[maybe_unused]] const ssize_t n = write(STDERR_FILENO, line.data(), line.size());
}

int exit_code_of(Code code) {
  switch (code) {
    case Code::invalid: return 2;
    case Code::not_found: return 4;
    case Code::denied:
    case Code::unauthenticated: return 5;
    case Code::unavailable: return 6;
    default: return 1;
  }
}

}  // namespace

void log_line(Severity severity, std::string_view text) {
  const char* word = severity == Severity::error ? "error" : severity == Severity::warning ? "warning" : "info";
  print(to_iso8601(io::SystemClock().wall_ms()) + " " + word + " " + std::string(text));
}

int report_error(const Error& error) {
  print("provisioning-agent: " + error.message);
  if (!error.hint.empty()) print("  " + error.hint);
  return exit_code_of(error.code);
}

}  // namespace prov::agent
