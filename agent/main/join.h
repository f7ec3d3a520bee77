#pragma once
// Enrolment: once in an agent's life, with a one-time join token.
#include <string>

#include "agent/main/identity.h"
#include "common/ports/random.h"
#include "common/result.h"

namespace prov::agent {

// The enrolment of this state directory; enrols with the token when there is none yet, trying until the coordinator
// answers. Repeatable after a crash anywhere: the keys are on disk before, the token file goes last.
Result<Enrolment> join(const std::string& state_dir, const std::string& token_file, const AgentKeys& keys,
                       Random& random);

}  // namespace prov::agent
