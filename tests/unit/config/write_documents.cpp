// Writes the files that are made from the table of keys: config_documents SOURCE_FOLDER
#include <filesystem>
#include <fstream>
#include <iostream>

#include "tests/unit/config/made_files.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: config_documents SOURCE_FOLDER\n";
    return 2;
  }
  for (const auto& made : prov::test::made_files()) {
    const std::filesystem::path file = std::string(argv[1]) + "/" + made.path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << made.text();
  }
  return 0;
}
