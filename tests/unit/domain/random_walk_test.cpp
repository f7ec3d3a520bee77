// Random commands, reports and times from a seed; what must hold is checked after every step, and at the end a replay
// of the events gives the same state.
#include <algorithm>
#include <random>

#include "tests/unit/domain/harness.h"

namespace prov::domain {
namespace {

class Walk {
 public:
  explicit Walk(std::uint32_t seed) : random_(seed) {
    for (std::uint8_t i = 1; i <= 4; ++i) p_.add_host("h" + std::to_string(i), i);
    p_.state.agenda.limits.workflow_parallel = 3;
    p_.state.agenda.limits.agent_orders = 2;
  }

  void step() {
    switch (below(8)) {
      case 0: submit(); break;
      case 1:
        p_.give(below(2) ? CommandBody{LoseAgent{key_of(any_host()), 0, ""}}
                         : CommandBody{ConnectAgent{key_of(any_host()), Facts{.boot_id = "1"}}});
        break;
      case 2:
        if (below(10) == 0) p_.give(CancelWorkflow{p_.newest_workflow()});
        break;
      case 3: p_.advance(below(20'000)); break;
      case 4:
        if (below(20) == 0) rebuild_agenda(p_.state);
        break;  // as a restart does
      default: report(); break;
    }
    check();
  }

  void finish() {
    for (std::uint8_t i = 1; i <= 4; ++i) p_.give(ConnectAgent{key_of(i), Facts{.boot_id = "2"}});
    for (int i = 0; i < 3000 && unfinished(); ++i) {
      report();
      p_.advance(1000);
    }
    EXPECT_FALSE(unfinished()) << "a workflow never ended";
    replay();
  }

 private:
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
  std::uint8_t any_host() { return static_cast<std::uint8_t>(1 + below(4)); }

  void submit() {
    CreateTaskservs command{"demo", {}};
    const std::uint32_t n = 1 + below(6);
    for (std::uint32_t i = 0; i < n; ++i) {
      TaskservRequirement item{
          taskserv("h" + std::to_string(any_host()), "t" + std::to_string(below(50)), below(2) == 0), {}};
      for (std::uint32_t before = 0; before < i; ++before) {
        if (below(3) == 0) item.after.push_back(before);
      }
      command.taskservs.push_back(std::move(item));
    }
    p_.give(command);
    if (below(3) == 0) p_.give(RunNoop{{"h1", "h2"}, 1 + below(8)});
  }

  void report() {
    std::vector<std::pair<Id, const Task*>> out;
    for (const auto& [id, workflow] : p_.state.workflows) {
      for (std::uint32_t i = 0; i < workflow.tasks.size(); ++i) {
        const Task& task = workflow.tasks[i];
        if (task.status == TaskStatus::dispatched || task.status == TaskStatus::running)
          out.emplace_back(task_id(id, i), &task);
      }
    }
    if (out.empty()) return;
    std::sort(out.begin(), out.end());
    const auto& [id, task] = out[below(static_cast<std::uint32_t>(out.size()))];
    if (below(3) == 0) {
      p_.give(ReportStarted{task->agent, id, task->attempt, 0});
      return;
    }
    static constexpr Outcome kEnds[] = {Outcome::done,   Outcome::done,        Outcome::unchanged,
                                        Outcome::failed, Outcome::interrupted, Outcome::timed_out};
    p_.end(id, kEnds[below(6)], below(4) == 0 ? kExitTryLater : 0);
  }

  bool unfinished() const {
    return std::any_of(p_.state.workflows.begin(), p_.state.workflows.end(),
                       [](const auto& w) { return !w.second.ended; });
  }

  void check() {
    std::map<std::string, std::uint32_t> at_host, exclusive;
    for (const auto& [id, workflow] : p_.state.workflows) {
      std::uint32_t out = 0;
      for (const Task& task : workflow.tasks) {
        const bool now = task.status == TaskStatus::dispatched || task.status == TaskStatus::running;
        if (!now) continue;
        ++out;
        ++at_host[task.plan->server];
        if (task.plan->exclusive) ++exclusive[task.plan->server];
        for (const std::uint32_t before : task.plan->depends_on) {
          EXPECT_TRUE(workflow.tasks[before].status == TaskStatus::ended && succeeded(workflow.tasks[before].outcome))
              << "a task is out before what it needs";
        }
      }
      EXPECT_EQ(out, workflow.gate.out);
      if (workflow.parallel_limit != 0) {
        EXPECT_LE(out, workflow.parallel_limit);
      }
    }
    for (const auto& [host, n] : at_host) EXPECT_LE(n, p_.state.agenda.limits.agent_orders);
    for (const auto& [host, n] : exclusive) EXPECT_LE(n, 1U);
  }

  void replay() {
    State other;
    std::set<std::pair<Id, std::uint32_t>> dispatched;
    for (const Event& event : p_.log) {
      evolve(other, event);
      if (const auto* e = std::get_if<TaskDispatched>(&event.body)) {
        EXPECT_TRUE(dispatched.emplace(e->task, e->attempt).second) << "an attempt was dispatched twice";
      }
    }
    ASSERT_EQ(other.workflows.size(), p_.state.workflows.size());
    for (const auto& [id, workflow] : p_.state.workflows) {
      const Workflow& again = other.workflows.at(id);
      EXPECT_EQ(again.outcome, workflow.outcome);
      for (std::size_t i = 0; i < workflow.tasks.size(); ++i) {
        EXPECT_EQ(again.tasks[i].status, workflow.tasks[i].status);
        EXPECT_EQ(again.tasks[i].attempt, workflow.tasks[i].attempt);
        EXPECT_EQ(again.tasks[i].outcome, workflow.tasks[i].outcome);
      }
    }
    EXPECT_EQ(other.sequence, p_.state.sequence);
    EXPECT_EQ(other.taskservs.size(), p_.state.taskservs.size());
  }

  Platform p_;
  std::mt19937 random_;
};

TEST(RandomWalk, InvariantsHoldAndAReplayGivesTheSame) {
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Walk walk(seed);
    for (int i = 0; i < 200; ++i) walk.step();
    walk.finish();
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace prov::domain
