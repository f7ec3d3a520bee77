#pragma once
// The service runner for hosts without an init system: definitions, and one keeper process per service that starts its
// program again when it dies. Contract: docs/guides/extension-contract.md, "Services".
//
//   <definitions>/NAME     "user=NAME" and one "arg=..." per line           /etc/provisioning-services
//   <run>/NAME             "KEEPER PROGRAM" (process ids), locked by the keeper while it lives; it stays when the
//                          keeper is killed, and so says that the service is wanted       /run/provisioning-services
//   <log>/NAME.log         what the program prints; NAME.log.1 before that  /var/log/provisioning-services
#include <sys/types.h>

#include <string>
#include <vector>

#include "common/result.h"

namespace prov::agent {

struct ServiceDirs {
  std::string definitions, run, log;
};
ServiceDirs service_dirs();  // PROV_SERVICES_DIR, PROV_SERVICES_RUN, PROV_SERVICES_LOG override the usual ones

struct ServiceDefinition {
  std::string user = "root";
  std::vector<std::string> argv;  // argv[0] is an absolute path
  bool operator==(const ServiceDefinition&) const = default;
};

enum class ServiceState { running, stopped, unknown };

class Services {
 public:
  Services(ServiceDirs dirs, std::string program) : dirs_(std::move(dirs)), program_(std::move(program)) {}

  Result<void> define(const std::string& name, const ServiceDefinition& definition);
  Result<ServiceDefinition> definition(const std::string& name) const;  // Code::not_found
  Result<void> start(const std::string& name);                          // fine when it runs
  Result<void> stop(const std::string& name);                           // fine when it does not
  Result<void> remove(const std::string& name);                         // stops it first; fine when unknown
  ServiceState state(const std::string& name) const;

  std::vector<std::string> defined() const;
  std::vector<std::string> orphaned() const;  // wanted, but their keeper is dead

  // The life of a keeper process: returns its exit code when it was told to stop (SIGTERM).
  int keep(const std::string& name);

 private:
  struct Record {
    bool locked = false;
    pid_t keeper = 0, program = 0;
  };
  Record record(const std::string& name) const;
  std::string run_path(const std::string& name) const { return dirs_.run + "/" + name; }

  ServiceDirs dirs_;
  std::string program_;
};

}  // namespace prov::agent
