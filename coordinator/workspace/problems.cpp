#include "coordinator/workspace/problems.h"

namespace prov::workspace {

void Problems::add(Error error) {
  if (!full()) errors_.push_back(std::move(error));
}

Error Problems::error() const {
  PROV_ASSERT(any());
  if (errors_.size() == 1) return errors_.front();
  Error all{errors_.front().code, {}, full() ? "correct these; there may be more" : "correct these"};
  for (const auto& one : errors_) {
    all.message += (all.message.empty() ? "" : "\n") + one.message;
    if (!one.hint.empty()) all.message += "\n    " + one.hint;
  }
  return all;
}

}  // namespace prov::workspace
