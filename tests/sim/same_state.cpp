#include "tests/sim/same_state.h"

#include <algorithm>
#include <tuple>

namespace prov::sim {
namespace {

// ---- fields: all that count of a struct. The bindings name every field there is; what is left out is said.

auto fields(const domain::JoinToken& token) {
  const auto& [id, secret_hash, workspace, server, expires_ms] = token;
  return std::tie(id, secret_hash, workspace, server, expires_ms);
}

auto fields(const domain::Agent& agent) {
  const auto& [key, seal_key, workspace, server, draining, reachable, facts, enrolled_ms] = agent;
  return std::tie(key, seal_key, workspace, server, draining, reachable, facts, enrolled_ms);
}

auto fields(const domain::Server& server) {
  const auto& [workspace, spec, status, provider_id, address, runtime, coordinator_address, created_ms] = server;
  return std::tie(workspace, spec, status, provider_id, address, runtime, coordinator_address, created_ms);
}

auto fields(const domain::Taskserv& taskserv) {
  const auto& [workspace, infra, spec, status, installed_version, installed_ms, message] = taskserv;
  return std::tie(workspace, infra, spec, status, installed_version, installed_ms, message);
}

auto fields(const domain::Cluster& cluster) {
  const auto& [workspace, spec, status, ready_ms] = cluster;
  return std::tie(workspace, spec, status, ready_ms);
}

auto fields(const domain::Session& session) {
  const auto& [id, workspace, server, agent, opened_ms] = session;
  return std::tie(id, workspace, server, agent, opened_ms);
}

auto fields(const domain::Duration& duration) {
  const auto& [count, mean_ms] = duration;
  return std::tie(count, mean_ms);
}

auto fields(const domain::Remembered& remembered) {
  const auto& [made, sequence, log_time_ms, command_digest] = remembered;
  return std::tie(made, sequence, log_time_ms, command_digest);
}

auto fields(const domain::Frozen& frozen) {
  const auto& [sequence, reason] = frozen;
  return std::tie(sequence, reason);
}

auto fields(const domain::Checkpoint& checkpoint) {
  const auto& [name, sequence] = checkpoint;
  return std::tie(name, sequence);
}

auto fields(const domain::Approval& approval) {
  const auto& [task, approved, by, at_ms, comment] = approval;
  return std::tie(task, approved, by, at_ms, comment);
}

// Not its host's number, which is the agenda's.
auto fields(const domain::Task& task) {
  const auto& [plan, status, outcome, attempt, operation, host, ready_ms, retry_at_ms, deadline_ms, dispatch_sequence,
               agent, started_ms, ended_ms, attempts_before, exit_code, message, output_bytes, output_digest,
               ended_sequence, outputs] = task;
  (void)host;
  return std::tie(status, attempt, attempts_before, agent, dispatch_sequence, ready_ms, started_ms, ended_ms,
                  deadline_ms, retry_at_ms, outcome, exit_code, output_bytes, output_digest, ended_sequence, operation,
                  message, outputs, plan);
}

auto fields(const domain::Operation& operation) {
  const auto& [plan, status, outcome, unneeded, message, waves_opened, set_aside, dependents, missing, unended,
               unended_open, failed, stopping] = operation;
  return std::tie(status, outcome, unneeded, message, waves_opened, set_aside, dependents, missing, unended,
                  unended_open, failed, stopping, plan);
}

// Not what depends on what, which is thrown away when it has ended; nor its gate, which is the agenda's; nor the index
// of names, which holds places by hash.
auto fields(const domain::Workflow& workflow) {
  const auto& [id, workspace, kind, name, infra, parallel_limit, initiator, submitted_ms, ended_ms, ended, cancelling,
               outcome, tasks, operations, params, paused, preserve_successful, rolls_back, rollbacks, retries,
               checkpoints, approvals, notes, dependents, missing, unended, unended_operations, stopped_by, gate,
               operation_by_id] = workflow;
  (void)dependents, (void)missing, (void)gate, (void)operation_by_id;
  return std::tie(id, workspace, kind, name, infra, parallel_limit, initiator, submitted_ms, ended_ms, ended,
                  cancelling, outcome, params, paused, preserve_successful, rolls_back, rollbacks, retries, checkpoints,
                  approvals, notes, unended, unended_operations, stopped_by, tasks, operations);
}

// Not the agenda, which a fold that stands aside has none of.
auto fields(const domain::State& state) {
  const auto& [log_id, sequence, log_time_ms, epoch, accepted_epoch, workspaces, join_tokens, agents, agent_by_host,
               servers, taskservs, clusters, durations, workflows, ended_workflows, ended_tasks, ended_workflows_total,
               sessions, secrets, remembered, remembered_order, frozen, server_work, agenda] = state;
  (void)agenda;
  return std::tie(log_id, sequence, log_time_ms, epoch, accepted_epoch, workspaces, join_tokens, agents, agent_by_host,
                  servers, taskservs, clusters, durations, workflows, ended_workflows, ended_tasks,
                  ended_workflows_total, sessions, secrets, remembered, remembered_order, frozen, server_work);
}

// ---- comparing them

template <class T>
concept HasFields = requires(const T& value) {
  fields(value);
};

template <class T>
bool same(const T& a, const T& b);

template <class T>
bool same(const std::vector<T>& a, const std::vector<T>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const T& x, const T& y) { return same(x, y); });
}

template <class K, class V>
bool same(const std::map<K, V>& a, const std::map<K, V>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.first == y.first && same(x.second, y.second); });
}

template <class K, class V, class H>
bool same(const std::unordered_map<K, V, H>& a, const std::unordered_map<K, V, H>& b) {
  return a.size() == b.size() && std::all_of(a.begin(), a.end(), [&](const auto& one) {
           const auto other = b.find(one.first);
           return other != b.end() && same(one.second, other->second);
         });
}

bool same(const domain::WorkflowTable& a, const domain::WorkflowTable& b) {
  return a.size() == b.size() && std::all_of(a.begin(), a.end(), [&](const auto& one) {
           const domain::Workflow* other = b.get(one.first);
           return other != nullptr && same(one.second, *other);
         });
}

template <class T>
bool same(const T& a, const T& b) {
  if constexpr (HasFields<T>) {
    return std::apply(
        [&](const auto&... of_a) {
          return std::apply([&](const auto&... of_b) { return (same(of_a, of_b) && ...); }, fields(b));
        },
        fields(a));
  } else {
    return a == b;
  }
}

}  // namespace

bool same_state(const domain::State& a, const domain::State& b) { return same(a, b); }
bool same_workflow(const domain::Workflow& a, const domain::Workflow& b) { return same(a, b); }

}  // namespace prov::sim
