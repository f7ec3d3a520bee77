// Runs every target over its corpus, as a normal test: `fuzz_replay CORPUS [TARGET=FOLDER ...]` (more inputs for a
// target), and over the beginnings of each input, since a cut is what a disk and a network do most.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "tests/fuzz/targets.h"

namespace {

namespace fs = std::filesystem;

struct Counts {
  std::size_t files = 0, runs = 0;
};

void replay(const prov::fuzz::Target& target, const fs::path& folder, Counts& counts) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    ++counts.files;
    const std::size_t step = 1 + bytes.size() / 64;
    for (std::size_t size = bytes.size();; size = size > step ? size - step : 0) {
      target.run(std::string_view(bytes).substr(0, size));
      ++counts.runs;
      if (size == 0) break;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: fuzz_replay CORPUS [TARGET=FOLDER ...]\n";
    return 2;
  }
  int without = 0;
  for (const auto& target : prov::fuzz::targets()) {
    Counts counts;
    if (const fs::path own = fs::path(argv[1]) / target.name; fs::is_directory(own)) replay(target, own, counts);
    for (int i = 2; i < argc; ++i) {
      const std::string_view more = argv[i];
      const std::string prefix = std::string(target.name) + "=";
      if (more.substr(0, prefix.size()) == prefix) replay(target, more.substr(prefix.size()), counts);
    }
    std::cout << target.name << ": " << counts.files << " inputs, " << counts.runs << " runs\n";
    if (counts.files == 0) ++without;
  }
  if (without > 0) std::cerr << without << " targets have no corpus\n";
  return without == 0 ? 0 : 1;
}
