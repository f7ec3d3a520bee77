#pragma once
// A step's output as it appears, resumed by its offset when the connection breaks.
#include <functional>
#include <string>
#include <string_view>

#include "coordinator/cli/context.h"

namespace prov::cli {

struct OutputEnd {
  bool interrupted = false;  // Ctrl-C; the rest does not hold
  std::string outcome;       // "done", "timed out", ...
  std::int64_t exit_code = 0;
};

// Gives every byte to `show` until the step ends. `waiting` is called once when nothing came for a while at the start.
Result<OutputEnd> follow_output(Context& context, Client& client, const std::string& task,
                                const std::function<void(std::string_view)>& show,
                                const std::function<void()>& waiting);

}  // namespace prov::cli
