#include "coordinator/event_log/event_json.h"

#include "common/json/json.h"
#include "coordinator/event_log/capnp_json.h"
#include "coordinator/event_log/event_codec.h"
#include "coordinator/event_log/payload_codec.h"

namespace prov::event_log {
namespace {

using namespace detail;
using Json = nlohmann::ordered_json;

struct Body {
  Json operator()(const domain::UnknownEvent& e) const { return to_hex(e.payload); }
  template <class Payload>
  Json operator()(const Payload& e) const {
    using Schema = typename SchemaOf<Payload>::type;
    capnp::MallocMessageBuilder message;
    put(message.initRoot<Schema>(), e);
    return to_json(message.getRoot<Schema>().asReader());
  }
};

template <class SchemaEnum>
std::string enum_text(std::uint16_t value) {
  const auto enumerants = capnp::Schema::from<SchemaEnum>().getEnumerants();
  if (value >= enumerants.size()) return std::to_string(value);
  return snake_case(enumerants[value].getProto().getName().cStr());
}

bool named(domain::AggregateKind kind) {  // by a name, rather than by an id or a key
  using K = domain::AggregateKind;
  return kind == K::platform || kind == K::workspace || kind == K::server || kind == K::taskserv || kind == K::secret ||
         kind == K::cluster || kind == K::lock;
}

template <class T>
std::string text_or_nothing(const T& value) {
  return value.is_zero() ? std::string() : prov::to_text(value);
}

Json type_json(const domain::EventBody& body) {
  if (const auto* unknown = std::get_if<domain::UnknownEvent>(&body)) return "Unknown" + std::to_string(unknown->type);
  return domain::name_of(body);
}

}  // namespace

AggregateText aggregate_text(const domain::Envelope& meta) {
  return {enum_text<schema::AggregateKind>(static_cast<std::uint16_t>(meta.aggregate_kind)),
          named(meta.aggregate_kind) ? utf8(meta.aggregate_id) : id_text(meta.aggregate_id)};
}

Json event_to_json(const domain::Event& event) {
  const domain::Envelope& meta = event.meta;
  const auto* unknown = std::get_if<domain::UnknownEvent>(&event.body);
  Json out;
  out["log_id"] = text_or_nothing(meta.log_id);
  out["epoch"] = meta.epoch;
  out["sequence"] = meta.sequence;
  out["workspace"] = utf8(meta.workspace);
  AggregateText aggregate = aggregate_text(meta);
  out["aggregate_kind"] = std::move(aggregate.kind);
  out["aggregate_id"] = std::move(aggregate.id);
  out["subject"] = utf8(meta.principal.subject);
  out["credential"] = utf8(meta.principal.credential);
  out["transport"] = enum_text<schema::Transport>(static_cast<std::uint16_t>(meta.principal.transport));
  out["command_id"] = text_or_nothing(meta.command_id);
  if (meta.command_digest != 0) out["command_digest"] = meta.command_digest;
  out["correlation"] = text_or_nothing(meta.correlation);
  out["causation"] = meta.causation;
  out["log_time_ms"] = meta.log_time_ms;
  out["wall_time_ms"] = meta.wall_time_ms;
  out["agent_time_ms"] = meta.agent_time_ms;
  out["type"] = type_json(event.body);
  out["version"] = unknown != nullptr ? unknown->version : kPayloadVersion;
  out["body"] = std::visit(Body{}, event.body);
  return out;
}

}  // namespace prov::event_log
