#include "tests/sim/auditor.h"

#include <algorithm>

#include "coordinator/domain/evolve.h"
#include "coordinator/event_log/keys.h"

namespace prov::sim {

Auditor::Auditor(Kernel& kernel, std::shared_ptr<test::MemoryDisk> disk, const event_log::PublicKey& key)
    : kernel_(kernel), disk_(std::move(disk)), keys_{{event_log::key_id(key), key}} {}

void Auditor::catch_up() {
  if (disk_->commits.empty() || disk_->commits.rbegin()->first <= position_.commit) return;
  test::MemoryRecordLog log(disk_);
  const auto read = event_log::replay(log, position_, keys_, [this](const domain::Event& event) {
    take(event);
    return true;
  });
  if (read.damage && !torn_) {
    kernel_.violate("I2", "commit " + std::to_string(read.damage->commit) + " " + read.damage->what);
  }
  if (read.commits > 0) torn_ = torn_ && anew_;
  if (std::exchange(needed_, false)) needed_commit_ = read.end.commit;
  for (std::uint64_t commit = position_.commit + 1; commit <= read.end.commit; ++commit) {
    commits_.push_back(disk_->commits.at(commit));
    kernel_.bytes(commits_.back());
  }
  position_ = read.end;
}

void Auditor::recheck() {
  for (std::uint64_t commit = 1; commit <= commits_.size(); ++commit) {
    const auto found = disk_->commits.find(commit);
    if (found == disk_->commits.end()) {
      return kernel_.violate("I2", "commit " + std::to_string(commit) + " was durable and is gone");
    }
    if (found->second != commits_[commit - 1]) {
      return kernel_.violate("I2", "commit " + std::to_string(commit) + " was durable and has changed");
    }
  }
  catch_up();
  for (const auto& [commit, key] : aside_) {
    if (!torn_ && !disk_->sides.contains(key)) {
      kernel_.violate("I2", "commit " + std::to_string(commit) + " was not set aside, it is gone");
    }
  }
}

void Auditor::expect_loss_from(std::uint64_t commit) {
  for (auto at = disk_->commits.lower_bound(commit); at != disk_->commits.end(); ++at) {
    aside_[at->first] = event_log::set_aside_key(at->first, at->second);
  }
  const auto before = std::exchange(attempts_, {});
  commits_.clear();
  commands_.clear();
  made_.clear();
  state_ = {};
  position_ = {};
  torn_ = anew_ = true;
  catch_up();
  anew_ = false;
  if (position_.commit + 1 != commit)
    kernel_.violate("I2", "a flipped bit of commit " + std::to_string(commit) + " goes unnoticed");
  for (const auto& [step, was] : before) {
    const auto now = attempts_.find(step);
    const bool same = now != attempts_.end() && now->second.started == was.started &&
                      now->second.in_doubt == was.in_doubt && now->second.ended.has_value() == was.ended.has_value();
    if (!same) touched_.insert(step);
  }
}

void Auditor::take(const domain::Event& event) {
  domain::evolve(state_, event);
  needed_ = needed_ || std::holds_alternative<domain::JoinTokenCreated>(event.body) ||
            std::holds_alternative<domain::AgentEnrolled>(event.body) ||
            std::holds_alternative<domain::BlobStored>(event.body);
  if (!event.meta.command_id.is_zero()) commands_[event.meta.command_id] = event.meta.sequence;
  if (const auto* dispatched = std::get_if<domain::TaskDispatched>(&event.body)) {
    attempts_[{dispatched->task, dispatched->attempt}] = AttemptLog{dispatched->agent, event.meta.sequence};
  } else if (const auto* started = std::get_if<domain::TaskStarted>(&event.body)) {
    attempts_[{started->task, started->attempt}].started = true;
  } else if (const auto* doubtful = std::get_if<domain::TaskInDoubt>(&event.body)) {
    attempts_[{doubtful->task, doubtful->attempt}].in_doubt = true;
  } else if (const auto* ended = std::get_if<domain::TaskEnded>(&event.body)) {
    // A task that ended before it was sent (again) names the attempt before, which has its own end, or was given up.
    const auto known = attempts_.find({ended->task, ended->attempt});
    const bool open = known != attempts_.end() && !known->second.ended && !known->second.given_up;
    if (open) known->second.ended = *ended;
  } else if (const auto* retried = std::get_if<domain::WorkflowRetried>(&event.body)) {
    if (retried->in_doubt) give_up_doubts(*retried);
  } else if (std::holds_alternative<domain::WorkflowSubmitted>(event.body)) {
    ++made_[event.meta.command_id];
  }
  if (on_event && !anew_) on_event(event);
}

void Auditor::give_up_doubts(const domain::WorkflowRetried& retried) {
  const domain::Workflow* workflow = domain::find_workflow(state_, retried.id);
  if (workflow == nullptr) return;
  for (auto at = attempts_.lower_bound({task_id(retried.id, 0), 0}); at != attempts_.end(); ++at) {
    if (workflow_id(at->first.task) != retried.id) break;
    const std::uint32_t operation = workflow->tasks[*task_index(at->first.task)].operation;
    const auto& again = retried.operations;
    const bool begins = std::find(again.begin(), again.end(), operation) != again.end();
    if (begins && at->second.in_doubt && !at->second.ended) at->second.given_up = true;
  }
}

const AttemptLog* Auditor::attempt(const agent::StepId& step) const {
  const auto found = attempts_.find(step);
  return found == attempts_.end() ? nullptr : &found->second;
}

std::uint64_t Auditor::last_event_of(const Id& command) const {
  const auto found = commands_.find(command);
  return found == commands_.end() ? 0 : found->second;
}

std::uint32_t Auditor::workflows_of(const Id& command) const {
  const auto found = made_.find(command);
  return found == made_.end() ? 0 : found->second;
}

}  // namespace prov::sim
