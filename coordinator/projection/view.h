#pragma once
// What every projection takes: the folded state, and what is volatile beside it. A projection is pure; it reads the
// state on its owner's thread and keeps nothing of it.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>

#include "common/ids.h"
#include "common/time.h"
#include "coordinator/domain/state.h"

namespace prov::projection {

struct AgentNow {  // what the log does not say of an agent
  bool connected = false;
  TimeMs last_heard_ms = 0;  // 0: not since the coordinator started
  std::uint32_t orders_out = 0;
};

struct View {
  const domain::State& state;
  std::function<AgentNow(const Key&)> agent_now;
};

struct Page {
  std::size_t limit = 50;
  std::size_t offset = 0;
};

}  // namespace prov::projection
