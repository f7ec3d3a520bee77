#include "coordinator/event_log/event_codec.h"

#include <array>

#include "coordinator/event_log/payload_codec.h"

namespace prov::event_log {
namespace {

using namespace detail;
using domain::EventBody;

// Most events fit; a larger one takes segments from the heap.
using ScratchWords = std::array<capnp::word, 256>;

kj::ArrayPtr<capnp::word> as_array(ScratchWords& words) { return kj::arrayPtr(words.data(), words.size()); }

void put_meta(schema::Event::Builder out, const domain::Envelope& meta) {
  PUT_ID(out, LogId, meta.log_id);
  out.setEpoch(meta.epoch);
  out.setSequence(meta.sequence);
  PUT_TEXT(out, Workspace, meta.workspace);
  out.setAggregateKind(static_cast<schema::AggregateKind>(meta.aggregate_kind));
  PUT_BYTES(out, AggregateId, std::string_view(meta.aggregate_id));
  PUT_TEXT(out, Subject, meta.principal->subject);
  PUT_TEXT(out, Credential, meta.principal->credential);
  out.setTransport(static_cast<schema::Transport>(meta.principal->transport));
  PUT_ID(out, CommandId, meta.command_id);
  PUT_ID(out, Correlation, meta.correlation);
  out.setCausation(meta.causation);
  out.setLogTimeMs(meta.log_time_ms);
  out.setWallTimeMs(meta.wall_time_ms);
  out.setAgentTimeMs(meta.agent_time_ms);
  out.setCommandDigest(meta.command_digest);
}

// A kind or transport that is not known here is kept as the number that it is.
void get_meta(schema::Event::Reader in, domain::Envelope& meta) {
  get_fixed(meta.log_id, in.getLogId(), "logId");
  meta.epoch = in.getEpoch();
  meta.sequence = in.getSequence();
  meta.workspace = text_of(in.getWorkspace());
  meta.aggregate_kind = static_cast<domain::AggregateKind>(in.getAggregateKind());
  meta.aggregate_id = bytes_of(in.getAggregateId());
  meta.principal = domain::Shared(domain::Principal{text_of(in.getSubject()), text_of(in.getCredential()),
                                                    static_cast<domain::Transport>(in.getTransport())});
  get_fixed(meta.command_id, in.getCommandId(), "commandId");
  get_fixed(meta.correlation, in.getCorrelation(), "correlation");
  meta.causation = in.getCausation();
  meta.log_time_ms = in.getLogTimeMs();
  meta.wall_time_ms = in.getWallTimeMs();
  meta.agent_time_ms = in.getAgentTimeMs();
  meta.command_digest = in.getCommandDigest();
}

constexpr std::size_t kLargeEvent = 1 << 20;

struct PutPayload {
  schema::Event::Builder event;
  ScratchWords& scratch;

  void operator()(const domain::UnknownEvent& e) {
    event.setVersion(e.version);
    PUT_BYTES(event, Payload, e.payload);
  }
  template <class Payload>
  void operator()(const Payload& e) {
    event.setVersion(kPayloadVersion);
    capnp::MallocMessageBuilder message(as_array(scratch));
    put(message.initRoot<typename SchemaOf<Payload>::type>(), e);
    const auto segments = message.getSegmentsForOutput();
    auto bytes = event.initPayload(static_cast<unsigned>(flat_bytes(segments)));
    write_flat(segments, reinterpret_cast<char*>(bytes.begin()));
  }
};

using GetPayload = EventBody (*)(FlatReader&);

template <std::size_t I>
EventBody get_payload(FlatReader& message) {
  EventBody body(std::in_place_index<I>);
  auto& e = std::get<I>(body);
  get(message.root<typename SchemaOf<std::remove_reference_t<decltype(e)>>::type>(), e);
  return body;
}

template <std::size_t... I>
constexpr std::array<GetPayload, sizeof...(I) + 1> payload_table(std::index_sequence<I...>) {
  return {nullptr, get_payload<I + 1>...};
}

constexpr auto kGetPayload = payload_table(std::make_index_sequence<domain::kEventTypes - 1>());

EventBody get_body(schema::Event::Reader in) {
  const auto payload = in.getPayload();
  const std::string_view bytes(reinterpret_cast<const char*>(payload.begin()), payload.size());
  const std::uint16_t type = in.getType();
  if (type != 0 && type < kGetPayload.size() && in.getVersion() == kPayloadVersion) {
    try {
      FlatReader message(bytes);
      return kGetPayload[type](message);
    } catch (const FromLaterRelease&) {  // kept whole, as any event of a type that is not known here
    }
  }
  return domain::UnknownEvent{type, in.getVersion(), std::string(bytes)};
}

tl::unexpected<Error> corrupt(const std::string& why) {
  return fail(Code::corrupt, "an event does not decode: " + why.substr(0, 200));
}

}  // namespace

struct EventEncoder::Scratch {
  ScratchWords envelope{}, payload{};  // builders want zeros, and leave zeros behind
};

EventEncoder::EventEncoder() : scratch_(std::make_unique<Scratch>()) {}
EventEncoder::~EventEncoder() = default;

void EventEncoder::append_to(std::string& out, const domain::Event& event) {
  capnp::MallocMessageBuilder message(as_array(scratch_->envelope));
  auto root = message.initRoot<schema::Event>();
  put_meta(root, event.meta);
  const auto* unknown = std::get_if<domain::UnknownEvent>(&event.body);
  root.setType(unknown != nullptr ? unknown->type : static_cast<std::uint16_t>(event.body.index()));
  std::visit(PutPayload{root, scratch_->payload}, event.body);
  const auto segments = message.getSegmentsForOutput();
  const std::size_t at = out.size(), bytes = flat_bytes(segments);
  if (bytes > kLargeEvent) out.reserve(at + bytes + kLargeEvent);  // the small ones behind it are not to move it
  out.resize(at + bytes);
  write_flat(segments, out.data() + at);
}

std::string encode_event(const domain::Event& event) {
  std::string out;
  EventEncoder().append_to(out, event);
  return out;
}

namespace {

// What `read` makes of the envelope.
template <class Read>
auto decode(std::string_view bytes, Read read) -> Result<decltype(read(std::declval<schema::Event::Reader>()))> {
  try {
    FlatReader message(bytes);
    return read(message.root<schema::Event>());
  } catch (const Malformed& malformed) {
    return corrupt(std::string("its ") + malformed.field + " is not what it must be");
  } catch (const kj::Exception& broken) {
    return corrupt(broken.getDescription().cStr());
  }
}

}  // namespace

Result<domain::Event> decode_event(std::string_view bytes) {
  return decode(bytes, [](schema::Event::Reader root) {
    domain::Event event;
    get_meta(root, event.meta);
    event.body = get_body(root);
    return event;
  });
}

Result<domain::Envelope> decode_envelope(std::string_view bytes) {
  return decode(bytes, [](schema::Event::Reader root) {
    domain::Envelope meta;
    get_meta(root, meta);
    return meta;
  });
}

}  // namespace prov::event_log
