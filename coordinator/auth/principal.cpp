#include "coordinator/auth/principal.h"

#include <strings.h>

#include <string>

namespace prov::auth {

domain::Principal peer_principal(uid_t uid) {
  return {"uid:" + std::to_string(uid), "peer", domain::Transport::unix_socket};
}

std::optional<std::string_view> bearer_token(std::string_view authorization) {
  constexpr std::string_view kScheme = "Bearer ";
  if (authorization.size() <= kScheme.size()) return std::nullopt;
  if (strncasecmp(authorization.data(), kScheme.data(), kScheme.size()) != 0) return std::nullopt;
  authorization.remove_prefix(kScheme.size());
  const auto first = authorization.find_first_not_of(' ');
  if (first == std::string_view::npos) return std::nullopt;
  return authorization.substr(first);
}

}  // namespace prov::auth
