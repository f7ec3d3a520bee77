#pragma once
// The bundle store of a real host: <state>/bundles/<digest hex>, 0600. Files are verified when they come and again
// each time they are used; the least recently used go when the limit is reached.
#include <map>
#include <memory>
#include <string>

#include "agent/executor/bundle_store.h"
#include "common/io/posix/files.h"

namespace prov::agent {

class BundleCache final : public BundleStore {
 public:
  static Result<std::unique_ptr<BundleCache>> open(const std::string& dir, std::uint64_t limit_bytes = 256 << 20);

  bool contains(const Digest& digest) override;
  Result<void> put(const Digest& digest, std::string_view bytes) override;
  Result<std::string> get(const Digest& digest) override;

 private:
  struct Kept {
    std::uint64_t bytes = 0;
    std::uint64_t used = 0;  // order of use, the smallest goes first
  };
  BundleCache(io::Fd dir, std::uint64_t limit_bytes) : dir_(std::move(dir)), limit_bytes_(limit_bytes) {}
  Result<void> load();
  void make_room(std::uint64_t bytes);
  void remove(const Digest& digest);

  io::Fd dir_;
  std::uint64_t limit_bytes_, total_bytes_ = 0, clock_ = 0;
  std::map<Digest, Kept> kept_;
};

}  // namespace prov::agent
