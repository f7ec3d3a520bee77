// The fuzzer: libFuzzer's main, with the target that FUZZ_TARGET names. One program holds them all.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/targets.h"

namespace {
const prov::fuzz::Target* chosen = nullptr;
}  // namespace

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  const char* name = std::getenv("FUZZ_TARGET");
  chosen = name == nullptr ? nullptr : prov::fuzz::find_target(name);
  if (chosen == nullptr) {
    std::fprintf(stderr, "FUZZ_TARGET must be one of:");
    for (const auto& target : prov::fuzz::targets()) std::fprintf(stderr, " %s", target.name);
    std::fprintf(stderr, "\n");
    std::exit(2);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chosen->run({reinterpret_cast<const char*>(data), size});
  return 0;
}
