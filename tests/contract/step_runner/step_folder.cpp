// Lays out a step's folder as the agent does, and reads what its supervisor left there; for trying a step on a host
// that has an agent's program and nothing else (extensions/lib/tests/try-modes).
//
//   step_folder make DIR apply|check|rehearse exec|script|check -- ARGV...    DIR/work is there already
//   step_folder verdict DIR                             "OUTCOME EXIT-CODE", then the message, then NAME=VALUE lines
#include <fcntl.h>
#include <sys/stat.h>

#include <cstdio>
#include <string>
#include <vector>

#include "agent/executor/step_dir.h"
#include "common/io/posix/files.h"

namespace {

using namespace prov;
using namespace prov::agent;

template <class Value, std::size_t N>
Value one_of(const char* const (&names)[N], const std::string& name) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == name) return static_cast<Value>(i);
  }
  std::fprintf(stderr, "step_folder: what is \"%s\"?\n", name.c_str());
  std::exit(2);
}

int report(const Error& error) {
  std::fprintf(stderr, "step_folder: %s\n", error.message.c_str());
  return 1;
}

int make(const io::Fd& dir, const std::vector<std::string>& arguments) {
  StepSpec spec;
  spec.mode = one_of<wire::Mode>({"apply", "check", "rehearse"}, arguments[2]);
  spec.kind = one_of<StepKind>({"exec", "script", "check"}, arguments[3]);
  spec.argv.assign(arguments.begin() + 5, arguments.end());
  spec.environment = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
                      "LANG=C.UTF-8"};
  spec.timeout_s = 900;
  auto written = write_spec(dir.get(), spec);
  return written ? 0 : report(written.error());
}

int show_verdict(const io::Fd& dir) {
  const auto step = read_step(dir.get());
  if (!step) return report(step.error());
  if (!step->result) return report({Code::not_found, "there is no verdict", ""});
  const Verdict verdict = verdict_of(step->spec, *step->result);
  std::printf("%s %d\n%s\n", name_of(verdict.outcome), verdict.exit_code, verdict.message.c_str());
  for (const wire::Variable& each : verdict.outputs) std::printf("%s=%s\n", each.name.c_str(), each.value.c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const bool makes = arguments.size() > 5 && arguments[0] == "make" && arguments[4] == "--";
  if (!makes && (arguments.size() != 2 || arguments[0] != "verdict")) {
    std::fprintf(stderr, "usage: step_folder make DIR MODE KIND -- ARGV... | step_folder verdict DIR\n");
    return 2;
  }
  const io::Fd dir(open(arguments[1].c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!dir) return report(io::system_error("open", arguments[1]));
  return makes ? make(dir, arguments) : show_verdict(dir);
}
