#include "coordinator/modules/parallel.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace prov::workspace {

void run_on_all_cores(std::size_t count, std::size_t worth_a_thread, const std::function<void(std::size_t)>& job) {
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) job(i);
  };
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  std::vector<std::jthread> helpers;
  for (std::size_t n = 1; n < std::min(cores, count / worth_a_thread); ++n) helpers.emplace_back(work);
  work();
}

}  // namespace prov::workspace
