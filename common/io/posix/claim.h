#pragma once
// A lock file that says whose a folder is.

namespace prov::io {

// Takes the lock of an open file, for as long as that description is open; false: somebody else holds it. Waits a
// moment (kClaimPatienceMs at most): who was killed while it spawned a program leaves its lock to that one until it has
// begun.
bool claim(int fd);

inline constexpr int kClaimPatienceMs = 500;

}  // namespace prov::io
