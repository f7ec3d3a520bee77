// sim_scenarios FOLDER|FILE [--seeds N] [--seed S]: plays each *.scn for N seeds from 1 on (default 20), or for seed S
// alone with everything that happens.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "tests/sim/scenario.h"

int main(int argc, char** argv) {
  namespace fs = std::filesystem;
  if (argc != 2 && argc != 4) {
    std::fprintf(stderr, "usage: sim_scenarios FOLDER|FILE [--seeds N | --seed S]\n");
    return 2;
  }
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
    std::ifstream in(file);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
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
