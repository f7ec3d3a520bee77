#pragma once
// `provisioning-agent service VERB NAME ...`: the service runner's command line.
#include <string>
#include <vector>

namespace prov::agent {

int service_command(const std::vector<std::string>& arguments);  // behind "service"; returns the exit code

}  // namespace prov::agent
