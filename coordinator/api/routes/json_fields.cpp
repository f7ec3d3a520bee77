#include "coordinator/api/routes/json_fields.h"
#include "common/json/json.h"
#include "common/nearest.h"

#include <algorithm>
#include <set>

#include "coordinator/api/routes/words.h"

namespace prov::api {

using nlohmann::json;

namespace {

constexpr std::size_t kMaxPairs = 256;
constexpr std::size_t kMaxKeyBytes = 128;
constexpr std::size_t kMaxValueBytes = 16 << 10;

// Watches the parser: how deep it is, and whether an object names a field twice (the last would win silently).
class ShapeWatch {
 public:
  bool operator()(int depth, json::parse_event_t event, json& value) {
    switch (event) {
      case json::parse_event_t::object_start: open_.emplace_back(); break;
      case json::parse_event_t::object_end: open_.pop_back(); break;
      case json::parse_event_t::key:
        if (!open_.back().insert(value.get_ref<const std::string&>()).second && why_.empty()) {
          why_ = "names \"" + value.get_ref<const std::string&>() + "\" twice in one object";
        }
        break;
      default: break;
    }
    const bool starts = event == json::parse_event_t::object_start || event == json::parse_event_t::array_start;
    if (starts && static_cast<std::size_t>(depth) >= kMaxJsonDepth && why_.empty()) {
      why_ = "is nested deeper than " + std::to_string(kMaxJsonDepth) + " levels";
    }
    return why_.empty();
  }
  const std::string& why() const { return why_; }

 private:
  std::vector<std::set<std::string>> open_;
  std::string why_;
};

std::string shown(std::string_view text) {
  constexpr std::size_t kShown = 64;
  return "\"" + std::string(text.substr(0, kShown)) + (text.size() > kShown ? "..." : "") + "\"";
}

// A parameter's value as text; nullopt for null, objects and nested lists.
std::optional<std::string> value_text(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (value.is_number()) return value.dump();
  if (!value.is_array()) return std::nullopt;
  std::string joined;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (!value[i].is_string()) return std::nullopt;
    joined += (i == 0 ? "" : " ") + value[i].get_ref<const std::string&>();
  }
  return joined;
}

bool is_key(std::string_view text) {
  return !text.empty() && text.size() <= kMaxKeyBytes && is_plain(text) && text.find('=') == std::string_view::npos;
}

}  // namespace

Result<json> parse_json(std::string_view text) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return json::object();
  ShapeWatch watch;
  json value = json::parse(text, std::ref(watch), false);
  if (!watch.why().empty()) return fail(Code::invalid, "the body " + watch.why());
  if (value.is_discarded()) return fail(Code::invalid, "the body is not valid JSON in UTF-8");
  return value;
}

Fields::Fields(const json& value, std::string where, std::optional<Error>& error)
    : value_(value), where_(std::move(where)), error_(error) {
  if (value_.is_object() || error_) return;
  const std::string place = where_.empty() ? "the body" : "\"" + where_.substr(0, where_.size() - 1) + "\"";
  error_ = Error{Code::invalid, place + " must be a JSON object", {}};
}

void Fields::refuse(std::string_view field, const std::string& why) {
  if (!error_) error_ = Error{Code::invalid, "\"" + where_ + std::string(field) + "\" " + why, {}};
}

const json* Fields::find(std::string_view field, Need need) {
  known_.emplace_back(field);
  if (error_) return nullptr;
  const auto found = value_.find(field);
  if (found != value_.end() && !found->is_null()) return &*found;
  if (need == Need::required) refuse(field, "is missing");
  return nullptr;
}

std::string Fields::text(std::string_view field, std::size_t max_bytes, Need need) {
  const json* value = find(field, need);
  if (value == nullptr) return {};
  if (!value->is_string()) {
    refuse(field, "must be a text");
    return {};
  }
  const auto& text = value->get_ref<const std::string&>();
  if (text.empty() && need == Need::required) refuse(field, "is empty");
  if (text.size() > max_bytes) refuse(field, "is longer than " + std::to_string(max_bytes) + " bytes");
  if (!is_plain(text)) refuse(field, "holds control characters");
  return error_ ? std::string() : text;
}

std::string Fields::bytes(std::string_view field, std::size_t max_bytes) {
  const json* value = find(field, Need::optional);
  if (value == nullptr) return {};
  if (!value->is_string() || value->get_ref<const std::string&>().size() > max_bytes) {
    refuse(field, "must be a text of at most " + std::to_string(max_bytes) + " bytes");
    return {};
  }
  return value->get<std::string>();
}

std::string Fields::name(std::string_view field, Need need) {
  std::string value = text(field, 1024, need);
  if (!value.empty() && !is_name(value)) {
    refuse(field, "is " + shown(value) + "; a name has at most 64 of a-z, 0-9, \".\", \"_\", \"-\"");
  }
  return value;
}

std::string Fields::hostname(std::string_view field, Need need) {
  std::string value = text(field, 1024, need);
  if (!value.empty() && !is_hostname(value)) {
    refuse(field, "is " + shown(value) + ", which is no host name (RFC 1123, lower case)");
  }
  return value;
}

Digest Fields::digest(std::string_view field, Need need) {
  const std::string value = text(field, 1024, need);
  if (value.empty() && need == Need::optional) return {};
  const auto out = parse_hex<Digest>(value);
  if (!out && !error_) refuse(field, "is no digest (64 hex digits)");
  return out.value_or(Digest{});
}

bool Fields::flag(std::string_view field) {
  const json* value = find(field, Need::optional);
  if (value == nullptr) return false;
  if (!value->is_boolean()) refuse(field, "must be true or false");
  return !error_ && value->get<bool>();
}

std::uint64_t Fields::number(std::string_view field, std::uint64_t low, std::uint64_t high, std::uint64_t otherwise) {
  const json* value = find(field, Need::optional);
  if (value == nullptr) return otherwise;
  const bool whole = value->is_number_unsigned();
  if (!whole || value->get<std::uint64_t>() < low || value->get<std::uint64_t>() > high) {
    refuse(field, "must be a whole number from " + std::to_string(low) + " to " + std::to_string(high));
    return otherwise;
  }
  return value->get<std::uint64_t>();
}

std::int64_t Fields::integer(std::string_view field, std::int64_t low, std::int64_t high, std::int64_t otherwise) {
  const json* value = find(field, Need::optional);
  if (value == nullptr) return otherwise;
  const bool fits = !value->is_number_unsigned() || value->get<std::uint64_t>() <= INT64_MAX;
  if (!value->is_number_integer() || !fits || value->get<std::int64_t>() < low || value->get<std::int64_t>() > high) {
    refuse(field, "must be a whole number from " + std::to_string(low) + " to " + std::to_string(high));
    return otherwise;
  }
  return value->get<std::int64_t>();
}

const json* Fields::list_of(std::string_view field, std::size_t max_count, Need need) {
  const json* value = find(field, need);
  if (value == nullptr) return nullptr;
  if (value->is_array() && !value->empty() && value->size() <= max_count) return value;
  refuse(field, "must be a list of 1 to " + std::to_string(max_count));
  return nullptr;
}

std::size_t Fields::size_of(const json& list) { return list.size(); }
const json& Fields::at(const json& list, std::size_t i) { return list[i]; }

std::vector<std::string> Fields::hostnames(std::string_view field, std::size_t max_count, Need need) {
  std::vector<std::string> out = texts(field, max_count, 1024, need);
  for (const auto& name : out) {
    if (!is_hostname(name)) refuse(field, "holds " + shown(name) + ", which is no host name (RFC 1123, lower case)");
  }
  return out;
}

std::vector<std::string> Fields::texts(std::string_view field, std::size_t max_count, std::size_t max_bytes,
                                       Need need) {
  std::vector<std::string> out;
  const json* list = list_of(field, max_count, need);
  if (list == nullptr) return out;
  for (const auto& item : *list) {
    if (!item.is_string() || item.get_ref<const std::string&>().size() > max_bytes ||
        item.get_ref<const std::string&>().find('\0') != std::string::npos) {
      refuse(field, "must hold texts without NUL, of at most " + std::to_string(max_bytes) + " bytes");
      return {};
    }
    out.push_back(item.get<std::string>());
  }
  return out;
}

std::vector<std::uint32_t> Fields::indexes(std::string_view field, std::size_t below) {
  std::vector<std::uint32_t> out;
  const json* list = find(field, Need::optional);
  if (list == nullptr) return out;
  if (!list->is_array() || list->size() > below) {
    refuse(field, "must be a list of earlier places in the same list");
    return out;
  }
  for (const auto& item : *list) {
    if (!item.is_number_unsigned() || item.get<std::uint64_t>() >= below) {
      refuse(field, "must be a list of earlier places in the same list");
      return {};
    }
    out.push_back(item.get<std::uint32_t>());
  }
  return out;
}

domain::Pairs Fields::pairs(std::string_view field) {
  domain::Pairs out;
  const json* object = find(field, Need::optional);
  if (object == nullptr) return out;
  if (!object->is_object() || object->size() > kMaxPairs) {
    refuse(field, "must be an object of at most " + std::to_string(kMaxPairs) + " fields");
    return out;
  }
  for (const auto& [key, value] : object->items()) {
    auto text = value_text(value);
    if (!is_key(key)) {
      refuse(field, "holds the key " + shown(key) + "; keys are plain, without \"=\", of at most 128 bytes");
    } else if (!text || text->size() > kMaxValueBytes || text->find('\0') != std::string::npos) {
      refuse(std::string(field) + "." + key, "must be a text, number, bool or list of texts of at most 16 KiB");
    }
    if (error_) return {};
    out.emplace_back(key, std::move(*text));
  }
  std::sort(out.begin(), out.end());
  return out;
}

void Fields::finish() {
  if (error_) return;
  for (const auto& [key, value] : value_.items()) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    refuse(key, "is not a known field");
    error_->hint = did_you_mean(key, {known_.begin(), known_.end()});
    return;
  }
}

}  // namespace prov::api
