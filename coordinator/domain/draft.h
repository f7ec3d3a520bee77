#pragma once
// What a command is about to make: tasks, the declarations that go with them, and the servers and task services as they
// will be when these are done. Shared by the commands for servers and task services and by batches.
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/domain/slices.h"

namespace prov::domain {

class Draft {
 public:
  Draft(const State& state, const Command& command) : state_(state), workspace_(command.workspace) {
    register_workspace(state, command, declared);
  }

  std::vector<EventBody> declared;  // go before the workflow
  std::vector<TaskPlan> tasks;
  std::size_t unchanged = 0;  // asked for, and already so

  // Each adds what is needed, or nothing when it is already so.
  Result<void> create_server(const ServerSpec& spec);
  Result<void> delete_server(const std::string& hostname, const std::string& infra);  // infra empty: any
  // `after`: tasks that it depends on. The new task's index; nullopt when nothing has to be done.
  Result<std::optional<std::uint32_t>> install(const std::string& infra, const TaskservSpec& spec,
                                               std::vector<std::uint32_t> after, OrderMode mode = OrderMode::apply,
                                               bool again = false);  // also when it is already so
  Result<std::optional<std::uint32_t>> uninstall(const TaskservSpec& spec);
  Result<std::uint32_t> check(const TaskservSpec& spec, std::vector<std::uint32_t> after, OrderMode mode);

  // Servers that are declared here and have not been there before.
  const std::map<std::string, ServerSpec>& new_servers() const { return new_servers_; }
  bool will_have(const std::string& hostname) const;  // a host to run things on

 private:
  Result<void> may_run(const TaskservSpec& spec) const;
  std::optional<TaskservSpec> installed(const TaskservSpec& spec) const;  // as it will be by then
  std::uint32_t add(TaskPlan plan);

  const State& state_;
  const std::string workspace_;
  std::map<std::string, ServerSpec> new_servers_;
  std::set<std::string> servers_named_, servers_removed_;
  std::map<std::pair<std::string, std::string>, std::optional<TaskservSpec>> taskservs_;  // host, name
};

}  // namespace prov::domain
