#pragma once
// The request line's target, taken apart strictly: path segments and query, percent-decoded once.
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/ids.h"
#include "common/result.h"

namespace prov::api {

struct Target {
  std::vector<std::string> path;                           // "/a/b" -> {"a", "b"}
  std::vector<std::pair<std::string, std::string>> query;  // in the order given
};

inline constexpr std::size_t kMaxTargetBytes = 8192;

// Code::invalid for bad percent signs, NUL and control characters, "//", more than 64 query fields.
Result<Target> parse_target(std::string_view text);

// Reads a query's fields and keeps the first error, so that a handler asks once, at the end.
class QueryFields {
 public:
  explicit QueryFields(const Target& target) : target_(target) {}

  bool has(std::string_view field) const;
  std::string text(std::string_view field, std::size_t max_bytes = 1024);
  std::string name(std::string_view field);      // is_name, or empty
  std::string hostname(std::string_view field);  // is_hostname, or empty
  std::uint64_t number(std::string_view field, std::uint64_t low, std::uint64_t high, std::uint64_t otherwise);
  bool flag(std::string_view field);  // "true", "1" or without a value; false when absent
  std::optional<Id> id(std::string_view field);
  std::optional<Digest> digest(std::string_view field);
  std::vector<std::string> all(std::string_view field) const;

  const std::optional<Error>& error() const { return error_; }
  void refuse(std::string_view field, const std::string& why);

 private:
  const std::string* find(std::string_view field) const;
  const Target& target_;
  std::optional<Error> error_;
};

}  // namespace prov::api
