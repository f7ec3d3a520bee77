#pragma once
// Manifests that were parsed before, by the digest of their text. What a file means follows from its bytes alone, so an
// entry is never stale: a file that was changed has another digest. Reading YAML is most of what a command on a
// workspace of a hundred extensions costs, and hashing it is next to nothing. Manifests only: settings may hold what
// belongs in no second file.
#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "common/ids.h"
#include "coordinator/workspace/yaml_tree.h"

namespace prov::workspace {

inline constexpr std::size_t kMaxManifestCacheBytes = 4 << 20;

// Any thread.
class ManifestCache {
 public:
  // `file`, 0600, is read when it is first needed. One that is not there, is not ours alone to write, is damaged or of
  // another version is as good as an empty one.
  explicit ManifestCache(std::string file);
  ~ManifestCache();  // save()
  ManifestCache(const ManifestCache&) = delete;
  ManifestCache& operator=(const ManifestCache&) = delete;

  // load_yaml() of that file, parsed only if its text is new here.
  Result<Node> load(const std::string& path);

  // Writes the file when there is something new; when there is too much, what was asked for here stays. A cache that
  // cannot be written is none: no error.
  void save();

  std::size_t parsed() const { return parsed_; }  // files that were new here

 private:
  struct Entry {
    std::string tree;
    bool used = false;  // by this process
  };

  std::optional<Node> find(const Digest& digest);
  void keep(const Digest& digest, const Node& tree);
  void read_file();

  const std::string file_;
  std::mutex mutex_;
  bool read_ = false, changed_ = false;
  std::atomic<std::size_t> parsed_ = 0;
  std::map<Digest, Entry> entries_;
};

// A tree as bytes. Decoding refuses (nullopt) what is not the whole of one, or is beyond the limits of yaml_tree.h.
std::string encode_tree(const Node& tree);
std::optional<Node> decode_tree(std::string_view bytes);

}  // namespace prov::workspace
