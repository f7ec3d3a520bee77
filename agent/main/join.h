#pragma once
// Enrolment: with a one-time join token, and anew when another token is there.
#include <cstdint>
#include <string>

#include "agent/main/identity.h"
#include "common/ports/random.h"
#include "common/result.h"

namespace prov::agent {

struct Member {
  AgentKeys keys;
  Enrolment enrolment;
};

// What an agent that is enrolled already does with a token that cannot be used now.
enum class Anew : std::uint8_t {
  when_possible,  // says so, and goes on as who it is
  required,       // fails
};

// Who the agent of this state directory is. Without an enrolment it enrols with the token, trying until the coordinator
// answers. With one, a token that it was not made with means to enrol anew: with keys of its own, and a journal of its
// own; the former journal is kept beside it. Only a coordinator that accepts the token ends the present enrolment.
// Repeatable after a crash anywhere: keys are on disk before they are shown, the enrolment is written once, and what
// follows from it (journal, keys) is caught up with at the next start; the token file goes last.
Result<Member> join(const std::string& state_dir, const std::string& token_file, Anew anew, Random& random);

}  // namespace prov::agent
