#pragma once
// `provisioning-coordinator serve`: the platform, put together and run until it is asked to stop.
#include <string>
#include <vector>

namespace prov::coordinator {

int serve(const std::vector<std::string>& arguments, const std::string& program_dir);

}  // namespace prov::coordinator
