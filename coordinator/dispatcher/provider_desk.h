#pragma once
// Tasks that the coordinator runs itself: a provider makes or removes a server. The intent is in the log before the
// provider is called, the outcome after; what a crash interrupts is sent again as another attempt, which providers
// allow by contract.
#include <map>
#include <nlohmann/json_fwd.hpp>

#include "coordinator/dispatcher/desk.h"

namespace prov::dispatcher {

class ProviderDesk {
 public:
  ProviderDesk(Desk& desk, providers::ProviderRunner& runner) : desk_(desk), runner_(runner) {}

  void run(const Id& task, std::uint32_t attempt);
  void interrupted(const Id& task, std::uint32_t attempt);  // by the end of the coordinator that ran it

 private:
  struct Job {
    Id task;
    std::uint32_t attempt = 0;
    std::string workspace;
    domain::ServerSpec spec;
    std::uint64_t output_bytes = 0;
  };
  using JobPtr = std::shared_ptr<Job>;
  using Then = std::function<void(const nlohmann::json& answer)>;

  void call(const JobPtr& job, nlohmann::json request, Then then);
  void create(const JobPtr& job);
  void make_token(const JobPtr& job, const std::string& address);
  void created(const JobPtr& job, const std::string& address, const nlohmann::json& answer);
  void remove(const JobPtr& job);
  bool last_of_its_infra(const Job& job) const;
  void progress(const JobPtr& job, std::string text);
  void finish(const JobPtr& job, Outcome outcome, std::int32_t exit_code, std::string message,
              std::optional<domain::ServerCreated> made = {});

  Desk& desk_;
  providers::ProviderRunner& runner_;
};

}  // namespace prov::dispatcher
