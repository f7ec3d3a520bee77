#include "agent/journal/record_codec.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "common/hash.h"
#include "common/wire/codec_detail.h"
#include "common/wire/order_codec.h"
#include "schema/journal.capnp.h"

namespace prov::agent {
namespace {

using namespace wire::detail;

constexpr std::string_view kMarker = "PJR2", kFirstMarker = "PJR1";  // of records, and of those of earlier releases
constexpr std::string_view kAnyMarker = "PJR";
constexpr std::size_t kCheckBytes = crypto_shorthash_siphash24_BYTES;
constexpr std::size_t kHeadBytes = 4 + 4 + kCheckBytes;
constexpr std::size_t kMaxMessageBytes = 64 << 10;

void put_step(schema::StepRef::Builder out, const StepId& step) {
  out.setTask(to_data(step.task));
  out.setAttempt(step.attempt);
}

StepId get_step(schema::StepRef::Reader in) { return {fixed<Id>(in.getTask(), "task"), in.getAttempt()}; }

struct Put {
  schema::JournalRecord::Builder out;

  void operator()(const Identity& identity) {
    auto to = out.initIdentity();
    to.setAgent(to_data(identity.agent));
    to.setLogId(to_data(identity.log_id));
  }
  void operator()(const Seen& seen) {
    auto to = out.initSeen();
    to.setEpoch(seen.epoch);
    to.setSettledThrough(seen.settled_through);
    to.setLogSequence(seen.log_sequence);
  }
  void operator()(const Assigned& assigned) {
    auto to = out.initAssigned();
    to.setOrder(to_data(wire::encode(assigned.order)));
    to.setOrderDigest(to_data(assigned.order_digest));
    to.setBootId(to_text_field(assigned.boot_id));
  }
  void operator()(const Started& started) {
    auto to = out.initStarted();
    put_step(to.initStep(), started.step);
    to.setBootId(to_text_field(started.boot_id));
  }
  void operator()(const StepEnded& ended) {
    auto to = out.initEnded();
    put_step(to.initStep(), ended.step);
    to.setOutcome(static_cast<schema::Outcome>(ended.verdict.outcome));
    to.setExitCode(ended.verdict.exit_code);
    to.setMessage(to_text_field(prose(ended.verdict.message)));
    to.setOutputBytes(ended.verdict.output_bytes);
    to.setOutputDigest(to_data(ended.verdict.output_digest));
    put_variables(to.initOutputs(static_cast<unsigned>(ended.verdict.outputs.size())), ended.verdict.outputs);
  }
  void operator()(const Reported& reported) { put_step(out.initReported(), reported.step); }
  void operator()(const Distrust& distrust) { out.setDistrust(distrust.through); }
};

Assigned get_assigned(schema::Assigned::Reader in) {
  const auto raw = in.getOrder();
  auto order = wire::decode_order({reinterpret_cast<const char*>(raw.begin()), raw.size()});
  if (!order) refuse(order.error().message);
  return {std::move(*order), fixed<Digest>(in.getOrderDigest(), "order digest"), text_of(in.getBootId(), 256, "boot")};
}

StepEnded get_ended(schema::StepEnded::Reader in) {
  const auto outcome = static_cast<std::uint16_t>(in.getOutcome());
  if (outcome >= kOutcomes) refuse("outcome " + std::to_string(outcome) + " is not known");
  Verdict verdict;
  verdict.outcome = static_cast<Outcome>(outcome);
  verdict.exit_code = in.getExitCode();
  verdict.message = text_of(in.getMessage(), kMaxMessageBytes, "message");
  verdict.output_bytes = in.getOutputBytes();
  verdict.output_digest = fixed<Digest>(in.getOutputDigest(), "output digest");
  verdict.outputs = get_outputs(in.getOutputs());
  return {get_step(in.getStep()), std::move(verdict)};
}

Record get_record(schema::JournalRecord::Reader in) {
  Record out;
  out.time_ms = in.getTimeMs();
  switch (in.which()) {
    case schema::JournalRecord::IDENTITY:
      out.what =
          Identity{fixed<Key>(in.getIdentity().getAgent(), "agent"), fixed<Id>(in.getIdentity().getLogId(), "log")};
      return out;
    case schema::JournalRecord::SEEN:
      out.what = Seen{in.getSeen().getEpoch(), in.getSeen().getSettledThrough(), in.getSeen().getLogSequence()};
      return out;
    case schema::JournalRecord::ASSIGNED: out.what = get_assigned(in.getAssigned()); return out;
    case schema::JournalRecord::STARTED:
      out.what = Started{get_step(in.getStarted().getStep()), text_of(in.getStarted().getBootId(), 256, "boot")};
      return out;
    case schema::JournalRecord::ENDED: out.what = get_ended(in.getEnded()); return out;
    case schema::JournalRecord::REPORTED: out.what = Reported{get_step(in.getReported())}; return out;
    case schema::JournalRecord::DISTRUST: out.what = Distrust{in.getDistrust()}; return out;
  }
  refuse("its kind is not known");
}

using Check = std::array<char, kCheckBytes>;

Check check_of(std::string_view payload) {
  static constexpr std::array<unsigned char, crypto_shorthash_siphash24_KEYBYTES> kKey{};
  Check out;
  crypto_shorthash_siphash24(reinterpret_cast<unsigned char*>(out.data()),
                             reinterpret_cast<const unsigned char*>(payload.data()), payload.size(), kKey.data());
  return out;
}

bool fits(std::string_view marker, std::string_view check, std::string_view payload) {
  if (marker == kFirstMarker) return digest_of(payload).view().starts_with(check);
  const Check right = check_of(payload);
  return marker == kMarker && check == std::string_view(right.data(), right.size());
}

// The payload of the whole record that starts at `at`; empty when there is none.
std::string_view payload_at(std::string_view bytes, std::size_t at) {
  if (bytes.size() - at < kHeadBytes || !bytes.substr(at).starts_with(kAnyMarker)) return {};
  std::uint32_t length = 0;
  std::memcpy(&length, bytes.data() + at + 4, sizeof length);
  if (length == 0 || length > kMaxRecordBytes || bytes.size() - at - kHeadBytes < length) return {};
  const std::string_view payload = bytes.substr(at + kHeadBytes, length);
  const bool whole = fits(bytes.substr(at, kMarker.size()), bytes.substr(at + 8, kCheckBytes), payload);
  return whole ? payload : std::string_view{};
}

std::size_t next_whole_record(std::string_view bytes, std::size_t at) {
  for (at = bytes.find(kAnyMarker, at); at != std::string_view::npos; at = bytes.find(kAnyMarker, at + 1)) {
    if (!payload_at(bytes, at).empty()) return at;
  }
  return std::string_view::npos;
}

// What a crash leaves of the last write: the beginning of a record, perhaps with zeros from a sector on that never got
// its data. Anything else that does not read at the end was whole once, and has been harmed since.
bool is_torn(std::string_view bytes, std::size_t at) {
  constexpr std::size_t kSectorBytes = 512;
  if (bytes.find_first_not_of('\0', at) == std::string_view::npos) return true;
  std::size_t end = bytes.find_last_not_of('\0') + 1;
  end = std::min(bytes.size(), (end + kSectorBytes - 1) / kSectorBytes * kSectorBytes);
  const std::string_view rest = bytes.substr(at, end - at);
  if (!kMarker.starts_with(rest.substr(0, kMarker.size())) &&
      !kFirstMarker.starts_with(rest.substr(0, kMarker.size()))) {
    return false;
  }
  if (rest.size() < kHeadBytes) return true;
  std::uint32_t length = 0;
  std::memcpy(&length, rest.data() + kMarker.size(), sizeof length);
  return length > 0 && length <= kMaxRecordBytes && rest.size() - kHeadBytes < length;
}

// An upper bound of the message's bytes: room that is asked for is zeroed first.
struct SizeHint {
  static constexpr std::size_t kStep = 160;  // root, step, texts and data of fixed size

  std::size_t operator()(const Assigned& assigned) const {
    return kStep + order_hint(assigned.order) + padded(assigned.boot_id.size());
  }
  std::size_t operator()(const StepEnded& ended) const {
    return 2 * kStep + padded(ended.verdict.message.size()) + variables_hint(ended.verdict.outputs);
  }
  std::size_t operator()(const Started& started) const { return kStep + padded(started.boot_id.size()); }
  template <class What>
  std::size_t operator()(const What&) const {
    return kStep;
  }
};

}  // namespace

void append_record(std::string& to, const Record& record) {
  FlatBuilder builder(std::visit(SizeHint{}, record.what));
  auto root = builder.initRoot<schema::JournalRecord>();
  root.setTimeMs(record.time_ms);
  std::visit(Put{root}, record.what);
  const std::string payload = builder.finish();
  PROV_ASSERT(payload.size() <= kMaxRecordBytes);
  const auto length = static_cast<std::uint32_t>(payload.size());
  const Check check = check_of(payload);
  to.append(kMarker);
  to.append(reinterpret_cast<const char*>(&length), sizeof length);
  to.append(check.data(), check.size());
  to.append(payload);
}

std::string encode_record(const Record& record) {
  std::string out;
  append_record(out, record);
  return out;
}

JournalScan scan_journal(std::string_view bytes) {
  JournalScan out;
  const auto damaged = [&](std::size_t at, const std::string& why) {
    if (out.damage.empty()) out.damage = why + " at byte " + std::to_string(at) + " of " + std::to_string(bytes.size());
  };
  const std::size_t magic = std::min(bytes.size(), kJournalMagic.size());
  std::size_t at = kJournalMagic.size();
  if (bytes.substr(0, magic) != kJournalMagic.substr(0, magic)) {
    damaged(0, "it does not begin as a journal does");
    at = 0;
  } else if (magic < kJournalMagic.size()) {
    out.torn_bytes = bytes.size();
    return out;
  }
  while (at < bytes.size()) {
    const std::string_view payload = payload_at(bytes, at);
    if (payload.empty()) {
      const std::size_t next = next_whole_record(bytes, at + 1);
      if (next == std::string_view::npos) {
        if (is_torn(bytes, at)) {
          out.torn_bytes = bytes.size() - at;
        } else {
          damaged(at, "the last record is broken");
        }
        break;
      }
      damaged(at, "a record is broken");
      at = next;
      continue;
    }
    auto record = read_message<schema::JournalRecord>("journal record", payload, kMaxRecordBytes, get_record);
    if (record)
      out.records.push_back(std::move(*record));
    else
      damaged(at, record.error().message);
    at += kHeadBytes + payload.size();
  }
  return out;
}

}  // namespace prov::agent
