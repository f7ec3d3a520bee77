#pragma once
// Semantic versions (semver.org, 2.0.0) as values with a total order.
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace prov::resolution {

inline constexpr std::size_t kMaxVersionText = 128;

struct Version {
  std::uint32_t major = 0, minor = 0, patch = 0;
  std::vector<std::string> pre;  // of 1.0.0-rc.1: rc, 1. Without any it is a release
  std::string build;             // behind "+": kept for people, of no weight in any comparison

  bool is_release() const { return pre.empty(); }
};

// By the standard: a pre-release comes before its release, identifiers compare one by one, numbers before words.
std::strong_ordering operator<=>(const Version& a, const Version& b);
bool operator==(const Version& a, const Version& b);

// All of `text`. Code::invalid says what is wrong: three numbers of at most nine digits without leading zeros, then
// perhaps "-" and "+" with identifiers between dots.
Result<Version> parse_version(std::string_view text);
std::string to_text(const Version& version);

}  // namespace prov::resolution
