// The coordinator's allocator is jemalloc: events are made by one thread and freed by others, and with the C library's
// that costs a fifth of the time and three times the memory (docs/BENCHMARKS.md). Few arenas, since few threads
// allocate; what has been free for two seconds goes back to the system.
extern "C" {
extern const char* malloc_conf;  // read by jemalloc before main
const char* malloc_conf = "narenas:4,dirty_decay_ms:2000,muzzy_decay_ms:0,background_thread:true";
}
