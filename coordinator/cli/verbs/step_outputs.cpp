#include "coordinator/cli/verbs/step_outputs.h"

#include "common/json/json.h"
#include "coordinator/cli/views/render.h"

namespace prov::cli {

using nlohmann::json;

namespace {

constexpr std::size_t kOutputsPage = 10'000;

void append(json& list, json& more) {
  for (auto& one : more) list.push_back(std::move(one));
}

}  // namespace

Result<std::string> output_of_step(Client& client, const json& task) {
  if (number_in(task, "attempt") == 0) return std::string();
  const std::uint64_t total = number_in(task, "output_bytes");
  // A verdict counts what was printed; where there is none, something may have come before the doubt.
  const std::string outcome = text_in(task, "outcome");
  const bool has_verdict = outcome == "done" || outcome == "unchanged" || outcome == "failed";
  if (has_verdict && task.contains("output_bytes") && total == 0) return std::string();
  std::uint64_t offset = total > kMostOutputBytes ? total - kMostOutputBytes : 0;
  std::string output;
  while (output.size() < 2 * kMostOutputBytes) {
    auto piece = client.get_bytes("/tasks/" + path_segment(text_in(task, "id")) + "/output",
                                  {{"offset", std::to_string(offset)}});
    if (!piece) return tl::unexpected(piece.error());
    output += piece->body;
    offset += piece->body.size();
    if (piece->body.empty() || piece->header("x-output-complete") == "true") break;
  }
  return output;
}

Result<json> whole_workflow(Client& client, const std::string& workflow) {
  json whole;
  for (std::size_t offset = 0;; offset += kOutputsPage) {
    auto page = client.get("/workflows/" + path_segment(workflow),
                           {{"limit", std::to_string(kOutputsPage)}, {"offset", std::to_string(offset)}});
    if (!page) return tl::unexpected(page.error());
    if (whole.is_null()) {
      whole = std::move(*page);
    } else {
      append(whole["tasks"], (*page)["tasks"]);
      append(whole["operations"], (*page)["operations"]);
    }
    const std::uint64_t all =
        std::max(number_in(child_in(whole, "counts"), "total"), number_in(whole, "operations_total"));
    if (offset + kOutputsPage >= all) return whole;
  }
}

}  // namespace prov::cli
