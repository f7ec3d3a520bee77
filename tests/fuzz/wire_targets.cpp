// The agents' link: what a stranger, an agent, or a false coordinator may send.
#include "common/wire/agent_wire.h"
#include "common/wire/join_token.h"
#include "tests/fuzz/targets.h"

namespace prov::fuzz {
namespace {

template <class Decode>
void round_trip(std::string_view bytes, Decode decode) {
  const auto first = decode(bytes);
  if (!first) return expect(!first.error().message.empty(), "a refusal says why");
  const auto second = decode(wire::encode(*first));
  expect(second && *second == *first, "what was decoded is encoded to what decodes to the same");
}

}  // namespace

void from_agent(std::string_view bytes) { round_trip(bytes, wire::decode_from_agent); }
void to_agent(std::string_view bytes) { round_trip(bytes, wire::decode_to_agent); }
void order(std::string_view bytes) { round_trip(bytes, wire::decode_order); }

void enrolment(std::string_view bytes) {
  round_trip(bytes, wire::decode_enrol_request);
  round_trip(bytes, wire::decode_enrol_answer);
}

void join_token(std::string_view bytes) {
  const auto first = wire::decode_join_token(bytes);
  if (!first) return;
  const auto second = wire::decode_join_token(wire::encode_join_token(*first));
  expect(second && wire::encode_join_token(*second) == wire::encode_join_token(*first), "a token is itself again");
}

void bundle(std::string_view bytes) {
  const auto files = wire::decode_bundle(bytes);
  if (!files) return;
  for (const wire::File& file : *files) {
    expect(!file.path.empty() && file.path.front() != '/' && file.path.find('\0') == std::string::npos, "relative");
    expect(file.path != ".." && file.path.rfind("../", 0) != 0 && file.path.find("/../") == std::string::npos,
           "inside");
  }
  const auto again = wire::decode_bundle(wire::encode_bundle(*files));
  expect(again && again->size() == files->size(), "a bundle is itself again");
}

}  // namespace prov::fuzz
