#pragma once
// The join token as an operator or a provider hands it to a new host: one line of text that carries where to enrol,
// the coordinator's public key (so that the host cannot be fooled) and a one-time secret.
//
//   "PJT1." base64url-nopad( "key=<hex>\nid=<uuid>\nsecret=<hex>\nenrol=<tcp://ADDRESS:PORT>\n"... )
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/result.h"

namespace prov::wire {

inline constexpr std::size_t kJoinSecretBytes = 32;

struct JoinToken {
  Key server_key;  // CURVE public key of the coordinator
  Id id;
  std::string secret;          // kJoinSecretBytes
  std::string enrol_endpoint;  // tcp://ADDRESS:PORT
};

std::string encode_join_token(const JoinToken& token);
Result<JoinToken> decode_join_token(std::string_view text);  // surrounding white space is fine

// tcp://ADDRESS:PORT with a numeric address: a host that enrols may have no resolver, and a name can be redirected.
bool numeric_endpoint(std::string_view text);

// Where a coordinator can be reached, as it says itself and an agent remembers: so many, each so long at most.
inline constexpr std::size_t kMaxEndpoints = 8, kMaxEndpointBytes = 64;

// Adds a numeric endpoint to the list. False, and nothing is added: it is none, too long, there already, or the list is
// full. What a coordinator says passes through here, so a hostile one can do no more by it than it could before: make
// its agents knock, with growing pauses, at some addresses, where nobody without its secret key is believed.
bool add_endpoint(std::vector<std::string>& endpoints, std::string_view text);

}  // namespace prov::wire
