#include "coordinator/cli/verbs/given.h"

#include <map>

namespace prov::cli {

Result<workspace::Pairs> given_params(const Context& context) {
  std::map<std::string, std::string> out;
  for (const auto& text : context.call.values("param")) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return fail(Code::invalid, "--param \"" + text + "\" is not NAME=VALUE", "--param version=1.4");
    }
    out[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return workspace::Pairs(out.begin(), out.end());
}

}  // namespace prov::cli
