#pragma once
// Everything outside that a command can touch, brought in by main (or by a test).
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/io/http_client/socket_stream.h"
#include "coordinator/cli/processes.h"
#include "coordinator/cli/transport.h"

namespace prov::cli {

struct World {
  std::function<std::string(const std::string&)> env;   // empty: not set
  std::function<std::vector<std::string>()> env_names;  // of all that is set
  std::string cwd;
  std::string program_folder;

  std::function<void(std::string_view)> out, err;
  bool in_is_terminal = false, out_is_terminal = false, err_is_terminal = false;
  std::function<std::pair<int, int>()> terminal_size;     // rows, columns of standard error
  std::function<std::optional<std::string>()> read_line;  // of standard input; nullopt at its end

  std::function<std::uint64_t()> now_ms;     // wall clock
  std::function<std::uint64_t()> steady_ms;  // for durations
  std::function<void(int)> sleep_ms;
  std::function<Id()> new_id;
  std::function<void()> catch_interrupt;  // from now on Ctrl-C is told by interrupted() instead of ending us
  std::function<bool()> interrupted;
  std::function<std::unique_ptr<Transport>(io::Endpoint)> connect;
  Processes* processes = nullptr;  // outlives the run
};

// The whole program: `words` is argv without the program's name. Returns the exit status.
int run(const std::vector<std::string>& words, World& world);

}  // namespace prov::cli
