#include "common/io/posix/claim.h"

#include <sys/file.h>
#include <unistd.h>

namespace prov::io {

bool claim(int fd) {
  constexpr int kLookMs = 10;
  for (int waited_ms = 0;; waited_ms += kLookMs) {
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return true;
    if (waited_ms >= kClaimPatienceMs) return false;
    ::usleep(kLookMs * 1000);
  }
}

}  // namespace prov::io
