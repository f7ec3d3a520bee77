#include "agent/journal/first_records.h"

#include "agent/journal/limits.h"
#include "common/wire/codec_detail.h"
#include "schema/journal.capnp.h"

namespace prov::agent {
namespace {

using namespace wire::detail;

StepId get_step(schema::StepRef::Reader in) { return {fixed<Id>(in.getTask(), "task"), in.getAttempt()}; }

Assigned get_assigned(schema::Assigned::Reader in) {
  const auto raw = in.getOrder();
  auto order = wire::decode_order({reinterpret_cast<const char*>(raw.begin()), raw.size()});
  if (!order) refuse(order.error().message);
  return {std::move(*order), fixed<Digest>(in.getOrderDigest(), "order digest"),
          text_of(in.getBootId(), kMaxBootIdBytes, "boot")};
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
      out.what =
          Started{get_step(in.getStarted().getStep()), text_of(in.getStarted().getBootId(), kMaxBootIdBytes, "boot")};
      return out;
    case schema::JournalRecord::ENDED: out.what = get_ended(in.getEnded()); return out;
    case schema::JournalRecord::REPORTED: out.what = Reported{get_step(in.getReported())}; return out;
    case schema::JournalRecord::DISTRUST: out.what = Distrust{in.getDistrust()}; return out;
  }
  refuse("its kind is not known");
}

}  // namespace

Result<Record> read_first_record(std::string_view bytes) {
  return read_message<schema::JournalRecord>("journal record", bytes, kMaxRecordBytes, get_record);
}

}  // namespace prov::agent
