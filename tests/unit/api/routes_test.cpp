// What each route does, over the real domain.
#include "common/wire/join_token.h"
#include "tests/unit/api/fake_platform.h"

namespace prov::api {
namespace {

using nlohmann::json;

const std::string kKey = "11111111-2222-3333-4444-555555555555";

class Routes : public ApiTest {
 protected:
  Routes() {
    backend.platform.add_host("a", 1);
    backend.platform.add_host("b", 2);
    backend.platform_facts.link = {std::string(64, 'c'),
                                   {"tcp://127.0.0.1:7000", "tcp://10.9.0.1:7000"},
                                   {"tcp://127.0.0.1:7001", "tcp://10.9.0.1:7001"}};
  }
  json taskserv(const std::string& server, const std::string& name) {
    return {{"server", server}, {"name", name}, {"version", "1"}, {"bundle", std::string(64, 'a')}};
  }
  std::string install(const std::string& name) {
    return json{{"infra", "demo"}, {"taskservs", {taskserv("a", name)}}}.dump();
  }
  Id newest() { return backend.platform.newest_workflow(); }
};

TEST_F(Routes, HealthSaysWhatTheOriginalSaid) {
  const auto answer = call(Method::get, "/health");
  EXPECT_EQ(answer.json, json({{"success", true}, {"data", "Orchestrator is healthy"}}));
}

TEST_F(Routes, WhatIsReadFromTheStateWaitsAtTheGate) {
  for (const std::string& target :
       std::vector<std::string>{"/status", "/workspaces", "/servers", "/taskservs", "/agents", "/agents/a",
                                "/workflows", "/tasks", "/agents/ghost", "/workflows/" + kKey}) {
    backend.gates = 0;
    call(Method::get, target);
    EXPECT_EQ(backend.gates, 1) << target;
  }
}

TEST_F(Routes, AWorkspaceIsRegisteredOnce) {
  EXPECT_EQ(call(Method::post, "/workspaces", R"({"name":"demo"})").data(),
            json({{"name", "demo"}, {"changed", true}}));
  EXPECT_EQ(call(Method::post, "/workspaces", R"({"name":"demo"})").data()["changed"], false);
  EXPECT_EQ(call(Method::post, "/workspaces", R"({"name":"../x"})").status(), 400);
  EXPECT_EQ(call(Method::get, "/workspaces").data()["items"][0]["name"], "demo");
}

TEST_F(Routes, CheckTellsThePlanAndChangesNothing) {
  const std::uint64_t before = backend.platform.state.sequence;
  for (const std::string target :
       {"/workflows/taskservs/create?workspace=w&check=true", "/workflows/taskservs/create?workspace=w&check"}) {
    const auto answer = call(Method::post, target, install("redis"));
    ASSERT_EQ(answer.status(), 200) << answer.json;
    EXPECT_TRUE(answer.data()["workflow"].is_null());
    EXPECT_EQ(answer.data()["plan"][0]["action"], "install");
    EXPECT_EQ(answer.data()["plan"][0]["reason"], "not installed yet");
  }
  EXPECT_EQ(backend.platform.state.sequence, before);
  EXPECT_TRUE(backend.submitted.empty());
}

TEST_F(Routes, WhoWaitsIsAnsweredWhenTheWorkflowHasEndedOrPatienceHas) {
  const std::string noop = R"({"servers":["a"]})";
  for (const std::optional<Outcome> told : {std::optional<Outcome>(), std::optional(Outcome::done)}) {
    backend.ends_with = told;
    const json data = call(Method::post, "/workflows/noop?workspace=w&wait=30", noop).data();
    EXPECT_EQ(data["workflow"], to_text(newest()));
    EXPECT_EQ(data["ended"], told.has_value());
    EXPECT_EQ(data["outcome"], told ? json("done") : json(nullptr));
    EXPECT_EQ(backend.waits.back(), std::pair(newest(), std::uint64_t{30'000}));
  }
  EXPECT_EQ(call(Method::post, "/workflows/noop?workspace=w&wait=3601", noop).status(), 400);
  EXPECT_EQ(call(Method::post, "/workflows/noop?workspace=w&wait=1&check", noop).status(), 400);
  EXPECT_EQ(call(Method::post, "/workspaces?wait=1", R"({"name":"demo"})").status(), 400) << "it starts none";
  EXPECT_EQ(backend.waits.size(), 2U);
}

TEST_F(Routes, SubmittingAnswersWithWorkflowPlanAndReasons) {
  const auto answer = call(Method::post, "/workflows/taskservs/create?workspace=w", install("redis"), kKey);
  ASSERT_EQ(answer.status(), 200) << answer.json;
  EXPECT_EQ(answer.data()["workflow"], to_text(newest()));
  EXPECT_EQ(answer.data()["plan"][0]["reason"], "not installed yet");
  EXPECT_EQ(backend.submitted.at(0).id, *parse_id(kKey));
  backend.platform.end(task_id(newest(), 0));
  const auto nothing = call(Method::post, "/workflows/taskservs/create?workspace=w", install("redis"));
  EXPECT_TRUE(nothing.data()["workflow"].is_null());
  EXPECT_EQ(nothing.data()["unchanged"][0]["reason"], "already installed, as described");
}

TEST_F(Routes, ARepeatedKeyGetsTheSameWorkflowAndDoesNothing) {
  const auto first = call(Method::post, "/workflows/exec?workspace=w", R"({"servers":["a"],"argv":["ls"]})", kKey);
  const std::uint64_t after = backend.platform.state.sequence;
  const auto again = call(Method::post, "/workflows/exec?workspace=w", R"({"servers":["a"],"argv":["ls"]})", kKey);
  EXPECT_EQ(again.data()["workflow"], first.data()["workflow"]);
  EXPECT_EQ(first.data()["plan"][0]["reason"], "asked for");
  EXPECT_EQ(again.data()["plan"][0]["reason"], "as it was answered before");
  EXPECT_EQ(backend.platform.state.sequence, after);
}

TEST_F(Routes, WithoutAKeyEachRequestIsItsOwn) {
  call(Method::post, "/workflows/noop?workspace=w", R"({"servers":["a"]})");
  call(Method::post, "/workflows/noop?workspace=w", R"({"servers":["a"]})");
  ASSERT_EQ(backend.submitted.size(), 2U);
  EXPECT_NE(backend.submitted[0].id, backend.submitted[1].id);
  EXPECT_FALSE(backend.submitted[0].id.is_zero());
  for (const std::string& bad : std::vector<std::string>{"x", "00000000-0000-0000-0000-000000000000", kKey + "0"}) {
    EXPECT_EQ(call(Method::post, "/workflows/noop?workspace=w", R"({"servers":["a"]})", bad).status(), 400) << bad;
  }
}

TEST_F(Routes, AChangeNeedsAWorkspace) {
  const auto answer = call(Method::post, "/workflows/noop", R"({"servers":["a"]})");
  EXPECT_EQ(answer.status(), 400);
  EXPECT_NE(answer.message().find("workspace"), std::string::npos);
  EXPECT_EQ(call(Method::post, "/workflows/noop?workspace=W!", R"({"servers":["a"]})").status(), 400);
}

TEST_F(Routes, TheDomainsRefusalsKeepTheirMeaning) {
  const std::map<Code, int> expected = {{Code::invalid, 400},   {Code::denied, 403},  {Code::not_found, 404},
                                        {Code::conflict, 409},  {Code::io, 500},      {Code::unavailable, 503},
                                        {Code::exhausted, 507}, {Code::corrupt, 500}, {Code::unauthenticated, 401}};
  for (const auto& [code, status] : expected) {
    backend.refuse_with = Error{code, "because", "do this"};
    const auto answer = call(Method::post, "/workflows/noop?workspace=w", R"({"servers":["a"]})");
    EXPECT_EQ(answer.status(), status);
    EXPECT_EQ(answer.json["error"], json({{"code", name_of(code)}, {"message", "because"}, {"hint", "do this"}}));
    EXPECT_EQ(answer.json["success"], false);
  }
}

TEST_F(Routes, WorkflowsAreListedShownAndCancelled) {
  call(Method::post, "/workflows/noop?workspace=w", R"({"servers":["a"],"count":3})");
  const std::string id = to_text(newest());
  EXPECT_EQ(call(Method::get, "/workflows?status=running").data()["total"], 1);
  EXPECT_EQ(call(Method::get, "/workflows?status=ended").data()["total"], 0);
  EXPECT_EQ(call(Method::get, "/workflows?status=asleep").status(), 400);
  EXPECT_EQ(call(Method::get, "/workflows/" + id).data()["tasks"].size(), 3U);
  EXPECT_EQ(call(Method::get, "/workflows/" + id + "?limit=1&offset=2").data()["tasks"].size(), 1U);
  EXPECT_EQ(call(Method::get, "/workflows/" + id + "?workspace=other").status(), 404);
  EXPECT_EQ(call(Method::post, "/workflows/" + id + "/cancel").data()["changed"], true);
  EXPECT_EQ(call(Method::post, "/workflows/" + id + "/cancel", "{}").data()["changed"], false);
  EXPECT_EQ(call(Method::post, "/workflows/" + kKey + "/cancel").status(), 404);
  EXPECT_EQ(call(Method::get, "/workflows/nonsense").status(), 404);
}

TEST_F(Routes, ATaskShowsTheLastOfItsOutput) {
  call(Method::post, "/workflows/exec?workspace=w", R"({"servers":["a"],"argv":["ls"]})");
  const Id id = task_id(newest(), 0);
  archive.outputs[{id, 1}] = std::string(5000, 'x') + "end";
  const auto answer = call(Method::get, "/tasks/" + to_text(id));
  EXPECT_EQ(answer.data()["output"].get<std::string>(), std::string(4093, 'x') + "end");
  EXPECT_EQ(call(Method::get, "/tasks?status=Running").data()["total"], 1);
  EXPECT_EQ(call(Method::get, "/tasks?status=running").status(), 400);
  EXPECT_EQ(call(Method::get, "/tasks?workflow=" + to_text(newest())).data()["total"], 1);
  EXPECT_EQ(call(Method::get, "/tasks/" + to_text(newest())).status(), 404) << "a workflow is no task";
}

TEST_F(Routes, OutputComesInPiecesAndSaysWhenItIsWhole) {
  call(Method::post, "/workflows/exec?workspace=w", R"({"servers":["a"],"argv":["ls"]})");
  const Id id = task_id(newest(), 0);
  const std::string target = "/tasks/" + to_text(id) + "/output";
  archive.outputs[{id, 1}] = std::string(1 << 20, 'x') + "end\xff";
  auto answer = call(Method::get, target);
  EXPECT_EQ(answer.response.content_type, "application/octet-stream");
  EXPECT_EQ(answer.response.body.size(), std::size_t{1} << 20);
  EXPECT_EQ(answer.header("X-Output-Total"), std::to_string((1 << 20) + 4));
  EXPECT_EQ(answer.header("X-Output-Complete"), "false");
  answer = call(Method::get, target + "?offset=1048576");
  EXPECT_EQ(answer.response.body, "end\xff");
  EXPECT_EQ(answer.header("X-Output-Complete"), "false") << "it still runs";
  backend.platform.end(id);
  EXPECT_EQ(call(Method::get, target).header("X-Output-Complete"), "false");
  EXPECT_EQ(call(Method::get, target + "?offset=1048576&attempt=1").header("X-Output-Complete"), "true");
  EXPECT_EQ(call(Method::get, target + "?attempt=2").status(), 404);
  EXPECT_EQ(call(Method::get, target + "?offset=99999999").response.body, "");
}

TEST_F(Routes, AgentsByKeyOrHostname) {
  EXPECT_EQ(call(Method::get, "/agents").data()["total"], 2);
  const std::string key = to_text(domain::key_of(1));
  EXPECT_EQ(call(Method::get, "/agents/" + key).data()["server"], "a");
  EXPECT_EQ(call(Method::get, "/agents/a").data()["key"], key);
  EXPECT_EQ(call(Method::get, "/agents/" + key + "?workspace=other").status(), 404);
  EXPECT_EQ(call(Method::get, "/agents/ghost").status(), 404);
  backend.platform.add_host("a", 7, "second");
  EXPECT_EQ(call(Method::get, "/agents/a").status(), 409) << "which one?";
  EXPECT_EQ(call(Method::get, "/agents/a?workspace=second").data()["key"], to_text(domain::key_of(7)));
}

TEST_F(Routes, DrainUndoAndRemove) {
  EXPECT_EQ(call(Method::post, "/agents/a/drain", "{}").data()["changed"], true);
  EXPECT_EQ(call(Method::get, "/agents/a").data()["draining"], true);
  EXPECT_EQ(call(Method::post, "/agents/a/drain").data()["changed"], false);
  EXPECT_EQ(call(Method::post, "/agents/a/drain", R"({"undo":true})").data()["changed"], true);
  EXPECT_EQ(call(Method::post, "/agents/a/drain", R"({"undo":1})").status(), 400);
  EXPECT_EQ(call(Method::del, "/agents/a", R"({"reason":"replaced"})").data()["changed"], true);
  EXPECT_EQ(call(Method::get, "/agents/a").status(), 404);
}

TEST_F(Routes, AJoinTokenIsShownOnceAndOnlyItsHashIsGiven) {
  const auto answer = call(Method::post, "/agents/token?workspace=w", R"({"server":"new-1","valid_s":60})", kKey);
  ASSERT_EQ(answer.status(), 200) << answer.json;
  const auto token = wire::decode_join_token(answer.data()["token"].get<std::string>());
  ASSERT_TRUE(token.has_value()) << token.error().message;
  EXPECT_EQ(to_text(token->id), answer.data()["id"]);
  EXPECT_EQ(token->enrol_endpoint, "tcp://10.9.0.1:7001") << "the first that others can reach";
  EXPECT_EQ(to_text(token->server_key), std::string(64, 'c'));
  const auto& command = std::get<domain::CreateJoinToken>(backend.submitted.at(0).body);
  EXPECT_EQ(command.secret_hash, digest_of(token->secret));
  EXPECT_EQ(answer.data()["expires_ms"], backend.platform.now_ms + 60'000);
  const auto again = call(Method::post, "/agents/token?workspace=w", R"({"server":"new-1","valid_s":60})", kKey);
  EXPECT_EQ(again.status(), 409);
  const auto other = call(Method::post, "/agents/token?workspace=w", R"({"server":"new-2","address":"127.0.0.1"})");
  EXPECT_EQ(wire::decode_join_token(other.data()["token"].get<std::string>())->enrol_endpoint, "tcp://127.0.0.1:7001");
  const auto wrong = call(Method::post, "/agents/token?workspace=w", R"({"server":"new-3","address":"10.0.0.7"})");
  EXPECT_EQ(wrong.status(), 400);
  EXPECT_NE(wrong.json["error"]["hint"].get<std::string>().find("10.9.0.1"), std::string::npos);
}

TEST_F(Routes, ABlobMustBeWhatItsNameSays) {
  const std::string bytes = "some bytes", digest = to_text(digest_of(bytes));
  EXPECT_EQ(call(Method::head, "/blobs/" + digest).status(), 404);
  const auto answer = call(Method::put, "/blobs/" + digest + "?kind=bundle&name=redis", bytes);
  EXPECT_EQ(answer.data(), json({{"digest", digest}, {"changed", true}})) << answer.json;
  EXPECT_EQ(backend.sides_written, 1U);
  EXPECT_EQ(call(Method::put, "/blobs/" + digest, "other bytes").status(), 400);
  EXPECT_EQ(call(Method::put, "/blobs/xyz", bytes).status(), 400);
  archive.blobs.insert(digest_of(bytes));
  EXPECT_EQ(call(Method::put, "/blobs/" + digest, bytes).data()["changed"], false);
  EXPECT_EQ(call(Method::head, "/blobs/" + digest).status(), 200);
}

TEST_F(Routes, EventsAreAskedForWithAllFilters) {
  const auto answer =
      call(Method::get, "/events?from=5&to=9&type=TaskEnded&aggregate=task&subject=uid:0&workflow=" + kKey +
                            "&since_ms=1&until_ms=2&limit=7&newest=true&workspace=w");
  EXPECT_EQ(answer.data(), json({{"items", {{{"sequence", 1}}, {{"sequence", 2}}}}, {"total", 2}, {"next_from", 3}}));
  EXPECT_EQ(archive.asked.filter.from, 5U);
  EXPECT_EQ(archive.asked.filter.to, 9U);
  EXPECT_EQ(archive.asked.filter.types, std::set<std::string>{"TaskEnded"});
  EXPECT_EQ(archive.asked.filter.subject, "uid:0");
  EXPECT_EQ(archive.asked.filter.workflow, parse_id(kKey));
  EXPECT_EQ(archive.asked.limit, 7U);
  EXPECT_TRUE(archive.asked.newest);
  const auto wrong = call(Method::get, "/events?type=TaskEnd");
  EXPECT_EQ(wrong.status(), 400);
  EXPECT_NE(wrong.message().find("did you mean \"TaskEnded\"?"), std::string::npos);
}

TEST_F(Routes, AuditOverRest) {
  EXPECT_EQ(call(Method::get, "/audit/verify").data()["ok"], true);
  EXPECT_EQ(backend.covers, 1) << "the end of the log is under a checkpoint first";
  EXPECT_EQ(call(Method::get, "/audit/state?at=3").data(), json({{"at", 3}, {"to", nullptr}}));
  EXPECT_EQ(call(Method::get, "/audit/state?at=3&to=4").data()["to"], 4);
  EXPECT_EQ(call(Method::get, "/audit/state").data()["at"], backend.platform.state.sequence);
}

TEST_F(Routes, BackupStopAndAccept) {
  EXPECT_EQ(call(Method::post, "/platform/backup", R"({"folder":"/var/b"})").data()["sequence"], 7);
  EXPECT_EQ(backups, std::vector<std::string>{"/var/b"});
  EXPECT_EQ(call(Method::post, "/platform/backup", R"({"folder":"b"})").status(), 400);
  const auto stop = call(Method::post, "/platform/stop");
  EXPECT_EQ(stop.status(), 200);
  EXPECT_EQ(stops, 0) << "the answer goes first";
  ASSERT_NE(stop.response.after, nullptr);
  stop.response.after();
  EXPECT_EQ(stops, 1);
  EXPECT_EQ(call(Method::post, "/platform/accept", "{}").status(), 400) << "a reason is needed";
}

TEST_F(Routes, AnUnansweredCallIsAnsweredAsUnavailable) {
  std::optional<Response> got;
  {
    Call dropped({}, {}, services, [&](Response response) { got = std::move(response); });
  }
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->status, 503);
}

}  // namespace
}  // namespace prov::api
