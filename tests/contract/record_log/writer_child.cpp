// A process to be killed: writes commits as fast as it can and says on standard output, 8 bytes each, which of them
// were acknowledged. Arguments: folder of the log, seed, KiB of RocksDB's write buffer.
#include <unistd.h>

#include <cstdio>
#include <random>

#include "common/io/rocksdb/rocks_record_log.h"
#include "tests/support/record_log/blocking.h"

int main(int argc, char** argv) {
  using namespace prov;
  if (argc != 4) return 2;
  auto log = io::RocksRecordLog::open(
      {.folder = argv[1], .write_buffer_bytes = std::stoull(argv[3]) << 10, .min_free_bytes = 0});
  if (!log) {
    std::fprintf(stderr, "%s\n", log.error().message.c_str());
    return 1;
  }
  std::mt19937_64 random(std::stoull(argv[2]));
  for (std::uint64_t n = (*log)->last_commit() + 1;; ++n) {
    std::string commit = std::to_string(n) + ":";
    commit.resize(commit.size() + random() % 40000, static_cast<char>('a' + n % 26));
    std::vector<SideRecord> sides;
    if (n % 3 == 0) sides.push_back({"side/" + std::to_string(n), std::to_string(n), false});
    if (!test::append_and_wait(**log, {n, std::move(commit), std::move(sides)})) return 1;
    if (::write(STDOUT_FILENO, &n, sizeof n) != static_cast<ssize_t>(sizeof n)) return 0;
  }
}
