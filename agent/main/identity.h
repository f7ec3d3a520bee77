#pragma once
// Who this agent is, on disk. Both files are 0600 and written durably.
//
//   <state>/keys        its secret keys (link and seal), made once, before it is known to anybody
//   <state>/enrolment   who its coordinator is; that it exists says that the agent is enrolled
#include <optional>
#include <string>

#include "agent/executor/seal.h"
#include "common/io/zmq/curve_keys.h"
#include "common/result.h"

namespace prov::agent {

struct AgentKeys {
  io::KeyPair link;
  SealKeys seal;
};

struct Enrolment {
  Key server_key;  // pinned
  std::string endpoint, workspace, server;
  Id log_id;
};

Result<AgentKeys> load_or_make_keys(const std::string& state_dir);
Result<std::optional<Enrolment>> load_enrolment(const std::string& state_dir);
Result<void> save_enrolment(const std::string& state_dir, const Enrolment& enrolment);

}  // namespace prov::agent
