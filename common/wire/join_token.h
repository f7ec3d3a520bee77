#pragma once
// The join token as an operator or a provider hands it to a new host: one line of text that carries where to enrol,
// the coordinator's public key (so that the host cannot be fooled) and a one-time secret.
//
//   "PJT1." base64url-nopad( "key=<hex>\nid=<uuid>\nsecret=<hex>\nenrol=<tcp://ADDRESS:PORT>\n"... )
#include <string>
#include <string_view>

#include "common/ids.h"
#include "common/result.h"

namespace prov::wire {

struct JoinToken {
  Key server_key;  // CURVE public key of the coordinator
  Id id;
  std::string secret;          // 32 bytes
  std::string enrol_endpoint;  // tcp://ADDRESS:PORT
};

std::string encode_join_token(const JoinToken& token);
Result<JoinToken> decode_join_token(std::string_view text);  // surrounding white space is fine

// tcp://ADDRESS:PORT with a numeric address: a host that enrols may have no resolver, and a name can be redirected.
bool numeric_endpoint(std::string_view text);

}  // namespace prov::wire
