// Workflows of all time: the page of a list, and what they add up to.
#include <utility>

#include "common/json/json.h"
#include "coordinator/api/routes/handlers.h"
#include "coordinator/api/routes/past.h"
#include "coordinator/projection/workflow_stats.h"
#include "coordinator/projection/workflows.h"

namespace prov::api {

using event_log::HistoryEntry;
using event_log::HistoryQuery;
using nlohmann::json;

namespace {

constexpr std::size_t kStatsNewest = 1000;
constexpr std::size_t kMaxStatsNewest = 10'000;

struct Item {
  Id id;
  json shown;  // null: the log does not have its end, so the working set has the word
};
struct Page {
  std::vector<Item> items;
  json next_before;
};
using PagePtr = std::shared_ptr<Page>;

json shown(const HistoryEntry& entry) {
  const auto& begun = entry.submission;
  domain::Workflow head;
  head.id = entry.id;
  head.workspace = begun.workspace;
  head.kind = begun.kind;
  head.name = begun.name;
  head.infra = begun.infra;
  head.submitted_ms = begun.at.log_time_ms;
  head.ended = true;
  head.ended_ms = entry.end->at.log_time_ms;
  head.outcome = entry.end->event.outcome;
  head.cancelling = entry.cancelling;
  head.rolls_back = begun.rolls_back;
  head.rollbacks = entry.rollbacks;
  head.retries = entry.retries;
  projection::TaskCounts counts;
  counts.total = begun.tasks;
  counts.done = entry.end->event.done;
  counts.failed = entry.end->event.failed;
  counts.skipped = entry.end->event.skipped;
  counts.in_doubt = entry.end->event.in_doubt;
  counts.not_delivered = entry.end->event.not_delivered;
  return projection::workflow(head, begun.operations, counts);
}

Result<json> folded(History& history, const Id& id) {
  auto state = history.one(id);
  if (!state) return tl::unexpected(state.error());
  if (*state == nullptr) return fail(Code::corrupt, "the index names workflow " + to_text(id) + ", the log does not");
  return projection::workflow((*state)->workflows.at(id));
}

Result<Page> read_page(History& history, const HistoryQuery& wish) {  // reader's thread
  auto found = history.page(wish);
  if (!found) return tl::unexpected(found.error());
  Page out;
  if (found->next_before) out.next_before = *found->next_before;
  for (const HistoryEntry& entry : found->items) {
    Item item{entry.id, nullptr};
    if (entry.revised) {
      auto counted = folded(history, entry.id);
      if (!counted) return tl::unexpected(counted.error());
      item.shown = std::move(*counted);
    } else if (entry.end) {
      item.shown = shown(entry);
    }
    out.items.push_back(std::move(item));
  }
  return out;
}

void answer_page(const CallPtr& call, Page& page) {
  json items = json::array();
  for (Item& item : page.items) items.push_back(std::move(item.shown));
  const std::size_t total = items.size();
  call->answer(ok({{"items", std::move(items)}, {"total", total}, {"next_before", std::move(page.next_before)}}));
}

// What had not ended when the page was read and was gone from the working set when that was asked: it has ended since.
void fill_gaps(const CallPtr& call, const PagePtr& page) {  // reader's thread
  for (Item& item : page->items) {
    if (!item.shown.is_null()) continue;
    auto now = folded(call->services.history, item.id);
    if (!now) return call->refuse(now.error());
    item.shown = std::move(*now);
  }
  answer_page(call, *page);
}

void add_what_runs(const CallPtr& call, const PagePtr& page) {  // owner's thread
  const domain::State& state = call->services.backend.state();
  bool gaps = false;
  for (Item& item : page->items) {
    if (!item.shown.is_null()) continue;
    const domain::Workflow* found = domain::find_workflow(state, item.id);
    found == nullptr ? void(gaps = true) : void(item.shown = projection::workflow(*found));
  }
  when_durable(call, [call, page, gaps] {
    if (!gaps) return answer_page(call, *page);
    on_reader(call, [call, page] { fill_gaps(call, page); });
  });
}

HistoryQuery history_query(QueryFields& query) {
  HistoryQuery wish;
  wish.workspace = query.name("workspace");
  wish.before = query.number("before", 0, UINT64_MAX, UINT64_MAX);
  wish.before_ms = query.number("before_ms", 0, UINT64_MAX, UINT64_MAX);
  return wish;
}

}  // namespace

void with_past(const CallPtr& call, const Id& any, const std::string& workspace, const Error& none,
               std::function<void(const domain::State&)> work) {
  when_durable(call, [=, id = workflow_id(any), work = std::move(work)] {
    on_reader(call, [=] {
      auto state = call->services.history.one(id);
      if (!state) return call->refuse(state.error());
      const bool there = *state != nullptr && (workspace.empty() || (*state)->workflows.at(id).workspace == workspace);
      there ? work(**state) : call->refuse(none);
    });
  });
}

void get_workflow_history(const CallPtr& call) {
  QueryFields query(call->asked.target);
  HistoryQuery wish = history_query(query);
  wish.limit = query.number("limit", 1, 1000, 50);
  const std::string status = query.text("status");
  if (!status.empty() && status != "ended") query.refuse("status", "is ended here: what runs is in GET /workflows");
  if (!status.empty()) wish.ended = true;
  if (query.error()) return call->refuse(*query.error());
  on_reader(call, [call, wish] {
    auto page = read_page(call->services.history, wish);
    if (!page) return call->refuse(page.error());
    auto shared = std::make_shared<Page>(std::move(*page));
    on_owner(call, [call, shared] { add_what_runs(call, shared); });
  });
}

void get_workflow_stats(const CallPtr& call) {
  QueryFields query(call->asked.target);
  HistoryQuery wish = history_query(query);
  wish.limit = query.number("newest", 1, kMaxStatsNewest, kStatsNewest);
  if (query.error()) return call->refuse(*query.error());
  on_reader(call, [call, wish] {
    auto page = call->services.history.page(wish);
    if (!page) return call->refuse(page.error());
    std::vector<projection::RunFacts> runs;
    for (const HistoryEntry& entry : page->items) {
      projection::RunFacts run{entry.submission.kind, entry.submission.at.log_time_ms, {}, 0};
      if (entry.end) run.outcome = entry.end->event.outcome;
      if (entry.end) run.took_ms = entry.end->at.log_time_ms - run.submitted_ms;
      runs.push_back(std::move(run));
    }
    call->answer(ok(projection::workflow_stats(runs)));
  });
}

}  // namespace prov::api
