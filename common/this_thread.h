#pragma once
// What a thread may say of itself to the system. For threads that we start, at their beginning.
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

namespace prov::this_thread {

// As `top -H`, `perf` and a core dump show it; at most 15 characters.
inline void set_name(const char* name) { ::pthread_setname_np(::pthread_self(), name); }

// It works for nobody who waits (snapshots, the archive): on a busy machine it gets a tenth of a core's share beside
// what somebody waits for, on an idle one as much as ever. Linux keeps priorities per thread. Not less than that: it
// may hold a lock for a moment that others need.
inline void work_in_background() {
  constexpr int kNice = 10;
  static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice));
}

}  // namespace prov::this_thread
