#include "coordinator/event_log/capnp_json.h"

#include <algorithm>

#include "common/ids.h"
#include "common/json/json.h"

namespace prov::event_log::detail {
namespace {

using Json = nlohmann::ordered_json;
using capnp::DynamicValue;

std::string_view view_of(capnp::Text::Reader text) { return {text.begin(), text.size()}; }

// Nearly every text in the log is so, and needs no more than its quotes.
bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7f && c != '"' && c != '\\'; });
}

void append_plain(std::string& out, std::string_view text) {
  out.push_back('"');
  out.append(text);
  out.push_back('"');
}

void append_snake_case(std::string& out, std::string_view camel_case) {
  for (const char c : camel_case) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper) out.push_back('_');
    out.push_back(upper ? static_cast<char>(c - 'A' + 'a') : c);
  }
}

void append_enum(std::string& out, const capnp::DynamicEnum& value) {
  KJ_IF_MAYBE (known, value.getEnumerant()) {
    return append_plain(out, snake_case(view_of(known->getProto().getName())));
  }
  append_number(out, value.getRaw());
}

void append_value(std::string& out, DynamicValue::Reader value, bool text);

template <class List, class Append>
void append_all(std::string& out, const List& list, Append append) {
  char before = '[';
  for (const auto& one : list) {
    out.push_back(before);
    before = ',';
    append(one);
  }
  if (before == '[') out.push_back(before);
  out.push_back(']');
}

// `text`: data that is somebody's input rather than an id.
void append_value(std::string& out, DynamicValue::Reader value, bool text) {
  switch (value.getType()) {
    case DynamicValue::BOOL: out.append(value.as<bool>() ? "true" : "false"); break;
    case DynamicValue::INT: append_number(out, value.as<std::int64_t>()); break;
    case DynamicValue::UINT: append_number(out, value.as<std::uint64_t>()); break;
    case DynamicValue::FLOAT: out.append(Json(value.as<double>()).dump()); break;
    case DynamicValue::TEXT: append_quoted(out, view_of(value.as<capnp::Text>())); break;
    case DynamicValue::ENUM: append_enum(out, value.as<capnp::DynamicEnum>()); break;
    case DynamicValue::STRUCT: append_json(out, value.as<capnp::DynamicStruct>()); break;
    case DynamicValue::DATA: {
      const auto data = value.as<capnp::Data>();
      const std::string_view bytes(reinterpret_cast<const char*>(data.begin()), data.size());
      text ? append_quoted(out, bytes) : append_plain(out, id_text(bytes));
      break;
    }
    case DynamicValue::LIST:
      append_all(out, value.as<capnp::DynamicList>(), [&](const auto& one) { append_value(out, one, text); });
      break;
    default: out.append("null");  // void
  }
}

void append_field(std::string& out, char before, const capnp::DynamicStruct::Reader& in,
                  const capnp::StructSchema::Field& field) {
  const std::string_view name = view_of(field.getProto().getName());
  out.push_back(before);
  out.push_back('"');
  append_snake_case(out, name);
  out.append("\":");
  if (field.getType().isStruct() && !in.has(field)) {
    out.append("null");
  } else {
    append_value(out, in.get(field), name == "stdin");
  }
}

}  // namespace

void append_json(std::string& out, capnp::DynamicStruct::Reader value) {
  char before = '{';
  for (const auto& field : value.getSchema().getNonUnionFields()) {
    append_field(out, before, value, field);
    before = ',';
  }
  KJ_IF_MAYBE (member, value.which()) {
    append_field(out, before, value, *member);
    before = ',';
  }
  if (before == '{') out.push_back(before);
  out.push_back('}');
}

void append_quoted(std::string& out, std::string_view text) {
  if (is_plain(text)) return append_plain(out, text);
  out.append(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace));
}

Json to_json(capnp::DynamicStruct::Reader value) {
  std::string text;
  append_json(text, value);
  return Json::parse(text);
}

std::string snake_case(std::string_view camel_case) {
  std::string out;
  append_snake_case(out, camel_case);
  return out;
}

std::string id_text(std::string_view bytes) {
  if (const auto id = Id::from(bytes)) return to_text(*id);
  return to_hex(bytes);
}

std::string utf8(std::string_view text) {
  if (is_plain(text)) return std::string(text);
  // The JSON library repairs what it writes; parsing that again is the repaired text.
  const std::string written = Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  return Json::parse(written).get<std::string>();
}

}  // namespace prov::event_log::detail
