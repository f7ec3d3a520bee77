// golden_agent_wire FOLDER: writes the files of those examples that have none; never overwrites one.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/compat/agent_wire/examples.h"

namespace {

using namespace prov::wire;

bool write_new(const std::filesystem::path& folder, const std::string& name, const std::string& bytes) {
  const auto path = folder / (name + ".bin");
  if (std::filesystem::exists(path)) return true;
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  std::printf("%s: %zu bytes\n", path.c_str(), bytes.size());
  return file.good();
}

template <class Examples>
bool write_all(const std::filesystem::path& folder, const Examples& examples) {
  for (const auto& example : examples) {
    if (!write_new(folder, example.name, encode(example.message))) return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 || !std::filesystem::is_directory(argv[1])) {
    std::fprintf(stderr, "usage: golden_agent_wire FOLDER\n");
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  bool ok = write_all(folder, golden::enrol_requests()) && write_all(folder, golden::enrol_answers()) &&
            write_all(folder, golden::from_agent()) && write_all(folder, golden::to_agent()) &&
            write_all(folder, golden::orders());
  for (const auto& example : golden::bundles())
    ok = ok && write_new(folder, example.name, encode_bundle(example.message));
  return ok ? 0 : 1;
}
