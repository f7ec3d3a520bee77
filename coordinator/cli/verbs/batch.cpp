// Batches: submit a file of operations, list and count them. Their course is in course.cpp.
#include <algorithm>
#include <map>

#include "common/json/json.h"
#include "coordinator/batch/batch.h"
#include "coordinator/batch/resolve.h"
#include "coordinator/cli/infra.h"
#include "coordinator/cli/monitor.h"
#include "coordinator/cli/submit.h"
#include "coordinator/cli/verbs/documents.h"
#include "coordinator/cli/verbs/given.h"
#include "coordinator/cli/verbs/host_fit.h"
#include "coordinator/cli/verbs/verbs.h"
#include "coordinator/cli/views/render.h"
#include "coordinator/cli/workflow_list.h"

namespace prov::cli {

using nlohmann::json;

namespace {

constexpr std::size_t kMostCounted = 100'000;

struct Resolved {
  std::string workspace;
  batch::ResolvedBatch batch;
};

Result<Resolved> resolve_file(Context& context) {
  auto workspace = context.workspace();
  if (!workspace) return tl::unexpected(workspace.error());
  auto params = given_params(context);
  if (!params) return tl::unexpected(params.error());
  auto batch = batch::load_batch(absolute_path(context.world, context.call.args[0]), workspace->root, *params);
  if (!batch) return tl::unexpected(batch.error());
  if (context.call.has("infra")) batch->infra = context.call.value("infra");
  std::optional<workspace::Infra> infra;
  if (batch::needs_infra(*batch)) {
    auto loaded = load_infra(context, *workspace, batch->infra);
    if (!loaded) return tl::unexpected(loaded.error());
    infra = std::move(*loaded);
  }
  const auto finder = context.extensions(workspace->root, infra ? infra->folder : std::string());
  if (!finder) return tl::unexpected(finder.error());
  auto resolved = batch::resolve_batch(*batch, workspace->root, infra ? &*infra : nullptr, *finder);
  if (!resolved) return tl::unexpected(resolved.error());
  return Resolved{workspace->name, std::move(*resolved)};
}

std::uint64_t median(std::vector<std::uint64_t> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

Result<Exit> batch_submit(Context& context) {
  auto resolved = resolve_file(context);
  if (!resolved) return tl::unexpected(resolved.error());
  if (auto fit = check_host_fit(context, resolved->workspace, resolved->batch); !fit)
    return tl::unexpected(fit.error());
  for (const auto& note : resolved->batch.notes) context.console.say("note: " + one_line(note));
  return submit_asking(context, {resolved->workspace, "/workflows/batch/submit", batch_body(resolved->batch),
                                 std::move(resolved->batch.bundles)});
}

Result<Exit> batch_list(Context& context) { return list_workflows(context, "/workflows/batch"); }

Result<Exit> batch_stats(Context& context) {
  auto workspace = context.workspace_name_or_all();
  if (!workspace) return tl::unexpected(workspace.error());
  auto limit = context.number("limit", kMostCounted, 1, kMostCounted);
  if (!limit) return tl::unexpected(limit.error());
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  auto items = (*client)->list("/workflows/batch", {{"workspace", *workspace}}, *limit);
  if (!items) return tl::unexpected(items.error());
  std::map<std::string, std::uint64_t> outcomes;
  std::vector<std::uint64_t> took_ms;
  std::uint64_t steps = 0, undone = 0;
  for (const auto& one : *items) {
    const std::string outcome = text_in(one, "outcome");
    ++outcomes[outcome.empty() ? text_in(one, "status") : outcome];
    const std::uint64_t begin_ms = number_in(one, "submitted_ms"), end_ms = number_in(one, "ended_ms");
    if (end_ms > begin_ms) took_ms.push_back(end_ms - begin_ms);
    steps += number_in(child_in(one, "counts"), "total");
    undone += number_in(one, "rollbacks") > 0 ? 1 : 0;
  }
  const std::uint64_t median_ms = median(std::move(took_ms));
  const json document{{"batches", items->size()},
                      {"outcomes", outcomes},
                      {"steps", steps},
                      {"rolled_back", undone},
                      {"median_ms", median_ms}};
  context.print(document, [&] {
    std::vector<std::pair<std::string, std::string>> facts{{"batches", std::to_string(items->size())}};
    for (const auto& [outcome, count] : outcomes) facts.emplace_back(outcome, std::to_string(count));
    facts.emplace_back("rolled back", std::to_string(undone));
    facts.emplace_back("steps", std::to_string(steps));
    facts.emplace_back("median time", duration_text(median_ms));
    return facts_text(facts);
  });
  return Exit::ok;
}

}  // namespace prov::cli
