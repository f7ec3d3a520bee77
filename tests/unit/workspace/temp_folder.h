#pragma once
// A folder of one's own, gone at the end.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace prov::test {

class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "prov-test-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TempFolder() {
    std::error_code none;
    std::filesystem::remove_all(path_, none);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& below) const { return path_ + "/" + below; }

  std::string write(const std::string& below, const std::string& bytes, bool executable = false) const {
    const std::filesystem::path file = path_ + "/" + below;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << bytes;
    if (executable) std::filesystem::permissions(file, std::filesystem::perms(0755));
    return file.string();
  }

 private:
  std::string path_;
};

}  // namespace prov::test
