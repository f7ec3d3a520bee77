#pragma once
// Whether hosts are what task services need, before anything is submitted.
#include <string>
#include <vector>

#include "coordinator/batch/resolve.h"
#include "coordinator/cli/context.h"

namespace prov::cli {

// Code::conflict names every host that lacks something that an install on it needs (supported os and arch, cpus,
// memory, disk, interpreters). A host of which nothing is known yet is a note; so is an interpreter that a task service
// before it, which is not there yet, may bring. Asks the coordinator only when a manifest says any of these.
Result<void> check_host_fit(Context& context, const std::string& workspace,
                            const std::vector<workspace::ResolvedTaskserv>& installs);

// The same for what a batch installs. Of an entry for hosts that the coordinator chooses, nobody knows them here.
Result<void> check_host_fit(Context& context, const std::string& workspace, const batch::ResolvedBatch& batch);

}  // namespace prov::cli
