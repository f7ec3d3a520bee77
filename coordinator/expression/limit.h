#pragma once
// "10" or "10%": how many of the hosts that are meant, and how large the waves of a rolling change are.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace prov::expression {

struct Limit {
  std::uint32_t amount = 100;
  bool percent = true;

  static constexpr std::uint32_t kMaxCount = 1'000'000;

  // A whole number from 1 to kMaxCount, or a percentage from 1% to 100%.
  static Result<Limit> parse(std::string_view text);

  // At most `count`, and at least 1 of any; a percentage rounds up.
  std::size_t of(std::size_t count) const;
  std::string text() const;
  bool operator==(const Limit&) const = default;
};

// So many of `names` as the limit says, in the order in which they stand there. The same seed chooses the same of the
// same names, in whatever order: each name has a rank, BLAKE2b-256 over the digest of the seed and the name, and the
// lowest ranks are taken. A rank does not depend on the other names, so a host that joins or leaves displaces one host
// at most. REQUIRES: each name once.
std::vector<std::string> select(const Limit& limit, std::string_view seed, std::vector<std::string> names);

}  // namespace prov::expression
