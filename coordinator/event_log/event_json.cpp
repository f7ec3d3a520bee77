#include "coordinator/event_log/event_json.h"

#include <array>

#include "common/json/json.h"
#include "coordinator/event_log/capnp_json.h"
#include "coordinator/event_log/event_codec.h"
#include "coordinator/event_log/payload_codec.h"

namespace prov::event_log {
namespace {

using namespace detail;

// The fields of one object, in the order in which they are told.
class Fields {
 public:
  explicit Fields(std::string& out) : out_(out) {}

  std::string& name(std::string_view name) {
    out_.push_back(before_);
    out_.push_back('"');
    out_.append(name);
    out_.append("\":");
    before_ = ',';
    return out_;
  }
  void text(std::string_view of, std::string_view value) { append_quoted(name(of), value); }
  void number(std::string_view of, std::uint64_t value) { append_number(name(of), value); }

 private:
  std::string& out_;
  char before_ = '{';
};

struct Body {
  std::string& out;

  void operator()(const domain::UnknownEvent& e) const { append_quoted(out, to_hex(e.payload)); }
  template <class Payload>
  void operator()(const Payload& e) const {
    using Schema = typename SchemaOf<Payload>::type;
    std::array<capnp::word, 256> scratch{};  // most fit; a larger one takes segments from the heap
    capnp::MallocMessageBuilder message(kj::arrayPtr(scratch.data(), scratch.size()));
    put(message.initRoot<Schema>(), e);
    append_json(out, message.getRoot<Schema>().asReader());
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

std::string type_text(const domain::EventBody& body) {
  if (const auto* unknown = std::get_if<domain::UnknownEvent>(&body)) return "Unknown" + std::to_string(unknown->type);
  return domain::name_of(body);
}

}  // namespace

AggregateText aggregate_text(const domain::Envelope& meta) {
  return {enum_text<schema::AggregateKind>(static_cast<std::uint16_t>(meta.aggregate_kind)),
          named(meta.aggregate_kind) ? utf8(std::string(meta.aggregate_id)) : id_text(meta.aggregate_id)};
}

std::string event_text(const domain::Event& event) {
  const domain::Envelope& meta = event.meta;
  const auto* unknown = std::get_if<domain::UnknownEvent>(&event.body);
  const AggregateText aggregate = aggregate_text(meta);
  std::string out;
  out.reserve(1024);
  Fields fields(out);
  fields.text("log_id", text_or_nothing(meta.log_id));
  fields.number("epoch", meta.epoch);
  fields.number("sequence", meta.sequence);
  fields.text("workspace", meta.workspace);
  fields.text("aggregate_kind", aggregate.kind);
  fields.text("aggregate_id", aggregate.id);
  fields.text("subject", meta.principal->subject);
  fields.text("credential", meta.principal->credential);
  fields.text("transport", enum_text<schema::Transport>(static_cast<std::uint16_t>(meta.principal->transport)));
  fields.text("command_id", text_or_nothing(meta.command_id));
  if (meta.command_digest != 0) fields.number("command_digest", meta.command_digest);
  fields.text("correlation", text_or_nothing(meta.correlation));
  fields.number("causation", meta.causation);
  fields.number("log_time_ms", meta.log_time_ms);
  fields.number("wall_time_ms", meta.wall_time_ms);
  fields.number("agent_time_ms", meta.agent_time_ms);
  fields.text("type", type_text(event.body));
  fields.number("version", unknown != nullptr ? unknown->version : kPayloadVersion);
  std::visit(Body{fields.name("body")}, event.body);
  out.push_back('}');
  return out;
}

nlohmann::ordered_json event_to_json(const domain::Event& event) {
  return nlohmann::ordered_json::parse(event_text(event));
}

}  // namespace prov::event_log
