#pragma once
// Ids that rise with time: its milliseconds in the first six bytes, as in UUIDs of version 7, and random ones behind
// them. So what is begun one after the other lies side by side in every index that has ids for keys, where random ones
// would scatter it over the whole of it. Each is above the one before in its first twelve bytes, which name a workflow,
// so that none comes twice; and not by little, since a rollback's id differs from its workflow's in the last of them
// alone (coordinator/domain/rollback.cpp). Core's thread.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "common/ids.h"
#include "common/ports/random.h"
#include "common/time.h"

namespace prov::command_handler {

class OrderedIds {
 public:
  explicit OrderedIds(Random& random) : random_(random) {}

  Id next(TimeMs now_ms) {
    Id id = random_id();
    for (std::size_t i = 0; i < kTimeBytes; ++i) {
      id.bytes[i] = static_cast<std::uint8_t>(now_ms >> (8 * (kTimeBytes - 1 - i)));
    }
    if (workflow_id(id) <= last_) id = above_last(id);
    last_ = workflow_id(id);
    return id;
  }

 private:
  static constexpr std::size_t kTimeBytes = 6;
  static constexpr std::size_t kRisingBytes = 8;  // the time, and two more

  // Asks for those of many at once: each time is a call into the kernel.
  Id random_id() {
    if (drawn_ == pool_.size()) {
      random_.fill(pool_);
      drawn_ = 0;
    }
    Id id;
    std::copy_n(pool_.begin() + static_cast<std::ptrdiff_t>(drawn_), Id::kSize, id.bytes.begin());
    drawn_ += Id::kSize;
    return id;
  }

  // Random behind the bytes that rise, as `id` is.
  Id above_last(Id id) const {
    for (std::size_t i = 0; i < kRisingBytes; ++i) id.bytes[i] = last_.bytes[i];
    std::size_t at = kRisingBytes;
    do {
      --at;
      ++id.bytes[at];
    } while (id.bytes[at] == 0 && at > 0);
    return id;
  }

  Random& random_;
  std::array<std::uint8_t, 32 * Id::kSize> pool_{};
  std::size_t drawn_ = pool_.size();
  Id last_;
};

}  // namespace prov::command_handler
