#include "common/failpoint/failpoint.h"

#if PROV_FAILPOINTS_EXIST
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>

namespace prov {
namespace {

struct Armed {
  std::string name;
  std::atomic<unsigned long> left = 1;

  Armed() {
    const char* wanted = std::getenv("PROV_FAILPOINT");
    if (wanted == nullptr) return;
    name = wanted;
    const auto colon = name.find(':');
    if (colon == std::string::npos) return;
    left = std::strtoul(name.c_str() + colon + 1, nullptr, 10);
    name.resize(colon);
  }
};

}  // namespace

void fail_here(const char* name) {
  static Armed armed;
  if (armed.name.empty() || armed.name != name || --armed.left != 0) return;
  ::kill(::getpid(), SIGKILL);
  for (;;) ::pause();  // the signal is on its way
}

}  // namespace prov
#endif
