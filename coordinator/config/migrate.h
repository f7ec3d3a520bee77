#pragma once
// A workspace's file (config/provisioning.yaml) of an earlier format, brought to today's. Pure.
//
//   format 0   as the original platform wrote it: without a format, with sections that are derived today (paths, core,
//              cache, ...) and with other names for some settings
//   format 1   today's: workspace.format says so, or nothing does and the file reads as it should
//
// Lines that mean nothing any more become comments, so that nothing that somebody wrote is lost; values that have a
// place today are written there. Everything else stays as it stands.
#include <string>
#include <vector>

#include "common/result.h"

namespace prov::config {

struct Migration {
  std::int64_t from = 0, to = 0;
  std::string text;                // what the file should be
  std::vector<std::string> steps;  // for people: "debug.log_level is orchestrator.log_level now"; empty: nothing to do
};

// invalid: it is no file of any format: what is wrong with it, or what would be left when it is migrated.
Result<Migration> migrate_workspace_file(const std::string& text, const std::string& file);

}  // namespace prov::config
