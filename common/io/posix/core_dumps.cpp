#include "common/io/posix/core_dumps.h"

#include <sys/resource.h>

#include "common/result.h"

namespace prov::io {

void forbid_core_dumps() {
  const rlimit none{0, 0};
  PROV_ASSERT(setrlimit(RLIMIT_CORE, &none) == 0);  // lowering it is allowed to everybody
}

}  // namespace prov::io
