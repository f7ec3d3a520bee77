#pragma once
// What is made from the table of keys, so that it cannot say anything else: the shipped file of defaults, the JSON
// Schema of a settings file, the reference page. tests/unit/config compares the files in the tree with these; its
// program config_documents writes them. Pure.
#include <string>

#include "coordinator/config/load.h"

namespace prov::config {

std::string defaults_document();          // config/config.defaults.toml
std::string schema_document();            // schema/json/config.schema.json
std::string workspace_schema_document();  // schema/json/workspace.schema.json: the same, and it has a name
std::string reference_document();         // docs/reference/config.md

// What holds of the coordinator's own sections (orchestrator, link, log, limits), as a TOML file without comments.
std::string coordinator_document(const Config& config);
bool is_for_coordinator(std::string_view key);

}  // namespace prov::config
