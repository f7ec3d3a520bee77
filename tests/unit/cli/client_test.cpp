#include "coordinator/cli/client.h"

#include <gtest/gtest.h>

#include "tests/unit/cli/fake_world.h"

namespace prov::cli {
namespace {

using test::json;

class ClientTest : public testing::Test {
 protected:
  ClientTest()
      : client_(std::make_unique<test::FakeTransport>(coordinator_), {[this] {
                                                                        Id id;
                                                                        id.bytes[0] = ++ids_;
                                                                        return id;
                                                                      },
                                                                      [this](int ms) {
                                                                        slept_ms_ += ms;
                                                                        if (on_sleep_) on_sleep_();
                                                                      },
                                                                      "/run/x.sock"}) {}

  static std::string key_of(const Request& request) {
    for (const auto& [name, value] : request.headers) {
      if (name == "Idempotency-Key") return value;
    }
    return {};
  }

  test::FakeCoordinator coordinator_;
  std::uint8_t ids_ = 0;
  int slept_ms_ = 0;
  std::function<void()> on_sleep_;
  Client client_;
};

TEST_F(ClientTest, TargetsAreEncodedAndEmptyFieldsLeftOut) {
  EXPECT_EQ(target_of("/x", {{"a", ""}, {"b", "1 &=/?\xC3\xA4"}, {"c", "~"}}), "/x?b=1%20%26%3D%2F%3F%C3%A4&c=~");
  EXPECT_EQ(path_segment("../a"), "..%2Fa");
}

TEST_F(ClientTest, ErrorsKeepCodeMessageAndHint) {
  coordinator_.refuse("GET /servers", 409, "conflict", "not now", "wait");
  const auto answer = client_.get("/servers");
  EXPECT_EQ(answer.error().code, Code::conflict);
  EXPECT_EQ(answer.error().message, "not now");
  EXPECT_EQ(answer.error().hint, "wait");
  const std::pair<int, Code> kStatus[] = {
      {400, Code::invalid},   {401, Code::unauthenticated}, {403, Code::denied},  {404, Code::not_found},
      {507, Code::exhausted}, {503, Code::unavailable},     {500, Code::internal}};
  for (const auto& [status, code] : kStatus) {
    coordinator_.answers["GET /servers"] = {{status, {}, "not json"}};
    EXPECT_EQ(client_.get("/servers").error().code, code) << status;
  }
}

TEST_F(ClientTest, AnswersThatWereNotAgreedOnAreRefused) {
  for (const char* body : {"", "[]", "{}", "{\"success\":false}", "{\"success\":\"yes\"}"}) {
    coordinator_.answers["GET /status"] = {{200, {}, body}};
    EXPECT_EQ(client_.get("/status").error().code, Code::internal) << body;
  }
}

TEST_F(ClientTest, NobodyThereIsSaidAtOnce) {
  coordinator_.up = false;
  const auto answer = client_.get("/status");
  EXPECT_EQ(answer.error().code, Code::unavailable);
  EXPECT_EQ(answer.error().hint, "provisioning platform start orchestrator");
  EXPECT_TRUE(test::has(answer.error().message, "/run/x.sock"));
  EXPECT_EQ(slept_ms_, 0);
}

TEST_F(ClientTest, ACoordinatorThatWasThereIsGivenTimeAndTheSameKey) {
  coordinator_.answer("GET /status", json::object());
  coordinator_.answer("POST /workflows/exec", {{"workflow", "w"}});
  ASSERT_TRUE(client_.get("/status").has_value());
  ASSERT_TRUE(client_.post("/workflows/exec", {}, json::object()).has_value());
  coordinator_.up = false;
  on_sleep_ = [this] { coordinator_.up = slept_ms_ > 3000; };
  ASSERT_TRUE(client_.post("/workflows/exec", {}, json::object()).has_value());
  EXPECT_GT(slept_ms_, 3000);
  coordinator_.broken.push_back({Code::unavailable, "broke", ""});
  ASSERT_TRUE(client_.post("/workflows/exec", {}, json::object()).has_value());
  ASSERT_EQ(coordinator_.requests.size(), 4U);
  EXPECT_NE(key_of(coordinator_.requests[1]), key_of(coordinator_.requests[2]));
  EXPECT_EQ(ids_, 3);  // the one that was sent again had its first key
}

TEST_F(ClientTest, PatienceEnds) {
  coordinator_.answer("GET /status", json::object());
  ASSERT_TRUE(client_.get("/status").has_value());
  coordinator_.up = false;
  EXPECT_EQ(client_.get("/status").error().code, Code::unavailable);
  EXPECT_GE(slept_ms_, 14'000);  // the last pause is the one that would pass the limit
  EXPECT_LT(slept_ms_, 20'000);
}

TEST_F(ClientTest, ListsAreReadPageByPage) {
  json first = json::array(), second = json::array();
  for (int i = 0; i < 1000; ++i) first.push_back(i);
  for (int i = 1000; i < 1500; ++i) second.push_back(i);
  coordinator_.answer("GET /tasks", {{"items", first}, {"total", 1500}});
  coordinator_.answer("GET /tasks", {{"items", second}, {"total", 1500}});
  const auto items = client_.list("/tasks", {{"workspace", "demo"}}, 100'000);
  ASSERT_TRUE(items.has_value());
  EXPECT_EQ(items->size(), 1500U);
  EXPECT_EQ(coordinator_.lines(), (std::vector<std::string>{"GET /tasks?workspace=demo&limit=1000&offset=0",
                                                            "GET /tasks?workspace=demo&limit=1000&offset=1000"}));
}

TEST_F(ClientTest, ListsEndWhenTheCoordinatorHasNoMoreWhateverItSays) {
  coordinator_.answer("GET /tasks", {{"items", json::array()}, {"total", 1500}});
  EXPECT_EQ(client_.list("/tasks", {}, 10)->size(), 0U);
}

TEST_F(ClientTest, BlobsAreSentOnlyWhenMissing) {
  coordinator_.answers["HEAD /blobs/d"] = {{200, {}, ""}};
  ASSERT_TRUE(client_.ensure_blob("d", {}, "bytes").has_value());
  EXPECT_EQ(coordinator_.requests.size(), 1U);
  coordinator_.answers["HEAD /blobs/d"] = {{404, {}, ""}};
  coordinator_.answer("PUT /blobs/d", {{"changed", true}});
  ASSERT_TRUE(client_.ensure_blob("d", {}, "bytes").has_value());
  EXPECT_EQ(coordinator_.requests.back().body, "bytes");
}

}  // namespace
}  // namespace prov::cli
