// A process that may die: opens the log of FOLDER on a file system with one fault, offers it the commits that are
// missing, reads everything back. Says on descriptor 3 what happens, 9 bytes each: 'O' n before it offers a commit,
// 'A' n when it was acknowledged, 'F' when the fault fired. Why it ends it says on standard error.
//   faults_rocks_child FOLDER OPERATION FAULT NTH SEED COMMITS
// Exit: 0 everything is written, 3 it could not be opened, 4 not written or read, 9 it was read wrongly without an
// error
#include <rocksdb/env.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "common/io/rocksdb/rocks_record_log.h"
#include "tests/faults/fault_fs.h"
#include "tests/faults/offered_log.h"
#include "tests/support/record_log/blocking.h"

namespace {

using namespace prov;

constexpr int kSays = 3;
constexpr std::size_t kSideBytes = 6000;

void say(char what, std::uint64_t n) {
  char line[9] = {what};
  std::memcpy(line + 1, &n, sizeof n);
  if (::write(kSays, line, sizeof line) != sizeof line) ::_exit(5);
}

int read_back(RecordLog& log, const std::vector<LogBatch>& offered) {
  std::uint64_t count = 0;
  bool same = true;
  const auto read = log.read(1, [&](std::uint64_t number, std::string_view commit) {
    same = same && number == ++count && commit == offered.at(number - 1).commit;
    return same;
  });
  if (read && (!same || count != log.last_commit())) return 9;
  for (std::uint64_t n = 1; read && n <= count; ++n) {
    const auto side = log.get(offered[n - 1].sides[0].key);
    if (!side) {
      std::fprintf(stderr, "%s\n", side.error().message.c_str());
      return 4;
    }
    if (*side != offered[n - 1].sides[0].value) return 9;
  }
  if (read) return 0;
  std::fprintf(stderr, "%s\n", read.error().message.c_str());
  return 4;
}

int work(const std::string& folder, rocksdb::Env& env, const std::vector<LogBatch>& offered, bool leave_at_once) {
  auto opened =
      io::RocksRecordLog::open({.folder = folder, .write_buffer_bytes = 64 << 10, .min_free_bytes = 0, .env = &env});
  if (!opened) {
    std::fprintf(stderr, "%s\n", opened.error().message.c_str());
    return 3;
  }
  RecordLog& log = **opened;
  int code = 0;
  for (std::uint64_t n = log.last_commit() + 1; n <= offered.size(); ++n) {
    say('O', n);
    const auto done = test::append_and_wait(log, offered[n - 1]);
    if (!done) {
      std::fprintf(stderr, "%s\n", done.error().message.c_str());
      code = 4;
      break;
    }
    say('A', n);
  }
  if (code == 0) code = read_back(log, offered);
  if (leave_at_once) ::_exit(code);  // as most ends of a process are
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) return 2;
  const test::FaultPlan plan{static_cast<test::Operation>(std::atoi(argv[2])),
                             static_cast<test::Fault>(std::atoi(argv[3])), std::strtoull(argv[4], nullptr, 10),
                             std::strtoull(argv[5], nullptr, 10)};
  const auto offered = test::offered_log(plan.seed, std::strtoull(argv[6], nullptr, 10), kSideBytes);
  const auto faults = std::make_shared<test::FaultFs>(plan, [&] { say('F', plan.nth); });
  const auto env = rocksdb::NewCompositeEnv(faults);
  const bool loses_power = plan.fault == test::Fault::lie;
  const int code = work(argv[1], *env, offered, plan.nth % 2 == 1 && !loses_power);
  if (loses_power) faults->cut_power();
  return code;
}
