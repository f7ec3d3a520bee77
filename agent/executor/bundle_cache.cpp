#include "agent/executor/bundle_cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "common/hash.h"
#include "common/wire/agent_wire.h"

namespace prov::agent {

Result<std::unique_ptr<BundleCache>> BundleCache::open(const std::string& dir, std::uint64_t limit_bytes) {
  auto fd = io::make_private_dir(dir);
  if (!fd) return tl::unexpected(fd.error());
  std::unique_ptr<BundleCache> out(new BundleCache(std::move(*fd), limit_bytes));
  if (auto loaded = out->load(); !loaded) return tl::unexpected(loaded.error());
  return out;
}

Result<void> BundleCache::load() {
  auto names = io::list_dir(dir_.get());
  if (!names) return tl::unexpected(names.error());
  for (const std::string& name : *names) {
    const auto digest = parse_hex<Digest>(name);
    struct stat info {};
    if (!digest || fstatat(dir_.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode)) {
      static_cast<void>(io::remove_tree_at(dir_.get(), name));  // half a file of an earlier life
      continue;
    }
    // The time of last use is the file's time of change: get() touches it.
    kept_[*digest] = {static_cast<std::uint64_t>(info.st_size), static_cast<std::uint64_t>(info.st_mtim.tv_sec)};
    total_bytes_ += static_cast<std::uint64_t>(info.st_size);
    clock_ = std::max(clock_, static_cast<std::uint64_t>(info.st_mtim.tv_sec));
  }
  return {};
}

bool BundleCache::contains(const Digest& digest) { return kept_.contains(digest); }

Result<void> BundleCache::put(const Digest& digest, std::string_view bytes) {
  if (digest_of(bytes) != digest) return fail(Code::corrupt, "bundle " + to_text(digest) + " arrived altered");
  if (kept_.contains(digest)) return {};
  make_room(bytes.size());
  if (auto written = io::write_durably_at(dir_.get(), to_text(digest), bytes, 0600); !written) return written;
  kept_[digest] = {bytes.size(), ++clock_};
  total_bytes_ += bytes.size();
  return {};
}

Result<std::string> BundleCache::get(const Digest& digest) {
  const auto it = kept_.find(digest);
  if (it == kept_.end()) return fail(Code::not_found, "bundle " + to_text(digest) + " is not on this host");
  const std::string name = to_text(digest);
  auto bytes = io::read_file_at(dir_.get(), name, wire::kMaxBundleBytes);
  if (!bytes || digest_of(*bytes) != digest) {
    remove(digest);
    return fail(Code::corrupt,
                "bundle " + name + " was altered on this host's disk; the next attempt fetches it again");
  }
  it->second.used = ++clock_;
  utimensat(dir_.get(), name.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);
  return bytes;
}

void BundleCache::make_room(std::uint64_t bytes) {
  while (!kept_.empty() && total_bytes_ + bytes > limit_bytes_) {
    const auto oldest = std::min_element(kept_.begin(), kept_.end(),
                                         [](const auto& a, const auto& b) { return a.second.used < b.second.used; });
    remove(oldest->first);
  }
}

void BundleCache::remove(const Digest& digest) {
  const auto it = kept_.find(digest);
  total_bytes_ -= it->second.bytes;
  unlinkat(dir_.get(), to_text(digest).c_str(), 0);
  kept_.erase(it);
}

}  // namespace prov::agent
