#include "coordinator/cli/views/exit_codes.h"

namespace prov::cli {

std::span<const ExitCode> exit_codes() {
  static constexpr ExitCode kCodes[] = {
      {Exit::ok, "done, or nothing had to change"},
      {Exit::failed, "failed: the message says what and why"},
      {Exit::usage, "the command line or a file of the workspace is wrong: change it"},
      {Exit::damaged, "stored data is damaged, or a verification failed"},
      {Exit::not_found, "what was named does not exist"},
      {Exit::conflict, "the present state does not allow it"},
      {Exit::denied, "you may not, or nobody knows who you are"},
      {Exit::unavailable, "the coordinator cannot be reached, or is full: try again later"},
      {Exit::partly_failed, "partly failed: some steps are done, others are not"},
      {Exit::in_doubt, "in doubt: of some step nobody knows whether it was done"},
      {Exit::still_running, "--timeout passed; the workflow goes on"},
      {Exit::differs, "what is there differs from what it should be"},
      {Exit::interrupted, "interrupted by Ctrl-C; the workflow goes on"},
  };
  return kCodes;
}

Exit exit_of(Code code) {
  switch (code) {
    case Code::invalid: return Exit::usage;
    case Code::not_found: return Exit::not_found;
    case Code::conflict: return Exit::conflict;
    case Code::denied:
    case Code::unauthenticated: return Exit::denied;
    case Code::unavailable:
    case Code::exhausted: return Exit::unavailable;
    case Code::corrupt: return Exit::damaged;
    case Code::io:
    case Code::unsupported:
    case Code::internal: return Exit::failed;
  }
  return Exit::failed;
}

}  // namespace prov::cli
