#pragma once
// Workflows of all time, as routes and feeds ask for them. Each instance belongs to one reader's thread. It keeps the
// workflow that was folded last: whoever looks at a large one asks for it page by page.
#include <memory>

#include "common/ports/record_log.h"
#include "coordinator/api/routes/backend.h"

namespace prov::api {

class LogHistory final : public History {
 public:
  explicit LogHistory(RecordLog& log) : log_(log) {}

  Result<event_log::HistoryPage> page(const event_log::HistoryQuery& query) override;
  Result<std::shared_ptr<const domain::State>> one(const Id& workflow) override;
  void forget() { kept_ = nullptr; }  // nobody has asked for a while

 private:
  RecordLog& log_;
  Id kept_id_;
  std::uint64_t kept_at_ = 0;  // the last commit that it was folded from
  std::shared_ptr<const domain::State> kept_;
};

}  // namespace prov::api
