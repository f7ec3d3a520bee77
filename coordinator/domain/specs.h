#pragma once
// What an operator asked for, resolved: versions chosen, parameters merged, content named by digest. Nothing here
// refers to a file, so a replay needs none.
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/ids.h"

namespace prov::domain {

using Pairs = std::vector<std::pair<std::string, std::string>>;  // sorted by first

struct ServerSpec {
  std::string hostname, infra, provider;
  Digest provider_bundle;
  std::string runtime, plan;
  Pairs labels, params;
  bool operator==(const ServerSpec&) const = default;
};

struct TaskservSpec {
  std::string server, name, version;
  Digest bundle;
  Pairs params;   // resolved, without secrets
  Pairs secrets;  // parameter -> reference
  bool retry_safe = false;
  std::uint32_t timeout_s = 0;
  bool operator==(const TaskservSpec&) const = default;
};

enum class TaskservVerb : std::uint16_t { install, check, uninstall };
inline const char* name_of(TaskservVerb verb) {
  return verb == TaskservVerb::install ? "install" : verb == TaskservVerb::check ? "check" : "uninstall";
}

// ---- what a task does
struct NoopAction {
  bool operator==(const NoopAction&) const = default;
};
struct ServerCreateAction {
  std::string hostname;
  bool operator==(const ServerCreateAction&) const = default;
};
struct ServerDeleteAction {
  std::string hostname;
  bool operator==(const ServerDeleteAction&) const = default;
};
struct AwaitAgentAction {
  std::string hostname;
  bool operator==(const AwaitAgentAction&) const = default;
};
struct TaskservAction {
  TaskservVerb verb = TaskservVerb::install;
  TaskservSpec spec;
  bool operator==(const TaskservAction&) const = default;
};
struct ExecAction {
  std::vector<std::string> argv;
  std::string stdin_data;
  bool operator==(const ExecAction&) const = default;
};
using Action =
    std::variant<NoopAction, ServerCreateAction, ServerDeleteAction, AwaitAgentAction, TaskservAction, ExecAction>;

struct TaskPlan {
  std::string name;
  std::string server;                     // whose agent runs it; empty: the coordinator
  std::vector<std::uint32_t> depends_on;  // indexes smaller than its own
  std::uint32_t timeout_s = 60;
  std::uint32_t max_attempts = 1;
  bool exclusive = false;
  Action action;
  bool operator==(const TaskPlan&) const = default;
};

}  // namespace prov::domain
