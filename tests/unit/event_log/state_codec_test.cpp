#include "coordinator/event_log/state_codec.h"
#include "common/json/json.h"

#include <gtest/gtest.h>

#include "tests/support/record_log/any_event.h"

namespace prov::event_log {
namespace {

using Json = nlohmann::ordered_json;

// Every field of the state holds something.
class FullState {
 public:
  domain::State make() {
    domain::State state;
    state.log_id = any_.bytes<Id>();
    state.sequence = 77;
    state.log_time_ms = 88;
    state.epoch = 3;
    state.accepted_epoch = 2;
    state.workspaces = {"w"};
    state.ended_workflows_total = 12;
    state.secrets = {{"w", "password"}};
    state.frozen[{domain::AggregateKind::server, "db-1"}] = {5, "unknown"};
    domain::CommandKey key{"uid:0", "w", any_.bytes<Id>()};
    state.remembered[key] = {any_.bytes<Id>(), 9, 10, 11};
    state.remembered_order = {key};
    add_hosts(state);
    add_workflow(state);
    return state;
  }

 private:
  template <class T>
  T event(std::size_t type) {
    return std::get<T>(any_.of_type(type).body);
  }
  void add_hosts(domain::State& state) {
    const Id token = any_.bytes<Id>(), session = any_.bytes<Id>();
    state.join_tokens[token] = {token, any_.bytes<Digest>(), "w", "db-1", 99};
    domain::Agent agent{any_.bytes<Key>(), any_.bytes<Key>(), "w", "db-1", true, true, {}, 44};
    agent.facts = *event<domain::AgentConnected>(10).facts;
    state.agents.emplace(agent.key, agent);
    domain::Server server{"w",
                          *event<domain::ServerDeclared>(14).spec,
                          domain::ServerStatus::ready,
                          "id",
                          "10.0.0.1",
                          "container",
                          "10.0.0.254",
                          7};
    state.servers[{"w", server.spec.hostname}] = server;
    domain::Taskserv taskserv{
        "w", "infra", event<domain::TaskservDeclared>(17).spec, domain::TaskservStatus::installed, "1.2", 8, "fine"};
    state.taskservs[{"w", taskserv.spec.server, taskserv.spec.name}] = taskserv;
    state.sessions[session] = {session, "w", "db-1", agent.key, 6};
    const domain::ClusterSpec cluster = event<domain::ClusterDeclared>(37).spec;
    state.clusters[{"w", cluster.name}] = {"w", cluster, domain::ClusterStatus::ready, 9};
    state.durations["install postgres"] = {3, 4000};
  }
  void add_workflow(domain::State& state) {
    const auto submitted = event<domain::WorkflowSubmitted>(20);
    domain::Workflow workflow;
    workflow.id = submitted.id;
    workflow.workspace = "w";
    workflow.kind = submitted.kind;
    workflow.name = submitted.name;
    workflow.infra = submitted.infra;
    workflow.parallel_limit = 4;
    workflow.initiator = {"uid:0", "peer", domain::Transport::unix_socket};
    workflow.submitted_ms = 1, workflow.ended_ms = 2;
    workflow.ended = workflow.cancelling = true;
    workflow.outcome = Outcome::failed;
    for (const domain::TaskPlan& plan : submitted.tasks) {
      domain::Task task;
      task.plan = domain::Shared(plan);
      task.status = domain::TaskStatus::ended;
      task.attempt = 2, task.attempts_before = 1;
      task.agent = any_.bytes<Key>();
      task.dispatch_sequence = 3;
      task.ready_ms = 1, task.started_ms = 2, task.ended_ms = 3, task.deadline_ms = 4, task.retry_at_ms = 5;
      task.outcome = Outcome::timed_out;
      task.exit_code = -9;
      task.message = "killed";
      task.output_bytes = 6;
      task.output_digest = any_.bytes<Digest>();
      task.ended_sequence = 7;
      task.outputs = {{"port", "5432"}};
      workflow.tasks.push_back(task);
    }
    add_course(workflow, submitted);
    state.ended_workflows = {workflow.id};
    state.workflows.emplace(workflow.id, workflow);
  }
  static void add_course(domain::Workflow& workflow, const domain::WorkflowSubmitted& submitted) {
    for (const domain::OperationPlan& plan : submitted.operations) {
      domain::Operation operation;
      operation.plan = domain::Shared(plan);
      operation.status = domain::OperationStatus::ended;
      operation.outcome = Outcome::skipped;
      operation.unneeded = operation.set_aside = true;
      operation.message = "its condition is false";
      operation.waves_opened = 1;
      workflow.operations.push_back(operation);
    }
    workflow.params = submitted.params;
    workflow.paused = workflow.preserve_successful = true;
    workflow.rolls_back = submitted.rolls_back;
    workflow.rollbacks = 1, workflow.retries = 2;
    workflow.checkpoints = {{"database", 12}};
    workflow.approvals = {{1, true, {"uid:7", "peer", domain::Transport::unix_socket}, 13, "go on"}};
    workflow.notes = submitted.notes;
  }

  test::AnyEvent any_{7, true};
};

void find_empty_in_state(const Json& value, const std::string& path, std::vector<std::string>& out) {
  if (value.is_structured() && !value.empty()) {
    for (const auto& [key, inner] : value.items()) find_empty_in_state(inner, path + "/" + key, out);
    return;
  }
  const bool empty = value.empty() || value == "" || value == 0 || value == false;
  const bool may_be = path.find("/depends_on") != std::string::npos || path.ends_with("/noop") ||
                      path.ends_with("/operations/0/plan/first_task");
  if (empty && !may_be) out.push_back(path + " = " + value.dump());
}

TEST(StateCodec, CarriesEveryField) {
  const domain::State state = FullState().make();
  const std::string bytes = encode_state(state);
  const auto back = decode_state(bytes);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(encode_state(*back), bytes);
  std::vector<std::string> empty;
  find_empty_in_state(state_to_json(*back), "", empty);
  EXPECT_EQ(empty, std::vector<std::string>()) << "fields that the codec leaves out";
  const domain::Workflow& before = state.workflows.begin()->second;
  const domain::Workflow& after = back->workflows.begin()->second;
  EXPECT_EQ(after.initiator, before.initiator);
  EXPECT_EQ(after.tasks.front().plan, before.tasks.front().plan);
  EXPECT_EQ(back->agents.begin()->second.facts, state.agents.begin()->second.facts);
  EXPECT_EQ(after.operations.front().plan, before.operations.front().plan);
  EXPECT_EQ(after.approvals.front().by, before.approvals.front().by);
  EXPECT_EQ(back->clusters.begin()->second.spec, state.clusters.begin()->second.spec);
}

TEST(StateCodec, IsOneFlatSegmentWithoutAnythingForWhatIsEmpty) {
  const std::string bytes = encode_state({});
  ASSERT_GE(bytes.size(), 8U);
  EXPECT_EQ(bytes.substr(0, 4), std::string(4, '\0')) << "one segment";
  EXPECT_LE(bytes.size(), 16U);
}

TEST(StateCodec, AnEndedWorkflowThatIsNotThereIsCorrupt) {
  domain::State state = FullState().make();
  state.workflows.clear();
  EXPECT_EQ(decode_state(encode_state(state)).error().code, Code::corrupt);
}

template <class Plan, class Change>
void with(domain::Shared<Plan>& plan, Change change) {
  Plan other = *plan;
  change(other);
  plan = domain::Shared(std::move(other));
}

TEST(StateCodec, AWorkflowWhosePartsDoNotFitIsCorrupt) {
  using Change = void (*)(domain::Workflow&);
  const std::vector<std::pair<const char*, Change>> changes{
      {"a task depends on a later one", [](auto& w) { with(w.tasks[0].plan, [](auto& p) { p.depends_on = {1}; }); }},
      {"an operation depends on itself",
       [](auto& w) { with(w.operations[1].plan, [](auto& p) {
                       p.depends_on = {{1, {}}};
                     }); }},
      {"a task belongs to no operation", [](auto& w) { w.tasks.emplace_back(); }},
      {"waves that end too early", [](auto& w) { with(w.operations[0].plan, [](auto& p) { p.waves = {1}; }); }},
      {"a person's word on a task that is not there", [](auto& w) { w.approvals[0].task = 99; }},
      {"an output without a name",
       [](auto& w) {
         w.tasks[0].outputs = {{"", "x"}};
       }},
      {"an outcome of a later release", [](auto& w) { w.operations[0].outcome = static_cast<Outcome>(99); }},
  };
  for (const auto& [what, change] : changes) {
    domain::State state = FullState().make();
    change(state.workflows.begin()->second);
    const auto back = decode_state(encode_state(state));
    ASSERT_FALSE(back) << what;
    EXPECT_EQ(back.error().code, Code::corrupt) << what;
  }
}

}  // namespace
}  // namespace prov::event_log
