#pragma once
// The routes over the real domain, without a log, a server or a thread: every answer is there when call() returns.
#include <map>

#include "common/hash.h"
#include "common/json/json.h"
#include "coordinator/api/routes/router.h"
#include "tests/unit/domain/harness.h"

namespace prov::api {

inline const domain::Principal kOwner{"uid:0", "peer", domain::Transport::unix_socket};
inline const domain::Principal kStranger{"uid:1000", "peer", domain::Transport::unix_socket};
inline const std::string kToken = "prov_0123456789abcdef0123456789abcdef";

class InlineExecutor final : public Executor {
 public:
  void post(std::function<void()> work) override { work(); }
};

class CountingRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (auto& byte : out) byte = static_cast<std::uint8_t>(++n_ * 37);
  }

 private:
  std::uint32_t n_ = 0;
};

class FakeBackend final : public Backend {
 public:
  const domain::State& state() const override { return platform.state; }
  projection::AgentNow agent_now(const Key&) const override { return {true, 5, 1}; }
  projection::PlatformFacts facts() const override { return platform_facts; }

  void submit(const domain::Command& command, const domain::Principal& who, Submitted reply,
              std::vector<SideRecord> sides) override {
    submitted.push_back(command);
    sides_written += sides.size();
    if (auto allowed = domain::authorize({{"uid:0"}}, who, command); !allowed) {
      return reply(tl::unexpected(allowed.error()));
    }
    if (refuse_with) return reply(tl::unexpected(*refuse_with));
    if (const auto known = remembered.find(command.id); known != remembered.end()) {
      auto again = known->second;
      again.repeated = true;
      return reply(again);
    }
    if (command.plan && *command.plan != check(command, who)->digest) {
      return reply(fail(Code::conflict, "the plan does not hold any more"));
    }
    auto events = platform.give(command.body, command.workspace, command.id);
    if (!events) return reply(tl::unexpected(events.error()));
    domain::Answer answer;
    for (const auto& event : *events) {
      answer.sequence = event.meta.sequence;
      if (const auto* made = std::get_if<domain::WorkflowSubmitted>(&event.body)) answer.made = made->id;
      if (const auto* made = std::get_if<domain::JoinTokenCreated>(&event.body)) answer.made = made->id;
    }
    remembered[command.id] = answer;
    reply(answer);
  }

  Result<event_log::Planned> check(const domain::Command& command, const domain::Principal& who) const override {
    if (auto allowed = domain::authorize({{"uid:0"}}, who, command); !allowed) {
      return tl::unexpected(allowed.error());
    }
    auto events = domain::decide(platform.state, command, {platform.now_ms, [] { return Id{{42}}; }});
    if (!events) return tl::unexpected(events.error());
    const Digest digest = event_log::plan_digest(command.workspace, *events, platform.now_ms);
    return event_log::Planned{std::move(*events), digest, platform.state.log_id, platform.state.sequence};
  }

  void when_durable(std::function<void()> done) override {
    ++gates;
    done();
  }

  void cover(std::function<void()> done) override {
    ++covers;
    done();
  }

  void when_ended(const Id& workflow, std::uint64_t within_ms,
                  std::function<void(std::optional<Outcome>)> done) override {
    waits.emplace_back(workflow, within_ms);
    done(ends_with);
  }

  domain::Platform platform;
  projection::PlatformFacts platform_facts;
  std::vector<domain::Command> submitted;
  std::map<Id, domain::Answer> remembered;
  std::vector<std::pair<Id, std::uint64_t>> waits;
  std::optional<Outcome> ends_with;  // what who waits is told
  std::optional<Error> refuse_with;
  std::size_t sides_written = 0;
  int gates = 0, covers = 0;
};

class FakeArchive final : public Archive {
 public:
  Result<EventPage> events(const EventQuery& query) override {
    asked = query;
    return EventPage{{R"({"sequence":1})", R"({"sequence":2})"}, 3};
  }
  Result<std::string> state_at(std::uint64_t sequence, std::optional<std::uint64_t> to) override {
    return R"({"at":)" + std::to_string(sequence) + R"(,"to":)" + (to ? std::to_string(*to) : "null") + "}";
  }
  Result<std::string> verify() override { return std::string(R"({"ok":true})"); }
  Result<bool> has_blob(const Digest& digest) override { return blobs.contains(digest); }
  Result<std::uint64_t> output_bytes(const Id& task, std::uint32_t attempt) override {
    return outputs[{task, attempt}].size();
  }
  Result<std::string> output(const Id& task, std::uint32_t attempt, std::uint64_t offset, std::size_t limit) override {
    return outputs[{task, attempt}].substr(offset, limit);
  }

  EventQuery asked;
  std::set<Digest> blobs;
  std::map<std::pair<Id, std::uint32_t>, std::string> outputs;
};

class FakeHistory final : public History {
 public:
  Result<event_log::HistoryPage> page(const event_log::HistoryQuery& query) override {
    asked = query;
    if (refuse_with) return tl::unexpected(*refuse_with);
    return next;
  }
  Result<std::shared_ptr<const domain::State>> one(const Id& workflow) override {
    if (refuse_with) return tl::unexpected(*refuse_with);
    const auto found = states.find(workflow);
    return found == states.end() ? nullptr : found->second;
  }

  event_log::HistoryQuery asked;
  event_log::HistoryPage next;
  std::map<Id, std::shared_ptr<const domain::State>> states;
  std::optional<Error> refuse_with;
};

class ApiTest : public testing::Test {
 protected:
  struct Answer {
    Response response;
    nlohmann::json json;  // null when the body is no JSON
    int status() const { return response.status; }
    std::string code() const { return json["error"]["code"]; }
    std::string message() const { return json["error"]["message"]; }
    const nlohmann::json& data() const { return json["data"]; }
    std::string header(const std::string& name) const {
      for (const auto& [key, value] : response.headers) {
        if (key == name) return value;
      }
      return {};
    }
  };

  Answer call(Method method, const std::string& target, const std::string& body = {}, const std::string& key = {}) {
    Head head;
    head.method = method;
    head.target = target;
    head.peer = kOwner;
    head.idempotency_key = key;
    return send(head, body);
  }

  Answer send(const Head& head, const std::string& body = {}) {
    std::optional<Response> got;
    auto admitted = router.admit(head);
    if (auto* refused = std::get_if<Response>(&admitted)) {
      got = std::move(*refused);
    } else {
      router.handle(std::move(std::get<Admitted>(admitted)), body, [&](Response response) {
        EXPECT_FALSE(got.has_value()) << "answered twice";
        got = std::move(response);
      });
    }
    EXPECT_TRUE(got.has_value()) << "no answer to " << head.target;
    Answer out;
    if (got) out.response = std::move(*got);
    out.json = nlohmann::json::parse(body_text(out.response), nullptr, false);
    if (out.json.is_discarded()) out.json = nullptr;
    return out;
  }

  FakeBackend backend;
  FakeArchive archive;
  FakeHistory history;
  InlineExecutor executor;
  CountingRandom random;
  std::vector<std::string> backups;
  int stops = 0;
  Services services{backend,
                    archive,
                    history,
                    executor,
                    executor,
                    random,
                    domain::Policy{{"uid:0"}},
                    [this](const std::string& folder, const std::function<void(Result<BackupDone>)>& done) {
                      backups.push_back(folder);
                      done(BackupDone{folder, 7, 100});
                    },
                    [this] { ++stops; }};
  Router router{services, [](std::string_view token) -> std::optional<domain::Principal> {
                  if (token != kToken) return std::nullopt;
                  return domain::Principal{"uid:0", "token:1", domain::Transport::tcp};
                }};
};

}  // namespace prov::api
