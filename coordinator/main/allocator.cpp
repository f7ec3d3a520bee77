// The coordinator's allocator is jemalloc: events are made by one thread and freed by others, and with the C library's
// that costs a fifth of the time and three times the memory (docs/BENCHMARKS.md). Few arenas, since few threads
// allocate; what has been free for two seconds goes back to the system.
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

extern "C" {
extern const char* malloc_conf;  // read by jemalloc before main
const char* malloc_conf = "narenas:4,dirty_decay_ms:2000,muzzy_decay_ms:0,background_thread:true";
}

namespace {

// The tasks of a large workflow lie in a few blocks of tens of megabytes. In pages of 4 KiB a third of the thread that
// folds a long log goes into the faults for them; in huge ones nearly nothing. Only blocks that fill most of the huge
// pages within them: with huge pages for all (jemalloc's thp:always) an idle coordinator has twice the memory.
constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kLargeBlock = 2 * kHugePage;

void use_huge_pages(void* block, std::size_t bytes) {
  const auto begin = (reinterpret_cast<std::uintptr_t>(block) + kHugePage - 1) / kHugePage * kHugePage;
  const auto end = (reinterpret_cast<std::uintptr_t>(block) + bytes) / kHugePage * kHugePage;
  if (begin >= end) return;
  (void)madvise(reinterpret_cast<void*>(begin), end - begin,
                MADV_HUGEPAGE);  // where the kernel has none, it is as it was
}

}  // namespace

void* operator new(std::size_t bytes) {
  for (;;) {
    if (void* block = std::malloc(bytes == 0 ? 1 : bytes)) {
      if (bytes >= kLargeBlock) use_huge_pages(block, bytes);
      return block;
    }
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
