#pragma once
// The bearer tokens of localhost TCP. They stand in a 0600 file, one a line, so that its owner's programs can read
// them; the coordinator keeps their digests alone. A second line is a second token: that is how one is rotated.
#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/ports/random.h"
#include "common/result.h"
#include "coordinator/domain/events.h"

namespace prov::auth {

inline constexpr std::size_t kMaxTokens = 16;
inline constexpr std::size_t kMinTokenBytes = 32;  // shorter ones in the file are refused: they could be guessed
inline constexpr std::size_t kMaxTokenBytes = 256;

class TokenStore {
 public:
  // Reads the file, or makes it with one fresh token. Code::denied when others could read it, when it is a link or
  // belongs to somebody else; Code::invalid when a line is no token.
  static Result<TokenStore> open(const std::string& path, Random& random);

  // Who holds this token: the owner of the file. Takes the same time whatever is wrong with it. Any thread.
  std::optional<domain::Principal> identify(std::string_view token) const;

 private:
  struct Known {
    Digest digest;
    std::string id;  // of the digest; names the token where it must not be shown
  };
  std::vector<Known> known_;
  uid_t owner_ = 0;
};

}  // namespace prov::auth
