#pragma once
// For tests that want to wait where the platform never does.
#include <future>
#include <memory>

#include "common/ports/record_log.h"

namespace prov::test {

inline Result<void> append_and_wait(RecordLog& log, LogBatch batch) {
  std::promise<Result<void>> promise;
  auto future = promise.get_future();
  log.append(std::make_shared<const LogBatch>(std::move(batch)),
             [&promise](Result<void> result) { promise.set_value(std::move(result)); });
  return future.get();
}

}  // namespace prov::test
