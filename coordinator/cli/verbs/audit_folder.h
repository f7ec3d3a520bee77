#pragma once
// A log that is read from its folder (a copy, a backup, a stopped platform's own): the coordinator's program reads it,
// and what it finds is shown here in the same forms as what a running platform answers.
#include <optional>
#include <string>

#include "common/json/json.h"
#include "coordinator/cli/context.h"

namespace prov::cli {

struct FolderAnswer {
  nlohmann::json document;     // discarded: there is none
  std::optional<Error> error;  // also beside a document, which holds what could be read before the damage
};

// Whose events are asked for by --workspace: a name (of one that need not be known here); empty: all.
std::string audited_workspace(Context& context);

// Runs "provisioning-coordinator audit VERB" on `folder` with the filters of the command line, and `more`. Its notes
// are said.
Result<FolderAnswer> read_folder(Context& context, const std::string& folder, const std::string& verb,
                                 const std::vector<std::string>& more = {});

// Becomes that program: for what is streamed. Returns only when it cannot.
Error become_reader(Context& context, const std::string& folder, const std::string& verb);

}  // namespace prov::cli
