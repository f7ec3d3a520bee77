#include "common/wire/join_token.h"

#include <arpa/inet.h>
#include <sodium.h>

#include <algorithm>
#include <charconv>
#include <map>

namespace prov::wire {
namespace {

constexpr std::string_view kPrefix = "PJT1.";
constexpr std::size_t kMaxText = 4096;
constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
constexpr const char* kHint = "take the whole line that `provisioning agent token` or the provider printed";

using Fields = std::map<std::string, std::string, std::less<>>;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

Result<std::string> from_base64(std::string_view text) {
  std::string out(text.size(), '\0');
  std::size_t size = 0;
  auto* to = reinterpret_cast<unsigned char*>(out.data());
  if (sodium_base642bin(to, out.size(), text.data(), text.size(), nullptr, &size, nullptr, kVariant) != 0) {
    return fail(Code::invalid, "the join token is damaged", kHint);
  }
  out.resize(size);
  return out;
}

Result<Fields> parse_fields(std::string_view text) {
  Fields fields;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    const auto equals = line.find('=');
    if (end == std::string_view::npos || equals == std::string_view::npos ||
        !fields.emplace(line.substr(0, equals), line.substr(equals + 1)).second) {
      return fail(Code::invalid, "the join token is damaged", kHint);
    }
    text.remove_prefix(end + 1);
  }
  return fields;
}

}  // namespace

bool numeric_endpoint(std::string_view text) {
  constexpr std::string_view kScheme = "tcp://";
  const auto colon = text.rfind(':');
  if (!text.starts_with(kScheme) || colon == std::string_view::npos || colon < kScheme.size()) return false;
  std::string address(text.substr(kScheme.size(), colon - kScheme.size()));
  if (address.find('\0') != std::string::npos) return false;  // the C functions below would read up to there
  unsigned port = 0;
  const auto* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + colon + 1, end, port);
  if (parsed.ec != std::errc{} || parsed.ptr != end || port == 0 || port > 65535) return false;
  in6_addr raw{};
  if (address.size() > 2 && address.front() == '[' && address.back() == ']') {
    return inet_pton(AF_INET6, address.substr(1, address.size() - 2).c_str(), &raw) == 1;
  }
  return inet_pton(AF_INET, address.c_str(), &raw) == 1;
}

bool add_endpoint(std::vector<std::string>& endpoints, std::string_view text) {
  if (endpoints.size() >= kMaxEndpoints || text.size() > kMaxEndpointBytes || !numeric_endpoint(text)) return false;
  if (std::find(endpoints.begin(), endpoints.end(), text) != endpoints.end()) return false;
  endpoints.emplace_back(text);
  return true;
}

std::string encode_join_token(const JoinToken& token) {
  const std::string fields = "key=" + to_text(token.server_key) + "\nid=" + to_text(token.id) +
                             "\nsecret=" + to_hex(token.secret) + "\nenrol=" + token.enrol_endpoint + "\n";
  std::string text(sodium_base64_encoded_len(fields.size(), kVariant), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(fields.data()), fields.size(),
                    kVariant);
  text.pop_back();  // the terminating NUL
  return std::string(kPrefix) + text;
}

Result<JoinToken> decode_join_token(std::string_view text) {
  text = trimmed(text);
  if (!text.starts_with(kPrefix)) {
    return fail(Code::invalid, "this is not a join token: it does not begin with " + std::string(kPrefix), kHint);
  }
  if (text.size() > kMaxText) return fail(Code::invalid, "the join token is too long", kHint);
  auto raw = from_base64(text.substr(kPrefix.size()));
  if (!raw) return tl::unexpected(raw.error());
  auto fields = parse_fields(*raw);
  if (!fields) return tl::unexpected(fields.error());

  const auto key = parse_hex<Key>((*fields)["key"]);
  const auto id = parse_id((*fields)["id"]);
  auto secret = from_hex((*fields)["secret"]);
  if (!key || !id || !secret || secret->size() != kJoinSecretBytes) {
    return fail(Code::invalid, "the join token lacks its key, id or secret", kHint);
  }
  if (!numeric_endpoint((*fields)["enrol"])) {
    return fail(Code::invalid, "the join token's endpoint is not tcp://ADDRESS:PORT with a numeric address", kHint);
  }
  return JoinToken{*key, *id, std::move(*secret), (*fields)["enrol"]};
}

}  // namespace prov::wire
