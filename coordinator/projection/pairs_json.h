#pragma once
// Names and values as one JSON object.
#include "common/json/json.h"
#include "coordinator/domain/specs.h"

namespace prov::projection {

inline nlohmann::json pairs_json(const domain::Pairs& pairs) {
  nlohmann::json out = nlohmann::json::object();
  for (const auto& [key, value] : pairs) out[key] = value;
  return out;
}

}  // namespace prov::projection
