#pragma once
// Who asks, as the transport knows it; never as a message says it. Every request of the HTTP interface gets its
// principal here, before its body is read.
#include <sys/types.h>

#include <optional>
#include <string_view>

#include "coordinator/domain/events.h"

namespace prov::auth {

// The caller on a Unix socket: who the kernel says it is.
domain::Principal peer_principal(uid_t uid);

// The token of an `Authorization: Bearer TOKEN` header; nullopt when it is of another form.
std::optional<std::string_view> bearer_token(std::string_view authorization);

}  // namespace prov::auth
