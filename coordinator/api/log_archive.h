#pragma once
// The log's store as the routes and feeds read it. Each instance belongs to one reader's thread; only what is durable
// is ever seen.
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "common/ports/record_log.h"
#include "coordinator/api/routes/backend.h"
#include "coordinator/api/ws_feed/feed_client.h"
#include "coordinator/event_log/commit.h"

namespace prov::api {

struct AuditFunctions {  // of coordinator/audit; JSON texts. Reader's thread
  std::function<Result<std::string>(std::uint64_t at, std::optional<std::uint64_t> to)> state;
  std::function<Result<std::string>()> verify;
};

class LogArchive final : public Archive, public FeedArchive {
 public:
  LogArchive(RecordLog& log, AuditFunctions audit) : log_(log), audit_(std::move(audit)) {}

  Result<EventPage> events(const EventQuery& query) override;
  Result<std::string> state_at(std::uint64_t sequence, std::optional<std::uint64_t> to) override;
  Result<std::string> verify() override { return audit_.verify(); }
  Result<bool> has_blob(const Digest& digest) override;
  Result<std::uint64_t> output_bytes(const Id& task, std::uint32_t attempt) override;
  Result<std::string> output(const Id& task, std::uint32_t attempt, std::uint64_t offset, std::size_t limit) override;
  Result<FeedPage> feed_page(std::uint64_t from, std::uint64_t to, const projection::FeedFilter& filter) override;

 private:
  struct Steps;                                                                  // of one attempt's output
  using EventVisitor = std::function<bool(const domain::Event& event)>;          // false: enough
  using ViewVisitor = std::function<Result<bool>(const event_log::EventView&)>;  // the same

  // The first commit that ends at or after both; last_commit() + 1 when none does.
  Result<std::uint64_t> commit_at(std::uint64_t sequence, TimeMs time_ms);
  Result<void> visit(std::uint64_t first_commit, std::uint64_t last_commit, const EventVisitor& visit);
  Result<void> visit_views(std::uint64_t first_commit, std::uint64_t last_commit, const ViewVisitor& visit);
  Result<EventPage> first_events(const EventQuery& query);
  Result<EventPage> newest_events(const EventQuery& query);

  RecordLog& log_;
  AuditFunctions audit_;
  std::map<std::uint64_t, std::uint64_t> hints_;  // sequence -> the commit to find it in: where feeds will go on
};

}  // namespace prov::api
