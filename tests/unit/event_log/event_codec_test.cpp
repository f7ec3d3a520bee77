#include "coordinator/event_log/event_codec.h"
#include "common/json/json.h"

#include <gtest/gtest.h>

#include <random>

#include "coordinator/event_log/event_json.h"
#include "tests/support/record_log/any_event.h"

namespace prov::event_log {
namespace {

using test::AnyEvent;
using Json = nlohmann::ordered_json;
constexpr std::size_t kTypes = domain::kEventTypes - 1;

// Paths of leaves that hold nothing, but for those that rightly may.
void find_empty(const Json& value, const std::string& path, std::vector<std::string>& out) {
  if (value.is_structured() && !value.empty()) {
    for (const auto& [key, inner] : value.items()) find_empty(inner, path + "/" + key, out);
    return;
  }
  const bool empty = value.empty() || value == "" || value == 0 || value == false;
  const bool may_be = path.find("/depends_on") != std::string::npos || path.ends_with("/noop") ||
                      path.ends_with("/operations/0/first_task");
  if (empty && !may_be) out.push_back(path + " = " + value.dump());
}

TEST(EventCodec, CarriesEveryFieldOfEveryType) {
  for (std::size_t type = 1; type <= kTypes; ++type) {
    const domain::Event event = AnyEvent(type, true).of_type(type);
    ASSERT_EQ(event.body.index(), type);
    const std::string bytes = encode_event(event);
    const auto back = decode_event(bytes);
    ASSERT_TRUE(back) << domain::name_of(event.body) << ": " << back.error().message;
    EXPECT_EQ(encode_event(*back), bytes) << domain::name_of(event.body);
    // What encoding or decoding left out is empty in the decoded event, or gone from it.
    const Json json = event_to_json(*back);
    std::vector<std::string> empty;
    find_empty(json["body"], domain::name_of(event.body), empty);
    if (domain::aggregate_of(event.body).kind != domain::AggregateKind::platform) find_empty(json, "", empty);
    EXPECT_EQ(empty, std::vector<std::string>()) << json.dump(2);
  }
}

TEST(EventCodec, AnyContentsComeBack) {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    const domain::Event event = AnyEvent(seed).any();
    const std::string bytes = encode_event(event);
    ASSERT_EQ(bytes.size() % 8, 0U);
    const auto back = decode_event(bytes);
    ASSERT_TRUE(back) << "seed " << seed << ": " << back.error().message;
    ASSERT_EQ(back->body.index(), event.body.index()) << "seed " << seed;
    ASSERT_EQ(encode_event(*back), bytes) << "seed " << seed;
    ASSERT_EQ(event_to_json(*back), event_to_json(event)) << "seed " << seed;
  }
}

TEST(EventCodec, AWorkflowComesBackAsItWas) {
  std::size_t operations = 0, undos = 0;
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    const domain::Event event = AnyEvent(seed).of_type(20);
    const auto back = decode_event(encode_event(event));
    ASSERT_TRUE(back) << "seed " << seed << ": " << back.error().message;
    const auto& before = std::get<domain::WorkflowSubmitted>(event.body);
    const auto& after = std::get<domain::WorkflowSubmitted>(back->body);
    ASSERT_EQ(after.operations, before.operations) << "seed " << seed;
    ASSERT_EQ(after.tasks, before.tasks) << "seed " << seed;
    operations += after.operations.size();
    for (const domain::TaskPlan& plan : after.tasks) undos += plan.undo != nullptr ? 1 : 0;
  }
  EXPECT_GT(operations, 500U);
  EXPECT_GT(undos, 500U);
}

TEST(EventCodec, WhatIsNotSaidHasTheValuesOfTheDomain) {
  domain::WorkflowSubmitted submitted;
  domain::OperationPlan operation;
  operation.task_count = 1;
  submitted.tasks = std::vector<domain::TaskPlan>(1);
  submitted.operations = std::vector<domain::OperationPlan>{operation};
  domain::Event event;
  event.body = submitted;
  const auto back = decode_event(encode_event(event));
  ASSERT_TRUE(back);
  EXPECT_EQ(std::get<domain::WorkflowSubmitted>(back->body).operations, submitted.operations);
  EXPECT_EQ(std::get<domain::WorkflowSubmitted>(back->body).tasks, submitted.tasks);
  const Json json = event_to_json(*back)["body"];
  EXPECT_EQ(json["tasks"][0]["undo"], nullptr);
  EXPECT_EQ(json["operations"][0]["retry"], nullptr);
  EXPECT_EQ(json["operations"][0]["on_failure"], "continue");
}

TEST(EventCodec, UnalignedBytesDecode) {
  const domain::Event event = AnyEvent(7, true).of_type(20);
  for (std::size_t shift = 0; shift < 8; ++shift) {
    const std::string padded = std::string(shift, 'x') + encode_event(event);
    const auto back = decode_event(std::string_view(padded).substr(shift));
    ASSERT_TRUE(back);
    EXPECT_EQ(encode_event(*back), encode_event(event));
  }
}

TEST(EventCodec, AnEncoderLeavesNothingBehind) {
  EventEncoder encoder;
  std::string all, expected;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const domain::Event event = AnyEvent(seed).any();
    encoder.append_to(all, event);
    expected += encode_event(event);
  }
  EXPECT_EQ(all, expected);
}

TEST(EventCodec, ALargeWorkflowComesBack) {
  domain::WorkflowSubmitted submitted;
  std::vector<domain::TaskPlan> tasks;
  for (std::uint32_t i = 0; i < 20000; ++i) {
    domain::TaskPlan plan;
    plan.name = "task " + std::to_string(i);
    plan.server = "host";
    if (i > 0) plan.depends_on = {i - 1};
    tasks.push_back(plan);
  }
  submitted.tasks = std::move(tasks);
  domain::Event event;
  event.body = submitted;
  const auto back = decode_event(encode_event(event));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(std::get<domain::WorkflowSubmitted>(back->body).tasks, submitted.tasks);
}

TEST(EventCodec, WhatALaterReleaseWroteIsUnknownAndKeepsItsBytes) {
  domain::Event event = AnyEvent(1, true).of_type(6);
  event.body = domain::UnknownEvent{900, 3, "whatever it means"};
  const auto later_type = decode_event(encode_event(event));
  ASSERT_TRUE(later_type);
  EXPECT_EQ(std::get<domain::UnknownEvent>(later_type->body).payload, "whatever it means");
  EXPECT_EQ(encode_event(*later_type), encode_event(event));

  event.body = domain::UnknownEvent{25, 2, "a payload of the second version"};
  const auto later_version = decode_event(encode_event(event));
  ASSERT_TRUE(later_version);
  EXPECT_EQ(std::get<domain::UnknownEvent>(later_version->body).type, 25);
  EXPECT_EQ(event_to_json(*later_version)["type"], "Unknown25");
}

TEST(EventCodec, AValueThatALaterReleaseAddedIsUnknown) {
  domain::Event event = AnyEvent(1, true).of_type(25);
  std::get<domain::TaskEnded>(event.body).outcome = static_cast<Outcome>(99);
  const auto back = decode_event(encode_event(event));
  ASSERT_TRUE(back);
  EXPECT_EQ(std::get<domain::UnknownEvent>(back->body).type, 25);
  EXPECT_EQ(encode_event(*back), encode_event(event));
}

TEST(EventCodec, AKnownPayloadThatDoesNotDecodeIsCorrupt) {
  domain::Event event = AnyEvent(1, true).of_type(25);
  event.body = domain::UnknownEvent{25, 1, "no message at all"};
  const auto back = decode_event(encode_event(event));
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code, Code::corrupt);
}

// What a workflow consists of, while it is being made.
struct Work {
  std::vector<domain::TaskPlan> tasks;
  std::vector<domain::OperationPlan> operations;

  domain::WorkflowSubmitted submitted() const {
    domain::WorkflowSubmitted e;
    e.tasks = tasks;
    e.operations = operations;
    return e;
  }
};

// Three operations of three, two and no tasks.
Work three_operations() {
  Work e;
  e.tasks.resize(5);
  e.tasks[1].depends_on = {0};
  e.tasks[4].depends_on = {3};
  e.operations.resize(3);
  for (std::size_t i = 0; i < 3; ++i) e.operations[i].id = std::to_string(i);
  e.operations[0].task_count = 3;
  e.operations[0].waves = {1, 3};
  e.operations[1].first_task = 3;
  e.operations[1].task_count = 2;
  e.operations[1].depends_on = {{0, domain::DependencyKind::soft}};
  e.operations[2].first_task = 5;
  e.operations[2].depends_on = {{0, {}}, {1, {}}};
  return e;
}

bool decodes(domain::EventBody body) {
  domain::Event event;
  event.body = std::move(body);
  const auto back = decode_event(encode_event(event));
  EXPECT_TRUE(back || back.error().code == Code::corrupt);
  return back.has_value();
}

TEST(EventCodec, AWorkflowWhosePartsDoNotFitIsCorrupt) {
  using Change = void (*)(Work&);
  const std::vector<std::pair<const char*, Change>> changes{
      {"a task depends on itself", [](auto& e) { e.tasks[1].depends_on = {1}; }},
      {"a task depends on a later one", [](auto& e) { e.tasks[0].depends_on = {1}; }},
      {"a task depends on one of another operation", [](auto& e) { e.tasks[3].depends_on = {2}; }},
      {"an operation depends on itself",
       [](auto& e) {
         e.operations[1].depends_on = {{1, {}}};
       }},
      {"an operation depends on a later one",
       [](auto& e) {
         e.operations[0].depends_on = {{2, {}}};
       }},
      {"two operations have one id", [](auto& e) { e.operations[2].id = "0"; }},
      {"a task belongs to no operation", [](auto& e) { e.tasks.emplace_back(); }},
      {"a task belongs to two operations", [](auto& e) { e.operations[1].first_task = 2; }},
      {"a task between two operations", [](auto& e) { e.operations[0].task_count = 2, e.operations[0].waves = {}; }},
      {"tasks that are not there", [](auto& e) { e.operations[2].task_count = 1; }},
      {"more tasks than a number holds", [](auto& e) { e.operations[1].task_count = 0xffffffff; }},
      {"a wave of nothing",
       [](auto& e) {
         e.operations[0].waves = {0, 3};
       }},
      {"waves that fall",
       [](auto& e) {
         e.operations[0].waves = {2, 2, 3};
       }},
      {"waves that end too early",
       [](auto& e) {
         e.operations[0].waves = {1, 2};
       }},
      {"waves that end too late",
       [](auto& e) {
         e.operations[0].waves = {1, 4};
       }},
      {"a priority too high", [](auto& e) { e.operations[0].priority = 101; }},
      {"a priority too low", [](auto& e) { e.operations[0].priority = -101; }},
      {"more jitter than delay", [](auto& e) { e.operations[0].retry.jitter_percent = 101; }},
  };
  EXPECT_TRUE(decodes(three_operations().submitted()));
  for (const auto& [what, change] : changes) {
    Work e = three_operations();
    change(e);
    EXPECT_FALSE(decodes(e.submitted())) << what;
  }
}

TEST(EventCodec, WithoutOperationsTasksOnlyPointBack) {
  Work e;
  e.tasks.resize(2);
  e.tasks[1].depends_on = {0};
  EXPECT_TRUE(decodes(e.submitted()));
  e.tasks[0].depends_on = {1};
  EXPECT_FALSE(decodes(e.submitted()));
}

TEST(EventCodec, OutputsAreNamedAndInOrder) {
  const auto fine = [](domain::Pairs outputs) {
    domain::TaskEnded ended;
    ended.outputs = std::move(outputs);
    return decodes(ended);
  };
  EXPECT_TRUE(fine({{"a", ""}, {"a_1", "{{x}}\n"}, {"b", "2"}}));
  EXPECT_TRUE(fine({{std::string(64, 'a'), "1"}}));
  for (const std::string& name : {std::string(), std::string("1a"), std::string("_a"), std::string("A"),
                                  std::string("a.b"), std::string("a-b"), std::string(65, 'a')}) {
    EXPECT_FALSE(fine({{name, "1"}})) << name;
  }
  EXPECT_FALSE(fine({{"b", "1"}, {"a", "2"}})) << "not sorted";
  EXPECT_FALSE(fine({{"a", "1"}, {"a", "2"}})) << "twice";
}

TEST(EventCodec, TheCourseOfAWorkflowComesBack) {
  const auto round = [](auto body) {
    domain::Event event;
    event.body = body;
    return std::get<decltype(body)>(decode_event(encode_event(event))->body);
  };
  const Id id{{1}};
  const auto skipped = round(domain::OperationSkipped{id, 4, Outcome::done, false, "why"});
  EXPECT_EQ(skipped.outcome, Outcome::done) << "also what is first in the list, and not the default";
  EXPECT_EQ(round(domain::OperationSkipped{id, 4}).outcome, Outcome::skipped);
  EXPECT_EQ(round(domain::OperationOpened{id, 4, 2}).wave, 2U);
  EXPECT_EQ(round(domain::WorkflowRetried{id, {0, 7}, true}).operations, (std::vector<std::uint32_t>{0, 7}));
  EXPECT_FALSE(round(domain::ApprovalGiven{id, false, "no"}).approved);
}

TEST(EventCodec, CutOffOrFlippedBytesNeverCrash) {
  std::size_t refused = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const std::string bytes = encode_event(AnyEvent(seed).any());
    std::mt19937_64 random(seed);
    for (int i = 0; i < 40; ++i) {
      std::string bad = bytes;
      if (i % 4 == 0) {
        bad.resize(random() % bytes.size());
      } else {
        for (int flips = 0; flips < i % 4; ++flips) bad[random() % bad.size()] ^= static_cast<char>(1 << random() % 8);
      }
      const auto event = decode_event(bad);
      if (!event) {
        ++refused;
        ASSERT_EQ(event.error().code, Code::corrupt) << "seed " << seed;
      } else {
        ASSERT_FALSE(event_to_json(*event).dump().empty());  // throws where text was not repaired
      }
    }
  }
  EXPECT_GT(refused, 4000U);
}

TEST(EventJson, NamesIdsAndKeyOrderAreStable) {
  domain::Event event;
  event.meta.log_id.bytes.fill(0x11);
  event.meta.sequence = 7;
  event.meta.workspace = "w\xff";
  event.meta.aggregate_kind = domain::AggregateKind::join_token;
  event.meta.aggregate_id = std::string(16, '\x22');
  event.meta.principal = domain::Shared(domain::Principal{"uid:0", "peer", domain::Transport::unix_socket});
  domain::JoinTokenCreated token;
  token.id.bytes.fill(0x22);
  token.secret_hash.bytes.fill(0x33);
  token.server = "db-1";
  event.body = token;
  EXPECT_EQ(event_to_json(event).dump(),
            R"({"log_id":"11111111-1111-1111-1111-111111111111","epoch":0,"sequence":7,"workspace":"w�",)"
            R"("aggregate_kind":"join_token","aggregate_id":"22222222-2222-2222-2222-222222222222",)"
            R"("subject":"uid:0","credential":"peer","transport":"unix_socket","command_id":"","correlation":"",)"
            R"("causation":0,"log_time_ms":0,"wall_time_ms":0,"agent_time_ms":0,"type":"JoinTokenCreated","version":1,)"
            R"("body":{"id":"22222222-2222-2222-2222-222222222222","secret_hash":")" +
                std::string(64, '3') + R"(","workspace":"","server":"db-1","expires_ms":0}})");
}

}  // namespace
}  // namespace prov::event_log
