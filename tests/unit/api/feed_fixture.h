#pragma once
// Streams without sockets: a channel that keeps what it is given until the test drains it, and an archive over a list
// of events.
#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "common/json/json.h"
#include "coordinator/api/routes/backend.h"
#include "coordinator/api/ws_feed/feed_client.h"
#include "tests/support/record_log/fakes.h"

namespace prov::api {

class FakeChannel final : public Channel {
 public:
  struct Sent {
    bool binary;
    std::string data;
  };
  void send_text(std::shared_ptr<const std::string> text) override { add(false, *text); }
  void send_binary(std::string data) override { add(true, std::move(data)); }
  std::size_t queued_bytes() const override { return queued; }
  void close(std::uint16_t with_code, std::string with_reason) override {
    if (code == 0) code = with_code, reason = std::move(with_reason);
  }

  std::vector<nlohmann::json> texts() const {
    std::vector<nlohmann::json> out;
    for (const auto& one : sent) {
      if (!one.binary) out.push_back(nlohmann::json::parse(one.data));
    }
    return out;
  }
  std::string bytes() const {
    std::string out;
    for (const auto& one : sent) out += one.binary ? one.data : "";
    return out;
  }

  std::vector<Sent> sent;
  std::size_t queued = 0, most_queued = 0;
  std::uint16_t code = 0;
  std::string reason;

 private:
  void add(bool binary, std::string data) {
    EXPECT_EQ(code, 0) << "nothing is sent after close";
    queued += data.size();
    most_queued = std::max(most_queued, queued);
    sent.push_back({binary, std::move(data)});
  }
};

inline EventPtr workflow_event(std::uint64_t sequence, const Id& workflow = {}) {
  auto event = std::make_shared<domain::Event>();
  event->meta.sequence = sequence;
  event->meta.workspace = sequence % 3 == 0 ? "w" : "other";
  event->meta.correlation = workflow;
  event->body = domain::WorkflowEnded{.id = workflow};
  domain::Aggregate about = domain::aggregate_of(event->body);
  event->meta.aggregate_kind = about.kind;
  event->meta.aggregate_id = std::move(about.id);
  return event;
}

class ListArchive final : public FeedArchive {
 public:
  Result<FeedPage> feed_page(std::uint64_t from, std::uint64_t to, const projection::FeedFilter& filter) override {
    ++pages;
    if (broken) return fail(Code::corrupt, "commit 7 is damaged");
    FeedPage out;
    for (out.next = from; out.next <= to && out.next <= log.size() && out.next < from + page_events; ++out.next) {
      const auto& event = *log[out.next - 1];
      if (projection::passes(filter, event.meta)) {
        out.frames.push_back(projection::event_frame(out.next, R"({"from":"log"})"));
      }
    }
    return out;
  }
  std::vector<EventPtr> log;
  std::size_t page_events = 10;
  int pages = 0;
  bool broken = false;
};

class StateBackend final : public Backend {
 public:
  const domain::State& state() const override { return state_; }
  projection::AgentNow agent_now(const Key&) const override { return {}; }
  projection::PlatformFacts facts() const override { return {}; }
  void submit(const domain::Command&, const domain::Principal&, Submitted, std::vector<SideRecord>) override {}
  Result<event_log::Planned> check(const domain::Command&, const domain::Principal&) const override {
    return event_log::Planned{};
  }
  void when_durable(std::function<void()> done) override { done(); }
  void cover(std::function<void()> done) override { done(); }
  void when_ended(const Id&, std::uint64_t, std::function<void(std::optional<Outcome>)>) override {}
  domain::State state_;
};

class OutputStore final : public Archive {
 public:
  Result<EventPage> events(const EventQuery&) override { return EventPage{}; }
  Result<std::string> state_at(std::uint64_t, std::optional<std::uint64_t>) override { return std::string(); }
  Result<std::string> verify() override { return std::string(); }
  Result<bool> has_blob(const Digest&) override { return false; }
  Result<std::uint64_t> output_bytes(const Id&, std::uint32_t attempt) override { return stored[attempt].size(); }
  Result<std::string> output(const Id&, std::uint32_t attempt, std::uint64_t offset, std::size_t limit) override {
    const std::string& all = stored[attempt];
    return offset < all.size() ? all.substr(offset, std::min(limit, piece)) : std::string();
  }
  std::map<std::uint32_t, std::string> stored;
  std::size_t piece = 1000;
};

class PastStates final : public History {
 public:
  Result<event_log::HistoryPage> page(const event_log::HistoryQuery&) override { return event_log::HistoryPage{}; }
  Result<std::shared_ptr<const domain::State>> one(const Id& workflow) override {
    ++asked;
    if (broken) return fail(Code::corrupt, "commit 7 is damaged");
    const auto found = states.find(workflow);
    return found == states.end() ? nullptr : found->second;
  }
  std::map<Id, std::shared_ptr<const domain::State>> states;
  int asked = 0;
  bool broken = false;
};

class FeedFixture : public testing::Test {
 protected:
  void publish(const Id& workflow = {}) {
    archive.log.push_back(workflow_event(archive.log.size() + 1, workflow));
    hub.publish({archive.log.back()});
  }
  void settle() {
    while (io.run_one() || reader.run_one()) continue;
  }
  void drain(FakeChannel& channel, Stream& stream) {
    channel.queued = 0;
    stream.on_drained();
  }
  std::shared_ptr<FeedClient> client(FeedWish wish) {
    return std::make_shared<FeedClient>(std::move(wish), hub, archive, io, reader);
  }
  static std::vector<std::uint64_t> sequences(const FakeChannel& channel) {
    std::vector<std::uint64_t> out;
    static constexpr std::string_view kEvent = R"({"kind":"event","sequence":)";  // without parsing what follows
    for (const auto& one : channel.sent) {
      if (one.data.starts_with(kEvent)) out.push_back(std::stoull(one.data.substr(kEvent.size(), 20)));
    }
    return out;
  }

  test::ManualExecutor io, reader;
  ListArchive archive;
  std::size_t live_bytes = 10;  // of an event's JSON when it comes live
  FeedHub hub{io, [this](const domain::Event&) { return "\"" + std::string(live_bytes, 'x') + "\""; }, 0};
};

}  // namespace prov::api
