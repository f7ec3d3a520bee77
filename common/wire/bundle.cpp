// An extension's files as one content-addressed object, and the paths that may cross the wire.
#include <algorithm>

#include "common/wire/codec_detail.h"
#include "schema/agent.capnp.h"

namespace prov::wire {

using namespace detail;

namespace {

constexpr std::size_t kMaxPath = 1000;
constexpr std::size_t kMaxComponent = 255;

bool safe_component(std::string_view component) {
  return !component.empty() && component != "." && component != ".." && component.size() <= kMaxComponent;
}

bool by_path(const File* a, const File* b) { return a->path < b->path; }

// Sorted strictly, so no path twice; and none that would have to be a file and a folder.
void check_tree(const std::vector<File>& files) {
  const auto before = [](const File& file, std::string_view path) { return file.path < path; };
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string_view path = files[i].path;
    if (i > 0 && files[i - 1].path >= path) refuse("its paths are not in order, or not unique");
    for (auto slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
      const auto parent = path.substr(0, slash);
      const auto at = std::lower_bound(files.begin(), files.end(), parent, before);
      if (at != files.end() && at->path == parent) refuse("a path is a file and a folder");
    }
  }
}

}  // namespace

bool safe_relative_path(std::string_view path) {
  if (path.size() > kMaxPath) return false;
  for (const char c : path) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\') return false;
  }
  for (;;) {
    const auto slash = path.find('/');
    if (!safe_component(path.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

std::string encode_bundle(const std::vector<File>& files) {
  std::vector<const File*> sorted;
  std::size_t bytes = 64;
  for (const auto& file : files) {
    sorted.push_back(&file);
    bytes += 32 + padded(file.path.size()) + padded(file.data.size());
  }
  std::sort(sorted.begin(), sorted.end(), by_path);
  FlatBuilder builder(bytes);
  auto list = builder.initRoot<schema::Bundle>().initFiles(static_cast<unsigned>(sorted.size()));
  for (unsigned i = 0; i < list.size(); ++i) put_file(list[i], *sorted[i]);
  return builder.finish();
}

Result<std::vector<File>> decode_bundle(std::string_view bytes) {
  return read_message<schema::Bundle>("bundle", bytes, kMaxBundleBytes, [](auto root) {
    auto files = list_of<File>(root.getFiles(), kMaxBundleFiles, "files",
                               [](auto one) { return get_file(one, kMaxBundleBytes); });
    check_tree(files);
    return files;
  });
}

}  // namespace prov::wire
