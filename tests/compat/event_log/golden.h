#pragma once
// What lies in this folder, format 1 of the log:
//   NAME.bin, NAME.json   one event of each type: its bytes, and what they mean
//   log-1.bin             a whole log, [length (4, little-endian)][commit]...
//   log-1.json            what it folds to: sequence, commit hash, state hash; and the key that signed its checkpoints
// Released files are for ever: a later release reads them as this one does. New types and formats get new files.
#include <cstdint>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace prov::test {

inline std::string read_golden(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

inline std::string join_commits(const std::vector<std::string>& commits) {
  std::string out;
  for (const std::string& commit : commits) {
    const auto length = static_cast<std::uint32_t>(commit.size());
    out.append(reinterpret_cast<const char*>(&length), sizeof length).append(commit);
  }
  return out;
}

inline std::vector<std::string> split_commits(std::string_view bytes) {
  std::vector<std::string> out;
  while (bytes.size() >= 4) {
    std::uint32_t length = 0;
    std::memcpy(&length, bytes.data(), sizeof length);
    out.emplace_back(bytes.substr(4, length));
    bytes.remove_prefix(std::min(bytes.size(), std::size_t{4} + length));
  }
  return out;
}

}  // namespace prov::test
