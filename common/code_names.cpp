#include "common/code_names.h"

#include <algorithm>
#include <iterator>

namespace prov {
namespace {

struct Row {
  Code code;
  std::string_view name;
  int status;
};
// In the order in which a status is looked up: 500 stands for `internal`, its first row.
constexpr Row kRows[] = {
    {Code::invalid, "invalid", 400},         {Code::unauthenticated, "unauthenticated", 401},
    {Code::denied, "denied", 403},           {Code::not_found, "not_found", 404},
    {Code::conflict, "conflict", 409},       {Code::exhausted, "exhausted", 507},
    {Code::unavailable, "unavailable", 503}, {Code::internal, "internal", 500},
    {Code::corrupt, "corrupt", 500},         {Code::io, "io", 500},
    {Code::unsupported, "unsupported", 500},
};
constexpr int kTooLarge = 413;  // a body that is refused before anybody knows what it is

const Row& row_of(Code code) {
  const auto* const row =
      std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& r) { return r.code == code; });
  PROV_ASSERT(row != std::end(kRows));
  return *row;
}

}  // namespace

std::string_view name_of(Code code) { return row_of(code).name; }
int http_status(Code code) { return row_of(code).status; }

std::optional<Code> code_named(std::string_view name) {
  for (const Row& row : kRows) {
    if (row.name == name) return row.code;
  }
  return std::nullopt;
}

Code code_of_http_status(int status) {
  if (status == kTooLarge) return Code::exhausted;
  for (const Row& row : kRows) {
    if (row.status == status) return row.code;
  }
  return Code::internal;
}

}  // namespace prov
