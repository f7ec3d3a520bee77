#include "coordinator/modules/manifest_cache.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "common/hash.h"
#include "coordinator/workspace/home.h"

namespace prov::workspace {
namespace {

// Raised when parse_yaml() takes, refuses or places something otherwise than before, or a tree is written otherwise.
constexpr std::string_view kFormat = "provisioning manifests 1\n";

void put_number(std::string& out, std::uint64_t value) {  // seven bits a byte, the lowest first
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(0x80 | (value & 0x7f));
  out += static_cast<char>(value);
}

void put_text(std::string& out, std::string_view text) {
  put_number(out, text.size());
  out += text;
}

// Takes from the front of the bytes. Once something was wrong, everything is empty and `failed` stays.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t number(std::uint64_t max) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 63; shift += 7) {
      if (rest_.empty()) break;
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7fU} << shift;
      if ((byte & 0x80U) == 0) return value <= max ? value : fail();
    }
    return fail();
  }
  std::string_view text(std::size_t max) { return take(number(max)); }
  std::string_view take(std::size_t size) {
    if (size > rest_.size()) fail();
    const auto out = rest_.substr(0, failed_ ? 0 : size);
    rest_.remove_prefix(out.size());
    return out;
  }
  bool at_end() const { return rest_.empty(); }
  bool failed() const { return failed_; }
  std::uint64_t fail() {
    failed_ = true;
    rest_ = {};
    return 0;
  }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

constexpr std::uint64_t kQuoted = 4;  // beside the kind

void put_node(std::string& out, const Node& node) {
  put_number(out, static_cast<std::uint64_t>(node.kind) | (node.quoted ? kQuoted : 0));
  put_number(out, static_cast<std::uint64_t>(node.place.line));
  put_number(out, static_cast<std::uint64_t>(node.place.column));
  if (node.kind == Node::Kind::scalar) put_text(out, node.text);
  if (node.kind != Node::Kind::list && node.kind != Node::Kind::map) return;
  put_number(out, node.items.size());
  for (const Node& key : node.keys) put_node(out, key);
  for (const Node& item : node.items) put_node(out, item);
}

class TreeReader {
 public:
  explicit TreeReader(std::string_view bytes) : bytes_(bytes) {}

  std::optional<Node> whole() {
    Node root = node(0);
    if (bytes_.failed() || !bytes_.at_end()) return std::nullopt;
    return root;
  }

 private:
  Node node(std::size_t depth) {
    Node out;
    if (depth > kMaxTreeDepth || ++nodes_ > kMaxYamlNodes) bytes_.fail();
    const std::uint64_t head = bytes_.number(kQuoted | 3);
    out.kind = static_cast<Node::Kind>(head & 3);
    out.quoted = (head & kQuoted) != 0;
    out.place.line = static_cast<int>(bytes_.number(kMaxYamlBytes + 1));
    out.place.column = static_cast<int>(bytes_.number(kMaxYamlBytes + 1));
    if (out.kind == Node::Kind::scalar) out.text = bytes_.text(kMaxTreeScalar);
    if (out.kind == Node::Kind::map) {
      const std::size_t count = bytes_.number(kMaxTreeKeys);
      read(out.keys, count, depth);
      for (const Node& key : out.keys) {
        if (key.kind != Node::Kind::scalar) bytes_.fail();
      }
      read(out.items, count, depth);
    }
    if (out.kind == Node::Kind::list) read(out.items, bytes_.number(kMaxYamlNodes), depth);
    return out;
  }

  void read(std::vector<Node>& out, std::size_t count, std::size_t depth) {
    for (std::size_t i = 0; i < count && !bytes_.failed(); ++i) out.push_back(node(depth + 1));
  }

  Bytes bytes_;
  std::size_t nodes_ = 0;
};

// Whoever could write it could have us believe any manifest.
bool only_ours(const struct stat& about) {
  return S_ISREG(about.st_mode) && about.st_uid == geteuid() && (about.st_mode & 022) == 0;
}

}  // namespace

std::string encode_tree(const Node& tree) {
  std::string out;
  put_node(out, tree);
  return out;
}

std::optional<Node> decode_tree(std::string_view bytes) { return TreeReader(bytes).whole(); }

ManifestCache::ManifestCache(std::string file) : file_(std::move(file)) {}
ManifestCache::~ManifestCache() { save(); }

Result<Node> ManifestCache::load(const std::string& path) {
  auto text = workspace::read_file(path, kMaxYamlBytes);
  if (!text) return tl::unexpected(text.error());
  const Digest digest = digest_of(*text);
  if (auto known = find(digest)) return std::move(*known);
  ++parsed_;
  auto tree = parse_yaml(*text, path);
  if (tree) keep(digest, *tree);
  return tree;
}

std::optional<Node> ManifestCache::find(const Digest& digest) {
  std::string_view tree;
  {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(read_, true)) read_file();
    const auto at = entries_.find(digest);
    if (at == entries_.end()) return std::nullopt;
    at->second.used = true;
    tree = at->second.tree;  // entries never change or go while there are threads that read
  }
  return decode_tree(tree);
}

void ManifestCache::keep(const Digest& digest, const Node& tree) {
  std::string bytes = encode_tree(tree);
  const std::lock_guard lock(mutex_);
  changed_ |= entries_.try_emplace(digest, Entry{std::move(bytes), true}).second;
}

// The format, a digest of what follows, and for each tree the digest of its file and its bytes.
void ManifestCache::read_file() {
  struct stat about {};
  if (lstat(file_.c_str(), &about) != 0 || !only_ours(about)) return;
  const auto whole = workspace::read_file(file_, kMaxManifestCacheBytes);
  if (!whole) return;
  Bytes in(*whole);
  if (in.take(kFormat.size()) != kFormat) return;
  const std::string_view digest = in.take(Digest::kSize);
  const std::string_view rest =
      std::string_view(*whole).substr(std::min(whole->size(), kFormat.size() + Digest::kSize));
  if (digest != digest_of(rest).view()) return;
  while (!in.at_end()) {
    const auto of = Digest::from(in.take(Digest::kSize));
    const std::string_view tree = in.text(kMaxManifestCacheBytes);
    if (of && !in.failed()) entries_.try_emplace(*of, Entry{std::string(tree), false});
  }
}

void ManifestCache::save() {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(changed_, false)) return;
  std::string rest;
  for (const bool used : {true, false}) {
    for (const auto& [digest, entry] : entries_) {
      if (entry.used != used || rest.size() + entry.tree.size() + 64 > kMaxManifestCacheBytes / 2) continue;
      rest += digest.view();
      put_text(rest, entry.tree);
    }
  }
  const std::string bytes = std::string(kFormat) + std::string(digest_of(rest).view()) + rest;
  if (!make_private_folder(file_.substr(0, file_.rfind('/')))) return;
  static_cast<void>(write_file_atomically(file_, bytes, 0600));
}

}  // namespace prov::workspace
