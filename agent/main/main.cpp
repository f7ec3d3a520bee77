// provisioning-agent: the parts of an agent's host, one command each.
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "agent/executor/supervisor.h"
#include "agent/executor/zygote.h"
#include "agent/host/host_init.h"
#include "agent/host/services.h"
#include "agent/main/log_line.h"
#include "agent/main/run.h"
#include "agent/main/service_command.h"
#include "agent/sandbox/network.h"
#include "common/io/posix/processes.h"

namespace {

using namespace prov;
using namespace prov::agent;

constexpr const char* kHelp =
    "provisioning-agent " PROV_VERSION
    ": carries out a coordinator's orders on this host\n"
    "\n"
    "  run --state-dir DIR [--join-token-file FILE] [--parallel N] [--drain-s SECONDS]\n"
    "      serve; enrols with the token in FILE (default DIR/join-token), then deletes it; anew when there is another\n"
    "  join --state-dir DIR [--join-token-file FILE]\n"
    "      enrol, and no more; fails when the token there cannot be used\n"
    "  service define NAME [--user USER] -- PROGRAM ARGS...\n"
    "  service start|stop|restart|remove|status NAME\n"
    "      long-running programs of a host without an init system; status exits 0 running, 3 stopped, 4 unknown\n"
    "  host-init --state-dir DIR\n"
    "      be the first process of such a host: the agent, the services, orphans\n"
    "  supervise DIR\n"
    "      stand beside one step\n"
    "  zygote-2\n"
    "      start such supervisors (started by the agent itself)\n"
    "  rehearsal-fetch METHOD\n"
    "      download for apt, in a rehearsal (started by apt itself)\n"
    "  --version, --help\n";

Result<RunOptions> parse_options(const std::vector<std::string>& arguments) {
  RunOptions out;
  for (std::size_t i = 1; i < arguments.size(); i += 2) {
    const std::string& name = arguments[i];
    if (i + 1 >= arguments.size()) return fail(Code::invalid, name + " needs a value", "provisioning-agent --help");
    const std::string& value = arguments[i + 1];
    std::uint32_t number = 0;
    const bool numeric = std::from_chars(value.data(), value.data() + value.size(), number).ec == std::errc{};
    if (name == "--state-dir")
      out.state_dir = value;
    else if (name == "--join-token-file")
      out.token_file = value;
    else if (name == "--parallel" && numeric && number >= 1 && number <= 256)
      out.parallel = number;
    else if (name == "--drain-s" && numeric && number <= 86'400)
      out.drain_ms = number * 1000ULL;
    else
      return fail(Code::invalid, "cannot use " + name + " " + value, "provisioning-agent --help");
  }
  if (out.state_dir.empty()) {
    return fail(Code::invalid, "--state-dir is missing", "usually --state-dir /var/lib/provisioning-agent");
  }
  // Programs are started from it in a folder of their own.
  std::error_code none;
  if (const auto absolute = std::filesystem::absolute(out.state_dir, none); !none) out.state_dir = absolute.string();
  if (out.token_file.empty()) out.token_file = out.state_dir + "/join-token";
  return out;
}

int with_options(const std::vector<std::string>& arguments, Result<void> (*command)(const RunOptions&)) {
  auto options = parse_options(arguments);
  if (!options) return report_error(options.error());
  auto done = command(*options);
  return done ? 0 : report_error(done.error());
}

int start_host_init(const std::vector<std::string>& arguments) {
  auto options = parse_options(arguments);
  if (!options) return report_error(options.error());
  return host_init({io::own_program(), options->state_dir});
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const std::string command = arguments.empty() ? "--help" : arguments[0];
  if (command == "run") return with_options(arguments, run_agent);
  if (command == "join") return with_options(arguments, join_only);
  if (command == "supervise" && arguments.size() == 2) return supervise(arguments[1], io::own_program());
  if (command == kZygoteCommand) return serve_as_zygote(argv);
  if (command == "service") return service_command({arguments.begin() + 1, arguments.end()});
  if (command == "service-keeper" && arguments.size() == 2) {
    return Services(service_dirs(), io::own_program()).keep(arguments[1]);
  }
  if (command == "rehearsal-fetch" && arguments.size() == 2) return report_error(fetch_in_host_network(arguments[1]));
  if (command == "host-init") return start_host_init(arguments);
  if (command == "--version") return std::puts("provisioning-agent " PROV_VERSION) < 0;
  if (command == "--help" || command == "help") return std::fputs(kHelp, stdout) < 0;
  return report_error({Code::invalid, "there is no command \"" + command + "\"", "provisioning-agent --help"});
}
