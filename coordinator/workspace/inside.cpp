#include "coordinator/workspace/inside.h"

#include <algorithm>
#include <filesystem>

namespace prov::workspace {
namespace fs = std::filesystem;
namespace {

constexpr const char* kPartsOfALayer[] = {"providers", "taskservs", "clusters", "lib"};

bool is_within(const fs::path& root, const fs::path& path) {
  return std::mismatch(root.begin(), root.end(), path.begin(), path.end()).first == root.end();
}

}  // namespace

Result<void> check_inside(const std::string& root, const std::string& path) {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory) return {};
  if (error) return fail(Code::io, path + ": " + error.message());
  const fs::path whole = fs::canonical(root, error);
  if (error) return fail(Code::io, root + ": " + error.message());
  if (is_within(whole, real)) return {};
  return fail(Code::invalid, path + ": a link out of the workspace, to " + real.string(),
              "copy it into the workspace " + root);
}

Result<void> check_layer_inside(const std::string& root, const std::string& folder) {
  for (const char* part : kPartsOfALayer) {
    const std::string below = folder + "/" + part;
    if (auto inside = check_inside(root, below); !inside) return inside;
    std::error_code error;
    for (fs::directory_iterator entry(below, error), end; !error && entry != end; entry.increment(error)) {
      std::error_code none;
      if (!entry->is_symlink(none)) continue;
      if (auto inside = check_inside(root, entry->path().string()); !inside) return inside;
    }
  }
  return {};
}

}  // namespace prov::workspace
