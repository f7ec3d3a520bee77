// The index of workflows: whatever happens to a log, it says what the log says.
#include "coordinator/event_log/workflow_index.h"

#include <algorithm>

#include "coordinator/event_log/keys.h"
#include "coordinator/event_log/state_codec.h"
#include "coordinator/event_log/workflow_history.h"
#include "tests/support/record_log/forwarding_log.h"
#include "tests/unit/event_log/log_fixture.h"

namespace prov::event_log {
namespace {

using Records = std::map<std::string, std::string>;

// Counts what a question costs.
class CountingLog final : public test::ForwardingLog {
 public:
  using ForwardingLog::ForwardingLog;
  Result<void> read(std::uint64_t from, const CommitVisitor& visit) override {
    return ForwardingLog::read(from, [&](std::uint64_t number, std::string_view bytes) {
      ++commits;
      return visit(number, bytes);
    });
  }
  Result<std::optional<std::string>> get(std::string_view key) override {
    ++records;
    return ForwardingLog::get(key);
  }
  Result<void> scan(std::string_view prefix, const SideVisitor& visit) override {
    return scan_from(prefix, prefix, visit);
  }
  Result<void> scan_from(std::string_view prefix, std::string_view first, const SideVisitor& visit) override {
    return ForwardingLog::scan_from(prefix, first, [&](std::string_view key, std::string_view value) {
      ++records;
      return visit(key, value);
    });
  }
  std::size_t commits = 0, records = 0;
};

class WorkflowIndexTest : public LogFixture {
 protected:
  Records index() {
    Records out;
    for (const std::string_view space : {kWorkflowSpace, kHistorySpace}) {
      EXPECT_TRUE(log->scan(space, [&](std::string_view name, std::string_view value) {
        out.emplace(name, value);
        return true;
      }));
    }
    return out;
  }
  // The index as the log alone makes it.
  Records made_again() {
    Records out;
    const std::uint64_t last = log->last_commit();
    for (std::uint64_t next = 1; next <= last;) {
      auto step = index_commits(*log, next, last);
      EXPECT_TRUE(step.has_value());
      if (!step) break;
      EXPECT_GT(step->next, next);
      for (const SideRecord& record : step->records) {
        EXPECT_FALSE(record.erase);
        out[record.key] = record.value;
      }
      next = step->next;
    }
    return out;
  }
  HistoryPage must(const HistoryQuery& query) {
    auto page = read_history(*log, query);
    EXPECT_TRUE(page.has_value()) << (page ? "" : page.error().message);
    return page ? *page : HistoryPage{};
  }
  std::vector<Id> ids(const HistoryPage& page) {
    std::vector<Id> out;
    for (const HistoryEntry& entry : page.items) out.push_back(entry.id);
    return out;
  }
  std::vector<Id> all_by_page(HistoryQuery query) {
    std::vector<Id> out;
    for (;;) {
      const HistoryPage page = must(query);
      for (const Id& id : ids(page)) out.push_back(id);
      if (!page.next_before) return out;
      EXPECT_EQ(page.items.size(), query.limit);
      EXPECT_LT(*page.next_before, query.before);
      query.before = *page.next_before;
    }
  }
  // Of every workflow that was ever submitted, the newest first, straight from the events.
  struct Seen {
    Id id;
    std::string workspace;
    std::uint64_t sequence = 0;
    TimeMs log_time_ms = 0;
  };
  std::vector<Seen> submitted() {
    std::vector<Seen> out;
    replay(*log, {}, {}, [&](const domain::Event& event) {
      if (const auto* e = std::get_if<domain::WorkflowSubmitted>(&event.body)) {
        out.insert(out.begin(), {e->id, event.meta.workspace, event.meta.sequence, event.meta.log_time_ms});
      }
      return true;
    });
    return out;
  }
  Id submit(const std::string& kind = "exec", std::uint32_t tasks = 1) {
    Id id;
    id.bytes[0] = ++ids_;
    domain::WorkflowSubmitted e{workflow_id(id), kind, "name", "infra", 4, {}};
    e.tasks = std::vector<domain::TaskPlan>(tasks);
    append(e);
    return e.id;
  }
  void dispatch_and_lose(const Id& task) {
    append(domain::TaskDispatched{task, 1, {}, 5});
    append(domain::TaskInDoubt{task, 1, "no word"});
  }
  void end(const Id& workflow) { append(domain::WorkflowEnded{workflow, Outcome::in_doubt, 0, 0, 0, 1, 0}); }

 private:
  std::uint8_t ids_ = 0;
};

TEST_F(WorkflowIndexTest, IsWhatTheLogAloneMakesOfIt) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    disk = std::make_shared<test::MemoryDisk>();
    start();
    test::History life = history(seed);
    life.begin();
    live_through(life, 1000);
    const Records written = index();
    ASSERT_GT(written.size(), 100U);
    EXPECT_EQ(written, made_again());
    EXPECT_EQ(*indexed_commit(*log), log->last_commit());
  }
}

TEST_F(WorkflowIndexTest, PagesHoldEveryWorkflowOnceNewestFirst) {
  test::History life = history(4);
  life.begin();
  live_through(life, 1500);
  std::vector<Id> expected;
  for (const Seen& one : submitted()) expected.push_back(one.id);
  ASSERT_GT(expected.size(), 30U);
  EXPECT_EQ(ids(must({.limit = 1000})), expected);
  for (const std::size_t limit : {1U, 7U, 30U}) EXPECT_EQ(all_by_page({.limit = limit}), expected);
  EXPECT_EQ(all_by_page({.workspace = "w", .limit = 9}), expected);
  EXPECT_TRUE(must({.workspace = "other"}).items.empty());
  EXPECT_TRUE(must({.before = 0}).items.empty());
  EXPECT_TRUE(must({.before = 1}).items.empty());
}

TEST_F(WorkflowIndexTest, ATimeIsAPlaceInThePages) {
  test::History life = history(5);
  life.begin();
  live_through(life, 1500);
  const auto all = submitted();
  ASSERT_GT(all.size(), 30U);
  for (const std::size_t at : {std::size_t{0}, all.size() / 3, all.size() - 1}) {
    for (const TimeMs time_ms : {all[at].log_time_ms, all[at].log_time_ms + 1}) {
      std::vector<Id> expected;
      for (const Seen& one : all) {
        if (one.log_time_ms < time_ms) expected.push_back(one.id);
      }
      EXPECT_EQ(ids(must({.before_ms = time_ms, .limit = 1000})), expected);
    }
  }
  EXPECT_EQ(must({.before_ms = UINT64_MAX - 1, .limit = 1000}).items.size(), all.size());
  EXPECT_TRUE(must({.before_ms = 0}).items.empty());
}

// One workflow's bytes, with everything that is kept of it.
std::string bytes_of(const domain::Workflow& workflow) {
  domain::State only;
  only.workflows.emplace(workflow.id, workflow);
  return encode_state(only);
}

// What a list tells of a workflow without a fold is what the fold says.
void expect_listed(const HistoryEntry& listed, const domain::Workflow& folded) {
  EXPECT_EQ(listed.end.has_value(), folded.ended);
  EXPECT_EQ(listed.retries, folded.retries);
  EXPECT_EQ(listed.rollbacks, folded.rollbacks);
  EXPECT_EQ(listed.cancelling, folded.cancelling);
  EXPECT_EQ(listed.submission.kind, folded.kind);
  EXPECT_EQ(listed.submission.name, folded.name);
  EXPECT_EQ(listed.submission.rolls_back, folded.rolls_back);
  EXPECT_EQ(listed.submission.operations, folded.operations.size());
  EXPECT_EQ(listed.submission.tasks, folded.tasks.size());
  EXPECT_EQ(listed.submission.at.log_time_ms, folded.submitted_ms);
  if (!listed.end) return;
  EXPECT_EQ(listed.end->event.outcome, folded.outcome);
  EXPECT_EQ(listed.end->at.log_time_ms, folded.ended_ms);
  if (listed.revised) return;
  const auto by = [&](auto... outcomes) {
    return std::count_if(folded.tasks.begin(), folded.tasks.end(),
                         [&](const domain::Task& task) { return ((task.outcome == outcomes) || ...); });
  };
  EXPECT_EQ(listed.end->event.done, by(Outcome::done, Outcome::unchanged));
  EXPECT_EQ(listed.end->event.skipped, by(Outcome::skipped, Outcome::cancelled));
  EXPECT_EQ(listed.end->event.in_doubt, by(Outcome::in_doubt));
}

TEST_F(WorkflowIndexTest, EachWorkflowFoldsToWhatTheWholeLogFoldsTo) {
  struct {
    std::size_t runs = 0, open = 0, retried = 0, undone = 0, undoing = 0, batches = 0, late = 0;
  } seen;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    disk = std::make_shared<test::MemoryDisk>();
    start();
    test::History life = history(seed, test::History::Asks::batches);
    life.begin();
    live_through(life, 1500);
    const domain::State whole = open_log(*log).state;
    ASSERT_EQ(encode_state(whole), encode_state(life.state()));
    for (const Seen& one : submitted()) {
      const auto alone = fold_workflow(*log, one.id);
      ASSERT_TRUE(alone && *alone) << (alone ? "" : alone.error().message);
      const domain::Workflow& folded = (*alone)->workflows.at(one.id);
      EXPECT_EQ(bytes_of(folded), bytes_of(whole.workflows.at(one.id))) << to_text(one.id) << " " << folded.kind;
      const auto listed = read_history_of(*log, one.id).value();
      expect_listed(*listed, folded);
      ++seen.runs;
      seen.open += folded.ended ? 0 : 1;
      seen.retried += folded.retries > 0 ? 1 : 0;
      seen.undone += folded.rollbacks > 0 ? 1 : 0;
      seen.undoing += folded.rolls_back.is_zero() ? 0 : 1;
      seen.batches += folded.kind == "batch" ? 1 : 0;
      seen.late += listed->revised ? 1 : 0;
    }
    EXPECT_EQ(index(), made_again());
    if (HasFailure()) return;
  }
  for (const std::size_t count : {seen.open, seen.retried, seen.undone, seen.undoing, seen.late}) EXPECT_GT(count, 10U);
  EXPECT_GT(seen.batches, 100U);
  EXPECT_GT(seen.runs, seen.open);
  EXPECT_EQ(fold_workflow(*log, workflow_id(Id{{9, 9, 9}})).value(), nullptr);
}

TEST_F(WorkflowIndexTest, APageAndAWorkflowCostTheSameInALongLog) {
  const Id first = submit();
  commit();
  end(first);
  commit();
  for (int i = 0; i < 60; ++i) submit(), commit();
  const auto cost = [&] {
    CountingLog counting(*log);
    EXPECT_EQ(read_history(counting, {.before = 40, .limit = 10})->items.size(), 10U);
    EXPECT_EQ(counting.commits, 0U) << "a list reads no commit";
    const std::size_t of_page = counting.records;
    EXPECT_TRUE(fold_workflow(counting, first).has_value());
    return std::tuple(of_page, counting.records, counting.commits);
  };
  const auto before = cost();
  EXPECT_EQ(std::get<2>(before), 2U) << "the commits of its submission and its end";
  fill(8, 500);
  EXPECT_EQ(cost(), before);
}

TEST_F(WorkflowIndexTest, AVerdictThatCameAfterTheEndIsSeen) {
  const Id in_time = submit(), late = submit(), later = submit();
  for (const Id& id : {in_time, late, later}) dispatch_and_lose(task_id(id, 0));
  for (const Id& id : {in_time, late, later}) end(id);
  append(domain::TaskEnded{task_id(late, 0), 1, Outcome::done, 0, "", 0, {}, {}, 0});  // within the same commit
  commit();
  append(domain::TaskEnded{task_id(later, 0), 1, Outcome::failed, 3, "", 0, {}, {}, 0});
  commit();
  EXPECT_FALSE(read_history_of(*log, in_time).value()->revised);
  EXPECT_TRUE(read_history_of(*log, late).value()->revised);
  EXPECT_TRUE(read_history_of(*log, later).value()->revised);
  EXPECT_EQ((*fold_workflow(*log, later).value()).workflows.at(later).tasks[0].outcome, Outcome::failed);
  EXPECT_EQ(*last_commit_of(*log, later), 2U);
  EXPECT_EQ(*last_commit_of(*log, late), 1U);
}

TEST_F(WorkflowIndexTest, WhatIsDoneAgainRunsUntilItEndsAgain) {
  const Id id = submit();
  append(domain::WorkflowCancelRequested{id, "operator"});
  end(id);
  commit();
  auto entry = read_history_of(*log, id).value();
  EXPECT_TRUE(entry->end);
  EXPECT_TRUE(entry->cancelling);
  EXPECT_EQ(entry->retries, 0U);
  append(domain::WorkflowRetried{id, {}, false});
  commit();
  entry = read_history_of(*log, id).value();
  EXPECT_FALSE(entry->end) << "it runs again";
  EXPECT_FALSE(entry->cancelling);
  EXPECT_EQ(entry->retries, 1U);
  EXPECT_TRUE(must({.ended = true}).items.empty());
  append(domain::WorkflowEnded{id, Outcome::done, 1, 0, 0, 0, 0});
  commit();
  entry = read_history_of(*log, id).value();
  ASSERT_TRUE(entry->end);
  EXPECT_EQ(entry->end->event.outcome, Outcome::done);
  EXPECT_EQ(entry->end->at.commit, 3U);
  EXPECT_EQ(index(), made_again());

  disk->flip(2, 100);  // and when that is lost, its first end holds again
  ASSERT_TRUE(start().damage);
  append(domain::DamageAccepted{"known", "", 2});
  commit();
  entry = read_history_of(*log, id).value();
  ASSERT_TRUE(entry->end);
  EXPECT_EQ(entry->end->at.commit, 1U);
  EXPECT_EQ(entry->retries, 0U);
}

TEST_F(WorkflowIndexTest, ARollbackIsSeenOnWhatItUndoes) {
  const Id first = submit();
  end(first);
  commit();
  domain::WorkflowSubmitted undo{workflow_id(Id{{0x77}}), "rollback", "undo", "", 1, {}};
  undo.tasks = std::vector<domain::TaskPlan>(1);
  undo.rolls_back = first;
  append(undo);
  commit();
  const auto undone = read_history_of(*log, first).value(), rollback = read_history_of(*log, undo.id).value();
  EXPECT_EQ(undone->rollbacks, 1U);
  EXPECT_TRUE(undone->end);
  EXPECT_EQ(rollback->submission.rolls_back, first);
  const auto folded = fold_workflow(*log, first).value();
  EXPECT_EQ(folded->workflows.at(first).rollbacks, 1U);
  EXPECT_EQ(folded->workflows.at(undo.id).rolls_back, first) << "by which its id is told";
  EXPECT_EQ(folded->workflows.size(), 2U);
  EXPECT_EQ(fold_workflow(*log, undo.id).value()->workflows.size(), 1U);
  EXPECT_EQ(*last_commit_of(*log, first), 2U);
}

TEST_F(WorkflowIndexTest, ALogWithoutAnIndexSaysSoAndIsFilledWhileItIsWritten) {
  test::History life = history(7);
  life.begin();
  live_through(life, 300);
  std::erase_if(disk->sides, [](const auto& record) { return record.first[0] != 'b' && record.first[0] != 'o'; });
  start();
  const std::uint64_t missing = writer->index_missing_to();
  EXPECT_EQ(missing, log->last_commit());
  auto refused = read_history(*log, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::unavailable);
  EXPECT_TRUE(refused.error().message.find("commit 0 of " + std::to_string(missing)) != std::string::npos)
      << refused.error().message;
  submit("meanwhile");
  commit();
  EXPECT_FALSE(read_history(*log, {}));
  for (std::uint64_t next = 1; next <= missing;) {
    auto step = index_commits(*log, next, missing);
    ASSERT_TRUE(step);
    for (SideRecord& record : step->records) writer->write_side(std::move(record));
    writer->write_side(indexed_mark(step->next - 1));
    next = step->next;
    writer->flush();
    executor.run_all();
  }
  writer->index_filled();
  executor.run_all();
  EXPECT_EQ(writer->index_missing_to(), 0U);
  EXPECT_EQ(index(), made_again());
  EXPECT_EQ(must({.limit = 1}).items.at(0).submission.kind, "meanwhile");
  start();
  EXPECT_EQ(writer->index_missing_to(), 0U) << "once is enough";
}

// It had a record more of each commit that submits a workflow, ends it or says something of it, and another mark.
TEST_F(WorkflowIndexTest, TheIndexOfTheReleaseBeforeIsReadAsItIs) {
  test::History life = history(8, test::History::Asks::batches);
  life.begin();
  live_through(life, 800);
  struct Told {
    bool revised;
    std::uint64_t last;
    std::string folded;
    bool operator==(const Told&) const = default;
  };
  const auto all = [&] {
    std::vector<Told> out;
    for (const Seen& one : submitted()) {
      out.push_back({read_history_of(*log, one.id).value()->revised, *last_commit_of(*log, one.id),
                     bytes_of(fold_workflow(*log, one.id).value()->workflows.at(one.id))});
    }
    return out;
  };
  const auto now = all();
  ASSERT_GT(now.size(), 30U);
  const std::size_t records = index().size();
  for (const auto& record : Records(disk->sides)) {
    const std::string_view name = record.first;
    if (!name.starts_with(kWorkflowSpace)) continue;
    const Id id = *Id::from(name.substr(kWorkflowSpace.size(), Id::kSize));
    disk->sides[workflow_key(id, kTouched, workflow_commit(name))] = "";
  }
  disk->sides.at(std::string(kIndexedKey)).replace(0, 8, "PRVIDX1\n");
  EXPECT_GT(index().size(), records);
  start();
  EXPECT_EQ(writer->index_missing_to(), 0U) << "it is not made again";
  EXPECT_EQ(all(), now);
  submit("meanwhile");
  commit();
  EXPECT_TRUE(disk->sides.at(std::string(kIndexedKey)).starts_with("PRVIDX2\n")) << "which that release does not trust";
  EXPECT_EQ(must({.limit = 1}).items.at(0).submission.kind, "meanwhile");
}

TEST_F(WorkflowIndexTest, WhatAnEarlierReleaseWroteInBetweenIsMissedAndFilled) {
  const Id first = submit();
  commit();
  const Records then = disk->sides;
  submit();
  commit();
  disk->sides = then;  // an earlier release leaves the index as it is
  start();
  EXPECT_EQ(writer->index_missing_to(), 2U);
  EXPECT_EQ(*indexed_commit(*log), 1U);
  auto step = index_commits(*log, 2, 2);
  ASSERT_TRUE(step);
  EXPECT_EQ(step->next, 3U);
  for (SideRecord& record : step->records) writer->write_side(std::move(record));
  writer->index_filled();
  executor.run_all();
  EXPECT_EQ(index(), made_again());
  EXPECT_EQ(must({}).items.size(), 2U);
  EXPECT_EQ(must({}).items.back().id, first);
}

TEST_F(WorkflowIndexTest, WhatIsSetAsideAfterDamageLeavesTheIndexToo) {
  const Id kept = submit();
  commit();
  const Id lost = submit();
  commit();
  end(kept);
  commit();
  disk->flip(2, 100);
  ASSERT_TRUE(start().damage);
  append(domain::DamageAccepted{"known", "", 2});
  commit();
  EXPECT_EQ(index(), made_again());
  const HistoryPage page = must({});
  ASSERT_EQ(page.items.size(), 1U);
  EXPECT_EQ(page.items[0].id, kept);
  EXPECT_FALSE(page.items[0].end) << "its end was set aside";
  EXPECT_EQ(fold_workflow(*log, lost).value(), nullptr);
  end(kept);
  commit();
  EXPECT_TRUE(must({}).items[0].end);
}

TEST_F(WorkflowIndexTest, DamageInACommitIsNamedNotSkipped) {
  const Id id = submit();
  commit();
  end(id);
  commit();
  disk->flip(2, 100);
  const auto folded = fold_workflow(*log, id);
  ASSERT_FALSE(folded);
  EXPECT_EQ(folded.error().code, Code::corrupt);
  EXPECT_TRUE(folded.error().message.starts_with("commit 2: ")) << folded.error().message;
  EXPECT_EQ(must({}).items.size(), 1U) << "a list needs no commit";
  EXPECT_EQ(index_commits(*log, 1, 2)->damaged, std::vector<std::uint64_t>{2});
  disk->commits.erase(2);
  disk->commits[3] = "";
  EXPECT_EQ(fold_workflow(*log, id).error().code, Code::unavailable);
  disk->commits.erase(3);
  disk->commits[2] = "";
  disk->sides[workflow_key(id, kSubmission, 1)] = "no record";
  EXPECT_EQ(read_history(*log, {}).error().code, Code::corrupt);
}

}  // namespace
}  // namespace prov::event_log
