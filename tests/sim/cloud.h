#pragma once
// Where servers come from: the modelled provider. It makes and removes hosts after a while, sometimes fails, and may be
// interrupted with the coordinator's process, before or after it had its effect.
#include <functional>
#include <map>
#include <set>
#include <string>

#include "common/wire/join_token.h"
#include "coordinator/providers/provider_runner.h"
#include "tests/sim/kernel.h"

namespace prov::sim {

class Cloud {
 public:
  explicit Cloud(Kernel& kernel) : kernel_(kernel) {}

  // The world makes and removes the hosts.
  std::function<void(const std::string& hostname, const wire::JoinToken& token)> on_create;
  std::function<void(const std::string& hostname)> on_delete;
  std::uint32_t fails = 0;  // per mille of the calls, in a way that may be tried again

  // The answer to a request, after its effect.
  std::string act(const std::string& request);
  Kernel& kernel() { return kernel_; }

 private:
  Kernel& kernel_;
  std::set<std::string> servers_;
};

// The providers of one life of the coordinator.
class SimProviders final : public providers::ProviderRunner {
 public:
  SimProviders(Cloud& cloud, Process& process) : cloud_(cloud), process_(process) {}
  ~SimProviders() override;
  void run(providers::ProviderCall call, Progress progress, Done done) override;
  void stop_all() override {}

 private:
  Cloud& cloud_;
  Process& process_;
  std::set<Schedule::Token> effects_;  // that have not happened yet
};

}  // namespace prov::sim
