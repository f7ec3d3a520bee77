#pragma once
// What a record of the journal may have, in every format.
#include <cstddef>

namespace prov::agent {

inline constexpr std::size_t kMaxRecordBytes = 2 << 20;
inline constexpr std::size_t kMaxBootIdBytes = 256;
inline constexpr std::size_t kMaxMessageBytes = 64 << 10;  // of a verdict

}  // namespace prov::agent
