// sim_scenarios FOLDER|FILE [--seeds N] [--seed S]: plays each *.scn for N seeds from 1 on (default 20), or for seed S
// alone with everything that happens.
// sim_scenarios FILE --log STEM: plays it for seed 1, and leaves its log as STEM.bin and STEM.key, from where
// write_history takes it (tests/compat/history).
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <vector>

#include "tests/compat/event_log/golden.h"
#include "tests/sim/scenario.h"

namespace {

int leave_log(const char* file, const std::string& stem) {
  prov::sim::LeftLog log;
  const std::string problem = prov::sim::play(prov::test::read_golden(file), 1, false, &log);
  std::ofstream(stem + ".bin", std::ios::binary) << prov::test::join_commits(log.commits);
  std::ofstream(stem + ".key") << log.public_key << "\n";
  std::printf("%s: %zu commits; %s\n", file, log.commits.size(), problem.empty() ? "it holds" : problem.c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  namespace fs = std::filesystem;
  if (argc > 1 && !fs::exists(argv[1])) {
    std::fprintf(stderr, "sim_scenarios: there is no %s\n", argv[1]);
    return 2;
  }
  if (argc != 2 && argc != 4) {
    std::fprintf(stderr, "usage: sim_scenarios FOLDER|FILE [--seeds N | --seed S | --log STEM]\n");
    return 2;
  }
  if (argc == 4 && std::strcmp(argv[2], "--log") == 0) return leave_log(argv[1], argv[3]);
  std::uint64_t first = 1, count = 20;
  if (argc == 4) (std::strcmp(argv[2], "--seed") == 0 ? first : count) = std::strtoull(argv[3], nullptr, 10);
  const bool one = argc == 4 && std::strcmp(argv[2], "--seed") == 0;
  if (one) count = 1;
  std::vector<fs::path> files;
  if (fs::is_directory(argv[1])) {
    for (const auto& entry : fs::directory_iterator(argv[1])) {
      if (entry.path().extension() == ".scn") files.push_back(entry.path());
    }
  } else {
    files.emplace_back(argv[1]);
  }
  std::sort(files.begin(), files.end());
  int failed = 0;
  for (const fs::path& file : files) {
    const std::string text = prov::test::read_golden(file);
    std::string problem;
    std::uint64_t seed = first;
    for (; seed < first + count && problem.empty(); ++seed) problem = prov::sim::play(text, seed, one);
    std::printf("%-44s %s\n", file.filename().c_str(), problem.empty() ? "holds" : problem.c_str());
    if (problem.empty()) continue;
    ++failed;
    std::printf("  repeat it with: sim_scenarios %s --seed %llu\n", file.c_str(),
                static_cast<unsigned long long>(seed - 1));
  }
  std::printf("%zu scenarios, %llu seeds each, %d failed\n", files.size(), static_cast<unsigned long long>(count),
              failed);
  return failed == 0 && !files.empty() ? 0 : 1;
}
