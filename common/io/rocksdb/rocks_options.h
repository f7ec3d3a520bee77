#pragma once
// Inside of the adapter: how RocksDB is set up for a log. Measured; change nothing here without measuring again.
#include <rocksdb/options.h>

#include <cstddef>

namespace prov::io {

rocksdb::DBOptions db_options(bool read_only);
rocksdb::ColumnFamilyOptions commits_options(std::size_t write_buffer_bytes);
rocksdb::ColumnFamilyOptions sides_options(std::size_t write_buffer_bytes);

inline constexpr std::size_t kReadaheadBytes = 2 << 20;  // of a replay, which leaves the block cache alone

}  // namespace prov::io
