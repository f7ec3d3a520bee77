#pragma once
// The same work on many independent things, on all cores.
#include <cstddef>
#include <functional>

namespace prov::workspace {

// job(0) to job(count - 1), each once, in no order, on as many threads as there are cores and work for: one for each
// `worth_a_thread` jobs, the caller's among them. Returns when all are done. A job must not throw, and shares nothing
// that it writes with another.
void run_on_all_cores(std::size_t count, std::size_t worth_a_thread, const std::function<void(std::size_t)>& job);

}  // namespace prov::workspace
