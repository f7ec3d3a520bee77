#include "agent/main/service_command.h"

#include <cstdio>

#include "agent/host/services.h"
#include "agent/main/log_line.h"
#include "common/io/posix/processes.h"

namespace prov::agent {
namespace {

constexpr const char* kUsage =
    "service define NAME [--user USER] -- PROGRAM ARGS..., service start|stop|restart|remove|status NAME";

int finish(const Result<void>& result) { return result ? 0 : report_error(result.error()); }

int define(Services& services, const std::vector<std::string>& arguments) {
  ServiceDefinition definition;
  std::size_t at = 2;
  if (arguments.size() > at + 1 && arguments[at] == "--user") {
    definition.user = arguments[at + 1];
    at += 2;
  }
  if (arguments.size() <= at + 1 || arguments[at] != "--") {
    return report_error({Code::invalid, "the program of the service is missing", kUsage});
  }
  definition.argv.assign(arguments.begin() + static_cast<std::ptrdiff_t>(at) + 1, arguments.end());
  return finish(services.define(arguments[1], definition));
}

int status(const Services& services, const std::string& name) {
  switch (services.state(name)) {
    case ServiceState::running: std::puts("running"); return 0;
    case ServiceState::stopped: std::puts("stopped"); return 3;
    case ServiceState::unknown: std::puts("unknown"); return 4;
  }
  return 4;
}

}  // namespace

int service_command(const std::vector<std::string>& arguments) {
  if (arguments.size() < 2) return report_error({Code::invalid, "which service, and what to do with it?", kUsage});
  const std::string& verb = arguments[0];
  const std::string& name = arguments[1];
  Services services(service_dirs(), io::own_program());
  if (verb == "define") return define(services, arguments);
  if (verb == "start") return finish(services.start(name));
  if (verb == "stop") return finish(services.stop(name));
  if (verb == "remove") return finish(services.remove(name));
  if (verb == "status") return status(services, name);
  if (verb == "restart") {
    if (auto stopped = services.stop(name); !stopped) return report_error(stopped.error());
    return finish(services.start(name));
  }
  return report_error({Code::invalid, "\"" + verb + "\" is nothing that can be done with a service", kUsage});
}

}  // namespace prov::agent
