#pragma once
// Parts that the verbs of `config` share.
#include <string>

#include "coordinator/cli/context.h"
#include "coordinator/config/load.h"

namespace prov::cli {

Error not_found_setting(const std::string& key);  // with the nearest one there is

// What holds, after a workspace that was asked for by name has been found, and with its warnings told.
Result<const config::Config*> settings_in_question(Context& context);

}  // namespace prov::cli
