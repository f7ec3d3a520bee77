#include "coordinator/domain/authorize.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace prov::domain {
namespace {

enum class Realm { operators, agents, inside };

struct RealmOf {
  template <class T>
  Realm operator()(const T&) const {
    return Realm::operators;
  }
  Realm operator()(const EnrolAgent&) const { return Realm::agents; }
  Realm operator()(const ConnectAgent&) const { return Realm::agents; }
  Realm operator()(const ReportStarted&) const { return Realm::agents; }
  Realm operator()(const ReportEnded&) const { return Realm::agents; }
  Realm operator()(const LoseAgent&) const { return Realm::inside; }
  Realm operator()(const CloseSession&) const { return Realm::inside; }
  Realm operator()(const Tick&) const { return Realm::inside; }
  Realm operator()(const RaiseAlarm&) const { return Realm::inside; }
  Realm operator()(const RecordSecret&) const { return Realm::inside; }
  Realm operator()(const RecordCheckpoint&) const { return Realm::inside; }
};

struct SpeaksOf {  // the key that an agent's command is about
  template <class T>
  const Key* operator()(const T&) const {
    return nullptr;
  }
  const Key* operator()(const EnrolAgent& c) const { return &c.key; }
  const Key* operator()(const ConnectAgent& c) const { return &c.agent; }
  const Key* operator()(const ReportStarted& c) const { return &c.agent; }
  const Key* operator()(const ReportEnded& c) const { return &c.agent; }
};

constexpr auto kHexOfByte = [] {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<std::uint16_t, 256> out{};  // two characters each, as they lie in memory
  for (std::size_t byte = 0; byte < out.size(); ++byte) {
    out[byte] = std::bit_cast<std::uint16_t>(std::array<char, 2>{kDigits[byte >> 4], kDigits[byte & 15]});
  }
  return out;
}();

// Whether the subject is this agent; as agent_principal() of the dispatcher writes it. Asked for each report: no text
// is made for it.
bool is_agent(std::string_view subject, const Key& key) {
  constexpr std::string_view kPrefix = "agent:";
  if (subject.size() != kPrefix.size() + 2 * Key::kSize || !subject.starts_with(kPrefix)) return false;
  const char* at = subject.data() + kPrefix.size();
  unsigned different = 0;
  for (const std::uint8_t byte : key.bytes) {
    std::uint16_t digits = 0;
    std::memcpy(&digits, at, sizeof digits);
    different |= static_cast<unsigned>(digits ^ kHexOfByte[byte]);
    at += sizeof digits;
  }
  return different == 0;
}

Result<void> denied(const Principal& who, const char* what) {
  return fail(Code::denied, "\"" + who.subject + "\" may not " + what, "ask the owner of this platform");
}

}  // namespace

Result<void> authorize(const Policy& policy, const Principal& who, const Command& command) {
  const Realm realm = std::visit(RealmOf{}, command.body);
  switch (who.transport) {
    case Transport::internal: return {};
    case Transport::agent_link: {
      const Key* of = std::visit(SpeaksOf{}, command.body);
      const bool itself = realm == Realm::agents && of != nullptr && is_agent(who.subject, *of);
      if (!itself) return denied(who, name_of(command.body));
      return {};
    }
    case Transport::unix_socket:
    case Transport::tcp:
      if (realm != Realm::operators || !policy.owners.contains(who.subject)) return denied(who, name_of(command.body));
      return {};
  }
  return denied(who, name_of(command.body));
}

Result<void> authorize_read(const Policy& policy, const Principal& who) {
  if (who.transport == Transport::internal) return {};
  const bool operator_side = who.transport == Transport::unix_socket || who.transport == Transport::tcp;
  if (!operator_side || !policy.owners.contains(who.subject)) return denied(who, "read the platform's state");
  return {};
}

Result<void> authorize_task(const Policy& policy, const Workflow& workflow, const Task&) {
  const Principal& who = workflow.initiator;
  if (who.transport == Transport::internal || policy.owners.contains(who.subject)) return {};
  return denied(who, "have this task done any more");
}

}  // namespace prov::domain
