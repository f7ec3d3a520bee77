#pragma once
// Runs a provider's executable: one JSON request on stdin, one JSON answer on stdout, progress on stderr
// (docs/guides/extension-contract.md). Port; the real one unpacks the provider's bundle and spawns it.
#include <cstdint>
#include <functional>
#include <string>

#include "common/ids.h"
#include "common/result.h"

namespace prov::providers {

struct ProviderCall {
  std::string provider;  // its name: each has a state_dir of its own
  Digest bundle;         // of the provider extension
  std::string request;   // one JSON object; may carry a join token: never logged, never in argv
  std::uint32_t timeout_s = 600;
};

class ProviderRunner {
 public:
  using Progress = std::function<void(std::string text)>;
  using Done = std::function<void(Result<std::string> answer)>;  // the JSON text of the answer

  virtual ~ProviderRunner() = default;
  // Both callbacks on the owner's thread; `done` once. Several calls run at once; the caller limits them.
  virtual void run(ProviderCall call, Progress progress, Done done) = 0;
  // SIGTERM to those still running, as when the coordinator stops; providers are interruptible by contract.
  virtual void stop_all() = 0;
};

}  // namespace prov::providers
