// Workflows of all time: listed page by page, and what they add up to.

#include "common/json/json.h"
#include "common/time.h"
#include "coordinator/cli/verbs/verbs.h"
#include "coordinator/cli/views/render.h"
#include "coordinator/cli/workflow_list.h"

namespace prov::cli {

using nlohmann::json;

namespace {

constexpr std::size_t kHistoryPage = 1000;
constexpr std::uint64_t kMaxStats = 10'000;

// --before: an event's number, or a time.
Result<void> add_before(const Context& context, Query& query) {
  if (!context.call.has("before")) return {};
  const std::string given = context.call.value("before");
  if (const auto time_ms = parse_iso8601(given)) {
    query.emplace_back("before_ms", std::to_string(*time_ms));
    return {};
  }
  auto number = context.number("before", 0, 0, UINT64_MAX);
  if (!number) {
    number.error().hint = "a time such as 2026-01-31T23:59:59Z, or the number that the last page named";
    return tl::unexpected(number.error());
  }
  query.emplace_back("before", given);
  return {};
}

Result<Query> history_query(Context& context) {
  auto workspace = context.workspace_name_or_all();
  if (!workspace) return tl::unexpected(workspace.error());
  Query query{{"workspace", *workspace}};
  if (auto added = add_before(context, query); !added) return tl::unexpected(added.error());
  return query;
}

// The same command, for what comes behind the page that it gave.
std::string again_before(const Context& context, const std::string& next) {
  std::string out = "provisioning workflow history --before " + next;
  if (context.call.has("limit")) out += " --limit " + context.call.value("limit");
  if (context.call.has("all")) out += " --all";
  if (context.call.has("workspace")) out += " --workspace " + context.call.value("workspace");
  return out;
}

std::string count_text(const json& outcomes, std::string_view name) {
  const std::string text = text_in(outcomes, name);
  return text.empty() ? "0" : text;
}

std::string length_text(const json& row, std::string_view field) {
  return child_in(row, field).is_null() ? std::string() : duration_text(number_in(row, field));
}

std::string stats_table(const json& kinds, const Console& console) {
  Table table({"KIND", "RUNS", "RUNNING", "DONE", "FAILED", "CANCELLED", "IN DOUBT", "MEDIAN", "LONGEST"});
  for (const auto& row : kinds) {
    const json& outcomes = child_in(row, "outcomes");
    const std::string failed = count_text(outcomes, "failed");
    table.add({{text_in(row, "kind"), Colour::bold},
               {text_in(row, "total")},
               {text_in(row, "running")},
               {count_text(outcomes, "done")},
               {failed, failed == "0" ? Colour::plain : Colour::red},
               {count_text(outcomes, "cancelled")},
               {count_text(outcomes, "in doubt")},
               {length_text(row, "median_ms")},
               {length_text(row, "longest_ms")}});
  }
  return table.text(console);
}

}  // namespace

Result<json> workflow_history_page(Client& client, Query query, std::size_t limit) {
  json items = json::array(), next;
  const Query fixed = query;
  for (;;) {
    query.emplace_back("limit", std::to_string(std::min(kHistoryPage, limit - items.size())));
    auto page = client.get("/workflows/history", query);
    if (!page) return tl::unexpected(page.error());
    for (const auto& item : child_in(*page, "items")) items.push_back(item);
    next = child_in(*page, "next_before");
    if (next.is_null() || items.size() >= limit) break;
    query = {fixed.front(), {"before", text_in(*page, "next_before")}};
  }
  const std::size_t total = items.size();
  return json{{"items", std::move(items)}, {"total", total}, {"next_before", std::move(next)}};
}

Result<Exit> workflow_history(Context& context) {
  auto limit = context.number("limit", 20, 1, 100'000);
  if (!limit) return tl::unexpected(limit.error());
  auto query = history_query(context);
  if (!query) return tl::unexpected(query.error());
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  auto page = workflow_history_page(**client, *query, *limit);
  if (!page) return tl::unexpected(page.error());
  context.print(*page, [&] { return workflow_table(context, child_in(*page, "items")); });
  const std::string next = text_in(*page, "next_before");
  if (!next.empty()) context.console.say("older ones: " + again_before(context, next));
  return Exit::ok;
}

Result<Exit> workflow_stats(Context& context) {
  auto newest = context.number("limit", 1000, 1, kMaxStats);
  if (!newest) return tl::unexpected(newest.error());
  auto query = history_query(context);
  if (!query) return tl::unexpected(query.error());
  query->emplace_back("newest", std::to_string(*newest));
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  auto stats = (*client)->get("/workflows/stats", *query);
  if (!stats) return tl::unexpected(stats.error());
  context.print(*stats, [&] {
    return stats_table(child_in(*stats, "kinds"), context.console) + "\n" +
           facts_text({{"workflows", text_in(*stats, "total")},
                       {"submitted",
                        time_text(number_in(*stats, "since_ms")) + " to " + time_text(number_in(*stats, "until_ms"))}});
  });
  return Exit::ok;
}

}  // namespace prov::cli
