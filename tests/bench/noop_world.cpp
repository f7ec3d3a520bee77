#include "tests/bench/noop_world.h"

#include <algorithm>

#include "common/hash.h"

namespace prov::bench {
namespace {

using namespace domain;

constexpr TimeMs kNowMs = 1'700'000'000'000;
const Principal kOperator{"uid:0", "peer", Transport::unix_socket};
const Principal kSystem{"system", "", Transport::internal};

Key key_of(std::size_t n) { return *Key::from(digest_of("key " + std::to_string(n)).view()); }
Principal principal_of(const Key& key) { return {"agent:" + to_text(key), "curve", Transport::agent_link}; }

}  // namespace

NoopWorld::NoopWorld(int hosts, EventSink on_event)
    : on_event_(std::move(on_event)),
      log_id_(workflow_id(*Id::from(digest_of("log").view().substr(0, 16)))),
      nothing_(digest_of("")) {
  fold(LogCreated{}, kSystem);
  fold(CoordinatorStarted{1, "bench", "here", 0}, kSystem);
  rebuild_agenda(state_);
  for (int n = 0; n < hosts; ++n) {
    hosts_.push_back("h" + std::to_string(n));
    const Key key = key_of(hosts_.size());
    const Principal& who = principals_[key] = principal_of(key);
    fold(AgentEnrolled{key, key, "bench", hosts_.back(), {}}, who);
    fold(AgentConnected{key, {}}, who);
  }
}

void NoopWorld::submit(std::uint32_t tasks) { give(RunNoop{hosts_, tasks}, kOperator); }

void NoopWorld::submit(const SubmitBatch& batch) { give(batch, kOperator); }

bool NoopWorld::unfinished() const {
  return std::any_of(state_.workflows.begin(), state_.workflows.end(), [](const auto& at) { return !at.second.ended; });
}

bool NoopWorld::report_next() {
  if (out_.empty()) return false;
  const SendOrder order = out_.front();
  out_.pop_front();
  const ReportEnded end = end_of(order);
  const Principal& who = principals_.at(end.agent);
  give(ReportStarted{end.agent, order.task, order.attempt, kNowMs}, who);
  give(end, who);
  return true;
}

Command NoopWorld::next_end() const { return {{}, "", end_of(out_.front())}; }

ReportEnded NoopWorld::end_of(const SendOrder& order) const {
  TaskEnded e;
  e.task = order.task;
  e.attempt = order.attempt;
  e.output_digest = e.order_digest = nothing_;
  return {find_task(state_, order.task)->agent, e, kNowMs, {}};
}

void NoopWorld::give(CommandBody body, const Principal& who) {
  auto events = decide(state_, {{}, "bench", std::move(body)}, {kNowMs, [this] {
                                                                  Id id;
                                                                  ++ids_;
                                                                  std::memcpy(id.bytes.data(), &ids_, sizeof ids_);
                                                                  return id;
                                                                }});
  PROV_ASSERT(events.has_value());
  for (EventBody& event : *events) fold(std::move(event), who);
  while (auto next = follow_up(state_, kNowMs)) fold(std::move(*next), kSystem);
}

void NoopWorld::fold(EventBody body, const Principal& who) {
  Event event;
  event.meta.log_id = log_id_;
  event.meta.epoch = 1;
  event.meta.sequence = state_.sequence + 1;
  event.meta.workspace = "bench";
  Aggregate aggregate = aggregate_of(body);
  event.meta.aggregate_kind = aggregate.kind;
  event.meta.aggregate_id = std::move(aggregate.id);
  if (aggregate.kind == AggregateKind::task) event.meta.correlation = workflow_id(*Id::from(event.meta.aggregate_id));
  event.meta.principal = Shared(who);
  event.meta.log_time_ms = event.meta.wall_time_ms = kNowMs;
  event.body = std::move(body);
  evolve(state_, event);
  std::vector<Effect> effects;
  react(state_, event, effects);
  for (const Effect& effect : effects) {
    if (const auto* order = std::get_if<SendOrder>(&effect)) out_.push_back(*order);
  }
  if (on_event_) on_event_(event);
}

std::vector<Event> noop_events(int hosts, std::uint32_t tasks) {
  std::vector<Event> out;
  NoopWorld world(hosts, [&out](const Event& event) { out.push_back(event); });
  world.submit(tasks);
  while (world.report_next()) continue;
  return out;
}

SubmitBatch graph_of(int hosts, std::uint32_t operations) {
  constexpr std::uint32_t kEdges = 3;
  SubmitBatch batch;
  batch.name = "bench";
  batch.parallel_limit = 1000;
  batch.operations.resize(operations);
  std::uint32_t random = 1;
  for (std::uint32_t i = 0; i < operations; ++i) {
    BatchOperation& operation = batch.operations[i];
    operation.id = "operation-" + std::to_string(i);
    operation.targets = "h" + std::to_string(i % static_cast<std::uint32_t>(hosts));
    operation.exec.argv = {"/usr/bin/true", "--operation", std::to_string(i)};
    for (std::uint32_t edge = 0; edge < kEdges && i > 0; ++edge) {
      random = random * 1664525 + 1013904223;
      const std::uint32_t reach = edge == 0 ? std::min<std::uint32_t>(i, 500) : i;
      operation.dependencies.push_back({"operation-" + std::to_string(i - 1 - (random >> 8) % reach), {}});
    }
  }
  return batch;
}

SubmitBatch rolling_over_all(std::uint32_t operations) {
  SubmitBatch batch;
  batch.name = "rolling";
  batch.operations.resize(operations);
  for (std::uint32_t i = 0; i < operations; ++i) {
    BatchOperation& operation = batch.operations[i];
    operation.id = "step-" + std::to_string(i);
    operation.targets = "all";
    operation.exec.argv = {"/usr/bin/true", operation.id};
    operation.rolling.batch = "10%";
    if (i > 0) operation.dependencies.push_back({"step-" + std::to_string(i - 1), {}});
  }
  return batch;
}

}  // namespace prov::bench
