// provisioning-coordinator: the platform's "orchestrator", and what needs its log offline.
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "common/io/posix/processes.h"
#include "coordinator/audit/audit_main.h"
#include "coordinator/main/serve.h"
#include "coordinator/main/settings.h"

namespace {

constexpr const char* kHelp =
    "provisioning-coordinator " PROV_VERSION
    ": owns the event log, decides, dispatches\n"
    "\n"
    "  serve --data DIR [FLAG VALUE]...            run the platform (serve --help lists the flags)\n"
    "  audit verify|export|replay|log --data DIR   look at a log offline, on the folder or a copy\n"
    "  restore FOLDER --data DIR                   put a backup into an empty data folder\n"
    "  --version, --help\n";

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  const std::string command = arguments.empty() ? "--help" : arguments.front();
  if (!arguments.empty()) arguments.erase(arguments.begin());
  const bool wants_help = !arguments.empty() && arguments.back() == "--help";
  if (command == "serve" && wants_help) return std::fputs(prov::coordinator::serve_help().c_str(), stdout) < 0;
  if (command == "serve") {
    const std::string program = prov::io::own_program();
    return prov::coordinator::serve(arguments, program.substr(0, program.rfind('/')));
  }
  if (command == "restore") return prov::audit::restore_main(arguments, std::cout, std::cerr);
  if (command == "audit") return prov::audit::audit_main(arguments, std::cout, std::cerr);
  if (command == "--version") return std::puts("provisioning-coordinator " PROV_VERSION) < 0;
  std::fputs(kHelp, command == "--help" ? stdout : stderr);
  return command == "--help" ? 0 : 2;
}
