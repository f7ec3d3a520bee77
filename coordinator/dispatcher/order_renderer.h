#pragma once
// From a logged task to what its agent needs to run it: script, environment, rendered templates, sealed secrets.
#include <list>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/ports/record_log.h"
#include "common/wire/agent_wire.h"
#include "coordinator/domain/state.h"
#include "coordinator/secrets/secret_store.h"

namespace prov::dispatcher {

using BundleFiles = std::vector<wire::File>;

// Bundles, read from the store, verified and kept while they are in use. Owner's thread.
class BundleCache {
 public:
  explicit BundleCache(RecordLog& log) : log_(log) {}
  struct Bundle {
    std::string bytes;
    BundleFiles files;
    bool names_hosts = false;  // some template of it asks where task services run
  };
  Result<std::shared_ptr<const Bundle>> get(const Digest& digest);

 private:
  static constexpr std::size_t kKeepBytes = 32 << 20;
  RecordLog& log_;
  std::list<std::pair<Digest, std::shared_ptr<const Bundle>>> recent_;  // newest first
};

class OrderRenderer {
 public:
  OrderRenderer(BundleCache& bundles, secrets::SecretStore& secrets) : bundles_(bundles), secrets_(secrets) {}

  // References that the task needs and that do not exist yet: to be generated and logged before it is rendered.
  std::vector<std::string> missing_secrets(const domain::State& state, const domain::Workflow& workflow,
                                           const domain::Task& task) const;

  // REQUIRES: the task was dispatched to an agent. Code::invalid or not_found: it can never be rendered so.
  Result<wire::Order> render(const domain::State& state, const domain::Workflow& workflow, const Id& id);

 private:
  Result<void> command(const domain::State& state, const domain::Workflow& workflow, const domain::Task& task,
                       const domain::ExecAction& exec, wire::Order& order);
  Result<wire::Script> script(const domain::State& state, const domain::Workflow& workflow, const Id& id,
                              const domain::TaskservAction& action);
  BundleCache& bundles_;
  secrets::SecretStore& secrets_;
};

}  // namespace prov::dispatcher
