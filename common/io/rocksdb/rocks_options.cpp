#include "common/io/rocksdb/rocks_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

namespace prov::io {
namespace {

constexpr std::uint64_t kMaxWalBytes = 64 << 20;     // what a start has to read again at most: about 0.1 s
constexpr std::size_t kBlockCacheBytes = 4 << 20;    // of each family, indexes and filters counted in
constexpr std::size_t kSpaceBytes = 2;               // of a side record's key: which kind it is of
constexpr std::size_t kCommitBlockBytes = 32 << 10;  // read in a row; an eighth of the index that 4 KiB need

// A reader of somebody else's folder must leave no trace there.
class SilentLogger final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

rocksdb::ColumnFamilyOptions common_options(std::size_t write_buffer_bytes, rocksdb::BlockBasedTableOptions table) {
  table.checksum = rocksdb::kXXH3;  // Debian's CRC32C costs a replay a third of its speed
  table.format_version = 5;
  table.block_cache = rocksdb::NewLRUCache(kBlockCacheBytes);
  table.cache_index_and_filter_blocks = true;  // else each open file adds its own to what is resident
  rocksdb::ColumnFamilyOptions options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.compression = rocksdb::kLZ4Compression;
  options.write_buffer_size = write_buffer_bytes;
  options.max_write_buffer_number = 2;
  return options;
}

}  // namespace

rocksdb::DBOptions db_options(bool read_only) {
  rocksdb::DBOptions options;
  options.create_if_missing = !read_only;
  options.create_missing_column_families = !read_only;
  options.max_background_jobs = 2;
  options.allow_concurrent_memtable_write = false;  // there is one writer; the hints below want it so
  options.atomic_flush = true;  // so that both families end at the same write when the write-ahead log has a flaw
  options.max_total_wal_size = kMaxWalBytes;
  options.track_and_verify_wals_in_manifest = true;
  // A reader keeps every file open: the writer may delete it.
  options.max_open_files = read_only ? -1 : 256;
  options.keep_log_file_num = 2;
  options.max_log_file_size = 1 << 20;
  options.info_log_level = rocksdb::WARN_LEVEL;
  options.stats_dump_period_sec = 0;
  options.avoid_unnecessary_blocking_io = true;
  if (read_only) options.info_log = std::make_shared<SilentLogger>();
  return options;
}

// Keys only ever grow, so that compaction moves files without rewriting them.
rocksdb::ColumnFamilyOptions commits_options(std::size_t write_buffer_bytes) {
  rocksdb::BlockBasedTableOptions table;
  table.block_size = kCommitBlockBytes;
  return common_options(write_buffer_bytes, table);
}

// Small files and compactions: how much room a compaction needs is bounded far below the reserve. What is flushed holds
// keys of every space, from the newest runs to the oldest, so it is merged with all of the first level: that must stay
// small, or each record costs more the longer the history is. Below it files lie side by side, and mostly move.
rocksdb::ColumnFamilyOptions sides_options(std::size_t write_buffer_bytes) {
  rocksdb::BlockBasedTableOptions table;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  rocksdb::ColumnFamilyOptions options = common_options(write_buffer_bytes, table);
  options.target_file_size_base = 2 << 20;
  options.max_bytes_for_level_base = 4 << 20;
  options.level0_file_num_compaction_trigger = 8;
  options.max_compaction_bytes = 32 << 20;
  // Keys of a space mostly rise (or fall): a new one belongs beside the last.
  options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(kSpaceBytes));
  return options;
}

}  // namespace prov::io
