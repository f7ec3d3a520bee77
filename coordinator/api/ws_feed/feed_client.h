#pragma once
// One client of the feed: every event from its cursor on, each once and in order, whether it comes from the log or
// live. There is one cursor and one rule: what the hub still holds is taken from there, everything else is read from
// the log, and nothing is read ahead of what the client takes.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/ports/timers.h"
#include "common/result.h"
#include "coordinator/api/ws_feed/feed_hub.h"
#include "coordinator/api/ws_feed/stream.h"
#include "coordinator/projection/feed_frames.h"

namespace prov::api {

struct FeedPage {
  std::vector<std::string> frames;  // of the events that pass the filter
  std::uint64_t next = 0;           // the sequence after the last one that was looked at
};

class FeedArchive {  // reader's thread
 public:
  virtual ~FeedArchive() = default;
  // Frames of the events from `from` to at most `to`; about a megabyte at once, and at least one event looked at.
  virtual Result<FeedPage> feed_page(std::uint64_t from, std::uint64_t to, const projection::FeedFilter& filter) = 0;
};

struct FeedWish {
  std::optional<std::uint64_t> from;  // everything after it; nullopt: from now
  projection::FeedFilter filter;
  bool output_tail = false;
};

class FeedClient final : public Stream, public FeedListener, public std::enable_shared_from_this<FeedClient> {
 public:
  FeedClient(FeedWish wish, FeedHub& hub, FeedArchive& archive, Executor& io, Executor& reader)
      : wish_(std::move(wish)), hub_(hub), archive_(archive), io_(io), reader_(reader) {}

  void on_open(Channel& channel) override;
  void on_drained() override;
  void on_ping_due() override;
  void on_closed() override;

  void on_events(const std::vector<EventPtr>& news) override;
  void on_output(const Id& task, const OutputNews& news) override;

 private:
  void pump();
  void read_page();
  void take_page(Result<FeedPage> page);
  void send_tails();

  static constexpr std::size_t kMaxTails = 256;

  FeedWish wish_;
  FeedHub& hub_;
  FeedArchive& archive_;
  Executor& io_;
  Executor& reader_;
  Channel* channel_ = nullptr;  // null before on_open and after on_closed
  std::uint64_t next_ = 0;      // the cursor: the first sequence that was not yet sent or filtered out
  bool reading_ = false;
  std::map<Id, OutputNews> tails_;  // wait until the client has taken the rest; newer ones replace older ones
};

}  // namespace prov::api
