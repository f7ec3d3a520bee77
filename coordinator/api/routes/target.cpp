#include "coordinator/api/routes/target.h"

#include <algorithm>
#include <charconv>

#include "coordinator/api/routes/words.h"

namespace prov::api {
namespace {

constexpr std::size_t kMaxQueryFields = 64;

tl::unexpected<Error> bad(std::string why) { return fail(Code::invalid, "the request's target " + std::move(why)); }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::string> decode(std::string_view text, bool plus_is_space) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return bad("has a \"%\" without two hex digits");
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    out.push_back(c);
  }
  if (out.find('\0') != std::string::npos) return bad("holds a NUL");
  return out;
}

Result<void> parse_path(std::string_view text, Target& out) {
  if (text.empty() || text.front() != '/') return bad("does not begin with \"/\"");
  text.remove_prefix(1);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('/'), text.size());
    auto segment = decode(text.substr(0, end), false);
    if (!segment) return tl::unexpected(segment.error());
    if (segment->empty() || !is_plain(*segment)) return bad("has an empty or unprintable part");
    out.path.push_back(std::move(*segment));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {};
}

Result<void> parse_query(std::string_view text, Target& out) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view field = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (field.empty()) continue;
    if (out.query.size() == kMaxQueryFields) return bad("has more than 64 query fields");
    const std::size_t equals = std::min(field.find('='), field.size());
    auto name = decode(field.substr(0, equals), true);
    auto value = decode(field.substr(std::min(equals + 1, field.size())), true);
    if (!name) return tl::unexpected(name.error());
    if (!value) return tl::unexpected(value.error());
    out.query.emplace_back(std::move(*name), std::move(*value));
  }
  return {};
}

}  // namespace

Result<Target> parse_target(std::string_view text) {
  if (text.size() > kMaxTargetBytes) return bad("is longer than 8 KiB");
  Target out;
  const std::size_t mark = std::min(text.find('?'), text.size());
  if (auto done = parse_path(text.substr(0, mark), out); !done) return tl::unexpected(done.error());
  if (auto done = parse_query(text.substr(std::min(mark + 1, text.size())), out); !done) {
    return tl::unexpected(done.error());
  }
  return out;
}

const std::string* QueryFields::find(std::string_view field) const {
  for (const auto& [name, value] : target_.query) {
    if (name == field) return &value;
  }
  return nullptr;
}

bool QueryFields::has(std::string_view field) const { return find(field) != nullptr; }

void QueryFields::refuse(std::string_view field, const std::string& why) {
  if (!error_) error_ = Error{Code::invalid, "\"" + std::string(field) + "\" of the query " + why, {}};
}

std::string QueryFields::text(std::string_view field, std::size_t max_bytes) {
  const std::string* value = find(field);
  if (value == nullptr) return {};
  if (value->size() > max_bytes) refuse(field, "is longer than " + std::to_string(max_bytes) + " bytes");
  if (!is_plain(*value)) refuse(field, "holds control characters");
  return error_ ? std::string() : *value;
}

std::string QueryFields::name(std::string_view field) {
  std::string value = text(field);
  if (!value.empty() && !is_name(value)) {
    refuse(field, "is \"" + value + "\"; a name has at most 64 of a-z, 0-9, \".\", \"_\", \"-\"");
  }
  return value;
}

std::string QueryFields::hostname(std::string_view field) {
  std::string value = text(field);
  if (!value.empty() && !is_hostname(value)) refuse(field, "is \"" + value + "\", which is no host name (RFC 1123)");
  return value;
}

std::uint64_t QueryFields::number(std::string_view field, std::uint64_t low, std::uint64_t high,
                                  std::uint64_t otherwise) {
  const std::string* value = find(field);
  if (value == nullptr) return otherwise;
  std::uint64_t out = 0;
  const char* end = value->data() + value->size();
  const auto [stop, problem] = std::from_chars(value->data(), end, out);
  if (problem != std::errc() || stop != end || out < low || out > high) {
    refuse(field, "must be a number from " + std::to_string(low) + " to " + std::to_string(high));
    return otherwise;
  }
  return out;
}

bool QueryFields::flag(std::string_view field) {
  const std::string* value = find(field);
  if (value == nullptr || *value == "false" || *value == "0") return false;
  if (!value->empty() && *value != "true" && *value != "1") refuse(field, "must be true or false");
  return true;
}

std::optional<Digest> QueryFields::digest(std::string_view field) {
  const auto* value = find(field);
  if (value == nullptr) return std::nullopt;
  auto out = parse_hex<Digest>(*value);
  if (!out) refuse(field, "is no digest (64 hex digits)");
  return out;
}

std::optional<Id> QueryFields::id(std::string_view field) {
  const std::string* value = find(field);
  if (value == nullptr) return std::nullopt;
  auto out = parse_id(*value);
  if (!out) refuse(field, "is not an id (8-4-4-4-12 hex digits)");
  return out;
}

std::vector<std::string> QueryFields::all(std::string_view field) const {
  std::vector<std::string> out;
  for (const auto& [name, value] : target_.query) {
    if (name == field) out.push_back(value);
  }
  return out;
}

}  // namespace prov::api
