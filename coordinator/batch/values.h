#pragma once
// The values that keys of a batch file may have, each with its form and its limits.
#include <string>
#include <vector>

#include "coordinator/batch/batch.h"

namespace prov::batch {

OnFailure read_on_failure(Reading& reading, const Node& node);
Retry read_retry(Reading& reading, const Node& node);  // a number, or a mapping
RollingUpdate read_rolling(Reading& reading, const Node& node);

// "5" or "10%". `low`: the smallest count; a percentage begins at 1.
std::string read_size(Reading& reading, const Node& node, const std::string& what, std::int64_t low);

// Seconds, also with a fraction, in milliseconds.
std::uint32_t read_milliseconds(Reading& reading, const Node& node, const std::string& what, std::int64_t most_s);

std::vector<std::string> read_outputs(Reading& reading, const Node& node);
std::vector<std::string> read_argv(Reading& reading, const Node& node, const std::string& key, bool with_program);
Pairs read_environment(Reading& reading, const Node& node);

}  // namespace prov::batch
