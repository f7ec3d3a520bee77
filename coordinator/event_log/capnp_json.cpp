#include "coordinator/event_log/capnp_json.h"

#include <cctype>

#include "common/ids.h"
#include "common/json/json.h"

namespace prov::event_log::detail {
namespace {

using Json = nlohmann::ordered_json;
using capnp::DynamicValue;

std::string_view view_of(capnp::Text::Reader text) { return {text.begin(), text.size()}; }

Json enum_name(const capnp::DynamicEnum& value) {
  KJ_IF_MAYBE (known, value.getEnumerant()) {
    return snake_case(view_of(known->getProto().getName()));
  }
  return value.getRaw();
}

// `text`: data that is somebody's input rather than an id.
Json value_json(DynamicValue::Reader value, bool text) {
  switch (value.getType()) {
    case DynamicValue::BOOL: return value.as<bool>();
    case DynamicValue::INT: return value.as<std::int64_t>();
    case DynamicValue::UINT: return value.as<std::uint64_t>();
    case DynamicValue::FLOAT: return value.as<double>();
    case DynamicValue::TEXT: return utf8(view_of(value.as<capnp::Text>()));
    case DynamicValue::ENUM: return enum_name(value.as<capnp::DynamicEnum>());
    case DynamicValue::STRUCT: return to_json(value.as<capnp::DynamicStruct>());
    case DynamicValue::DATA: {
      const auto data = value.as<capnp::Data>();
      const std::string_view bytes(reinterpret_cast<const char*>(data.begin()), data.size());
      return text ? utf8(bytes) : id_text(bytes);
    }
    case DynamicValue::LIST: {
      Json out = Json::array();
      for (auto one : value.as<capnp::DynamicList>()) out.push_back(value_json(one, text));
      return out;
    }
    default: return nullptr;  // void
  }
}

void add_field(Json& out, const capnp::DynamicStruct::Reader& in, const capnp::StructSchema::Field& field) {
  const std::string_view name = view_of(field.getProto().getName());
  if (field.getType().isStruct() && !in.has(field)) {
    out[snake_case(name)] = nullptr;
    return;
  }
  out[snake_case(name)] = value_json(in.get(field), name == "stdin");
}

}  // namespace

Json to_json(capnp::DynamicStruct::Reader value) {
  Json out = Json::object();
  for (const auto& field : value.getSchema().getNonUnionFields()) add_field(out, value, field);
  KJ_IF_MAYBE (member, value.which()) {
    add_field(out, value, *member);
  }
  return out;
}

std::string snake_case(std::string_view camel_case) {
  std::string out;
  for (const char c : camel_case) {
    if (std::isupper(static_cast<unsigned char>(c)) != 0) out.push_back('_');
    out.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
  }
  return out;
}

std::string id_text(std::string_view bytes) {
  if (const auto id = Id::from(bytes)) return to_text(*id);
  return to_hex(bytes);
}

std::string utf8(std::string_view text) {
  // The JSON library repairs what it writes; parsing that again is the repaired text.
  const std::string written = Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  return Json::parse(written).get<std::string>();
}

}  // namespace prov::event_log::detail
