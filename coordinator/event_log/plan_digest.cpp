#include "coordinator/event_log/plan_digest.h"

#include <algorithm>

#include "common/hash.h"
#include "coordinator/event_log/event_codec.h"

namespace prov::event_log {
namespace {

domain::EventBody without_now(const domain::EventBody& body, TimeMs decided_ms) {
  const auto* token = std::get_if<domain::JoinTokenCreated>(&body);
  if (token == nullptr) return body;
  domain::JoinTokenCreated relative = *token;
  relative.expires_ms -= std::min(decided_ms, relative.expires_ms);
  return relative;
}

}  // namespace

Digest plan_digest(const std::string& workspace, const std::vector<domain::EventBody>& events, TimeMs decided_ms) {
  Hasher hasher;
  EventEncoder encoder;
  std::string bytes;
  for (const auto& body : events) {
    if (std::holds_alternative<domain::WorkspaceRegistered>(body)) continue;
    domain::Event event;
    event.meta.workspace = workspace;
    event.body = without_now(body, decided_ms);
    bytes.clear();
    encoder.append_to(bytes, event);
    hasher.add(bytes);
  }
  return hasher.value();
}

}  // namespace prov::event_log
