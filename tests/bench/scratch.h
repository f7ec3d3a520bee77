#pragma once
// A folder on the disk that is measured ($PROV_BENCH_DIR, default /var/tmp), removed at the end.
#include <cstdlib>
#include <filesystem>
#include <string>

#include "common/result.h"

namespace prov::bench {

class Scratch {
 public:
  Scratch() {
    const char* above = std::getenv("PROV_BENCH_DIR");
    path_ = std::string(above == nullptr ? "/var/tmp" : above) + "/prov-bench.XXXXXX";
    PROV_ASSERT(mkdtemp(path_.data()) != nullptr);
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace prov::bench
