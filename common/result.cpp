#include "common/result.h"

#include <cstdio>
#include <cstdlib>

namespace prov {

void assert_failed(const char* what, const char* file, int line) {
  std::fprintf(stderr, "impossible state: %s at %s:%d\n", what, file, line);
  std::abort();
}

}  // namespace prov
