#pragma once
// What lies in this folder, format 1 of the log:
//   NAME.bin, NAME.json   one event of each type: its bytes, and what they mean
//   NAME-2.bin, ...       the same with the fields that the type gained since; the last one is what is written today
//   log-1.bin             a whole log, [length (4, little-endian)][commit]...
//   log-1.json            what it folds to: sequence, commit hash, state hashes (past.h); the key of its checkpoints
//   state-1.bin           that state as release 0.1.0 stored it
// Released files are for ever: a later release reads them as this one does. New types and formats get new files.
#include <cstdint>
#include <cstring>
#include <filesystem>
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

// Where the golden files of a type are, oldest first: FOLDER/NAME, FOLDER/NAME-2, ... without extension.
inline std::vector<std::string> golden_stems(const std::string& folder, const std::string& name) {
  std::vector<std::string> out;
  for (std::string stem = folder + "/" + name; std::filesystem::exists(stem + ".bin");) {
    out.push_back(stem);
    stem = folder + "/" + name + "-" + std::to_string(out.size() + 1);
  }
  return out;
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
