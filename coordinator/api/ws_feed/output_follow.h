#pragma once
// A task's output as it appears: read from the store whenever there is news of it, so it comes whole and in order
// however fast the step prints or slowly the client reads.
#include <memory>
#include <optional>
#include <string>

#include "coordinator/api/routes/backend.h"
#include "coordinator/api/ws_feed/feed_hub.h"
#include "coordinator/api/ws_feed/stream.h"

namespace prov::api {

class OutputFollow final : public Stream, public FeedListener, public std::enable_shared_from_this<OutputFollow> {
 public:
  struct Reach {  // outlives the stream
    FeedHub& hub;
    Backend& backend;
    Archive& archive;
    History& history;
    Executor& io;
    Executor& owner;
    Executor& reader;
  };
  OutputFollow(const Id& task, std::string workspace, std::uint64_t offset, const Reach& reach)
      : task_(task), workspace_(std::move(workspace)), offset_(offset), reach_(reach) {}

  void on_open(Channel& channel) override;
  void on_drained() override { pump(); }
  void on_closed() override;

  void on_events(const std::vector<EventPtr>& news) override;
  void on_output(const Id& task, const OutputNews& news) override;

 private:
  struct TaskNow {  // as the state has it
    std::uint32_t attempt = 0;
    bool ended = false;
    Outcome outcome = Outcome::done;
    std::int32_t exit_code = 0;
  };
  // nullopt: it is not there, or in another workspace
  static std::optional<TaskNow> task_in(const domain::State& state, const Id& task, const std::string& workspace);
  void ask();
  void ask_history();  // the working set does not have it; perhaps it had it once
  void give_up(const std::string& why);
  void take(std::optional<TaskNow> now);
  void pump();
  void take_bytes(Result<std::string> bytes);
  void after_last();  // everything stored of this attempt was sent

  Id task_;
  std::string workspace_;
  std::uint64_t offset_;
  Reach reach_;
  Channel* channel_ = nullptr;
  std::uint32_t attempt_ = 0;  // whose output is being sent; 0: none was dispatched yet
  std::optional<TaskNow> now_;
  bool reading_ = false, more_ = false, asking_ = false, ask_again_ = false, history_asked_ = false;
};

}  // namespace prov::api
