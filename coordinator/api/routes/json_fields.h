#pragma once
// A strict reader of JSON bodies: every field has a type and a range, unknown and repeated fields are refused, and the
// first thing that is wrong is told with its place ("servers[2].hostname"). Getters never throw; after an error they
// return empty values, and finish() tells it.
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/result.h"
#include "coordinator/domain/specs.h"

namespace prov::api {

inline constexpr std::size_t kMaxJsonDepth = 32;
inline constexpr std::size_t kMaxReasonBytes = 1024;  // what people say of a change
inline constexpr std::size_t kMaxExpressionBytes = 4096;

// Code::invalid when it is no JSON, not UTF-8, nested deeper than kMaxJsonDepth, or an object names a field twice.
// An empty text is an empty object.
Result<nlohmann::json> parse_json(std::string_view text);

enum class Need { required, optional };

class Fields {
 public:
  // `error` is shared by the fields of one body. `where` is what the place of a field begins with, e.g. "servers[2].".
  Fields(const nlohmann::json& value, std::string where, std::optional<Error>& error);

  std::string text(std::string_view field, std::size_t max_bytes, Need need = Need::required);  // no control character
  std::string bytes(std::string_view field, std::size_t max_bytes);                             // any text; optional
  std::string name(std::string_view field, Need need = Need::required);
  std::string hostname(std::string_view field, Need need = Need::required);
  Digest digest(std::string_view field, Need need = Need::required);
  bool flag(std::string_view field);  // optional, false
  std::uint64_t number(std::string_view field, std::uint64_t low, std::uint64_t high, std::uint64_t otherwise);
  std::int64_t integer(std::string_view field, std::int64_t low, std::int64_t high, std::int64_t otherwise);
  std::vector<std::string> hostnames(std::string_view field, std::size_t max_count, Need need = Need::required);
  // 1 to max_count of them; a list that is optional may also be left out.
  std::vector<std::string> texts(std::string_view field, std::size_t max_count, std::size_t max_bytes,
                                 Need need = Need::required);
  std::vector<std::uint32_t> indexes(std::string_view field, std::size_t below);  // optional
  domain::Pairs pairs(std::string_view field);  // optional; values are made text as for PROV_PARAM_*

  // Calls read(Fields&, index) for each object of a list of 1 to max_count.
  template <class Read>
  void each(std::string_view field, std::size_t max_count, Read read, Need need = Need::required) {
    const nlohmann::json* list = list_of(field, max_count, need);
    for (std::size_t i = 0; list != nullptr && !error_ && i < size_of(*list); ++i) {
      Fields item(at(*list, i), where_ + std::string(field) + "[" + std::to_string(i) + "].", error_);
      read(item, i);
      item.finish();
    }
  }

  // Calls read(Fields&) for an object, if it is there.
  template <class Read>
  void object(std::string_view field, Read read) {
    const nlohmann::json* value = find(field, Need::optional);
    if (value == nullptr) return;
    Fields inner(*value, where_ + std::string(field) + ".", error_);
    read(inner);
    inner.finish();
  }

  void refuse(std::string_view field, const std::string& why);
  void finish();  // a field that nobody asked for is an error

 private:
  const nlohmann::json* find(std::string_view field, Need need);
  const nlohmann::json* list_of(std::string_view field, std::size_t max_count, Need need);
  static std::size_t size_of(const nlohmann::json& list);
  static const nlohmann::json& at(const nlohmann::json& list, std::size_t i);

  const nlohmann::json& value_;
  std::string where_;
  std::optional<Error>& error_;
  std::vector<std::string> known_;
};

}  // namespace prov::api
