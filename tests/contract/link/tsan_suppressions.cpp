// libzmq is not instrumented, so ThreadSanitizer cannot see how it hands messages from thread to thread: what goes
// through memcpy and its like is not looked at here. Our own locks and fields still are.
extern "C" const char* __tsan_default_options();
extern "C" const char* __tsan_default_options() {
  return "ignore_noninstrumented_modules=1:ignore_interceptors_accesses=1";
}
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() { return "race:libzmq.so\n"; }
