// Debian's RocksDB is not built with ThreadSanitizer, which therefore cannot see how it orders its own memory.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() { return "race:librocksdb.so\n"; }
