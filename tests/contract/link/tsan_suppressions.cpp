// libzmq is not instrumented, so ThreadSanitizer cannot see how its threads agree; ours it still watches.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
  return "called_from_lib:libzmq.so\nrace:libzmq.so\nrace:libsodium.so\n";
}
