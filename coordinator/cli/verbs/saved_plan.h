#pragma once
// A plan as `plan --out FILE` writes it: everything that `apply FILE` needs to do exactly that, and nothing else. One
// JSON document; bundles stand in it as hexadecimal digits, named by their digests.
#include <string>

#include "common/json/json.h"
#include "coordinator/cli/submit.h"

namespace prov::cli {

inline constexpr const char* kPlanFormat = "provisioning-plan";
inline constexpr int kPlanVersion = 1;
inline constexpr std::size_t kMaxPlanBytes = 512 << 20;

struct SavedPlan {
  Submission submission;  // bound to the plan by its digest
  nlohmann::json answer;  // the coordinator's: lines, position, digest
  std::string infra;
  std::uint64_t made_ms = 0;
};

std::string plan_file_text(const SavedPlan& plan);
// Code::invalid: not such a file, or of another version. Code::corrupt: a bundle is not what its digest says.
Result<SavedPlan> parse_plan_file(const std::string& text, const std::string& file);

}  // namespace prov::cli
