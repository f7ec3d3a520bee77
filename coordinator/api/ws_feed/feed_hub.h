#pragma once
// From the owner's thread, where events become durable, to the io thread, where the feeds are. Nothing here can grow
// without bound or slow the owner down: the newest events are kept for those who are nearly up to date, everything
// else a client reads from the log. Of output only the fact and its last bytes are kept, per task.
#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/ports/timers.h"
#include "coordinator/domain/events.h"

namespace prov::api {

using EventPtr = std::shared_ptr<const domain::Event>;

struct OutputNews {  // the newest output of a task
  std::uint32_t attempt = 0;
  std::uint64_t offset = 0;  // of `data`
  std::string data;          // at most kNewsBytes
};
inline constexpr std::size_t kNewsBytes = 1024;

class FeedListener {  // io thread
 public:
  virtual ~FeedListener() = default;
  virtual void on_events(const std::vector<EventPtr>& news) = 0;  // perhaps not all: see FeedHub::head()
  virtual void on_output(const Id& task, const OutputNews& news) = 0;
};

class FeedHub {
 public:
  using EventJson = std::function<std::string(const domain::Event&)>;

  static constexpr std::size_t kRecentEvents = 4096;  // enough to find back after a page of the log was read
  static constexpr std::size_t kPendingEvents = 16384;
  static constexpr std::size_t kPendingTasks = 4096;

  FeedHub(Executor& io, EventJson event_json, std::uint64_t head)
      : io_(io), event_json_(std::move(event_json)), head_(head) {}

  // ---- owner's thread
  void publish(std::vector<EventPtr>&& events);  // durable, in order; at least one
  void publish_output(const Id& task, std::uint32_t attempt, std::uint64_t offset, std::string_view data);

  // ---- io thread
  void subscribe(FeedListener* listener);
  void unsubscribe(FeedListener* listener);
  std::uint64_t head() const { return head_; }  // last event published; the log has all up to it

  // The event and its frame, if it is among the newest; nullptr: read the log.
  const domain::Event* recent(std::uint64_t sequence) const;
  bool coming(std::uint64_t sequence);  // it is published and will be delivered: no need to read the log for it
  std::shared_ptr<const std::string> recent_frame(std::uint64_t sequence);  // REQUIRES: recent(sequence)

 private:
  struct Recent {
    EventPtr event;
    std::shared_ptr<const std::string> frame;  // made when the first client wants it
  };
  void schedule();  // REQUIRES: mutex_ is held
  void deliver();
  void keep(const std::vector<EventPtr>& news);

  Executor& io_;
  EventJson event_json_;
  std::atomic<std::uint64_t> head_;
  std::atomic<std::size_t> listening_ = 0;
  std::mutex mutex_;  // guards the next three
  std::vector<EventPtr> pending_;
  std::map<Id, OutputNews> pending_output_;
  bool scheduled_ = false;

  std::set<FeedListener*> listeners_;
  std::deque<Recent> recent_;  // contiguous sequences
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace prov::api
