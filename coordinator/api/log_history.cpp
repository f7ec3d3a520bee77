#include "coordinator/api/log_history.h"

namespace prov::api {

Result<event_log::HistoryPage> LogHistory::page(const event_log::HistoryQuery& query) {
  return event_log::read_history(log_, query);
}

Result<std::shared_ptr<const domain::State>> LogHistory::one(const Id& workflow) {
  const auto last = event_log::last_commit_of(log_, workflow);
  if (!last) return tl::unexpected(last.error());
  if (kept_ != nullptr && kept_id_ == workflow && kept_at_ == *last) return kept_;
  kept_ = nullptr;  // before the next one is made: two large ones need not be there at once
  auto folded = event_log::fold_workflow(log_, workflow);
  if (!folded) return folded;
  kept_ = *folded;
  kept_id_ = workflow;
  kept_at_ = *last;
  return folded;
}

}  // namespace prov::api
