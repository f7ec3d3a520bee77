#include "coordinator/workspace/bundle.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <set>
#include <vector>

#include "common/hash.h"
#include "common/wire/agent_wire.h"
#include "coordinator/workspace/yaml_tree.h"

namespace prov::workspace {
namespace fs = std::filesystem;
namespace {

constexpr int kMaxFolderDepth = 16;

class Packer {
 public:
  // Adds the files of `root` below `prefix`. `root` is resolved first, and nothing outside it is ever read.
  Result<void> add_root(const std::string& root, const std::string& prefix) {
    std::error_code error;
    root_ = fs::canonical(root, error);
    if (error) return fail(Code::io, root + ": " + error.message());
    return add_folder(root_, prefix, 0);
  }
  std::vector<wire::File>& files() { return files_; }

 private:
  Result<void> add_folder(const fs::path& folder, const std::string& prefix, int depth) {
    if (depth > kMaxFolderDepth) return fail(Code::invalid, folder.string() + ": nested too deep");
    std::error_code error;
    std::set<std::string> names;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
      names.insert(entry->path().filename().string());
    }
    if (error) return fail(Code::io, folder.string() + ": " + error.message());
    for (const auto& name : names) {
      if (name.front() == '.' || name.back() == '~') continue;
      if (depth == 0 && (name == "docs" || name == "tests")) continue;
      if (auto added = add_entry(folder / name, prefix + name, depth); !added) return added;
    }
    return {};
  }

  Result<void> add_entry(const fs::path& path, const std::string& name, int depth) {
    std::error_code error;
    const fs::path real = fs::canonical(path, error);
    if (error) return fail(Code::invalid, path.string() + ": a link to nowhere (" + error.message() + ")");
    const auto inside = std::mismatch(root_.begin(), root_.end(), real.begin(), real.end());
    if (inside.first != root_.end()) {
      return fail(Code::invalid, path.string() + ": a link out of the extension, to " + real.string(),
                  "copy the file into the extension");
    }
    const fs::file_status status = fs::status(real, error);
    if (error) return fail(Code::io, path.string() + ": " + error.message());
    if (fs::is_directory(status)) return add_folder(real, name + "/", depth + 1);
    if (!fs::is_regular_file(status)) {
      return fail(Code::invalid, path.string() + ": neither a file nor a folder", "take it out of the extension");
    }
    return add_file(real, name, (status.permissions() & fs::perms::owner_exec) != fs::perms::none);
  }

  Result<void> add_file(const fs::path& real, const std::string& name, bool executable) {
    if (!wire::safe_relative_path(name)) return fail(Code::invalid, real.string() + ": such a name cannot be packed");
    if (files_.size() >= wire::kMaxBundleFiles) {
      return fail(Code::exhausted, root_.string() + ": more than " + std::to_string(wire::kMaxBundleFiles) + " files");
    }
    auto data = read_file(real.string(), wire::kMaxBundleBytes - bytes_);
    if (!data) {
      if (data.error().code != Code::exhausted) return tl::unexpected(data.error());
      return fail(Code::exhausted, root_.string() + ": more than the " + std::to_string(wire::kMaxBundleBytes >> 20) +
                                       " MiB that an extension may have (at " + name + ")");
    }
    if (!names_.insert(name).second) {
      return fail(Code::invalid, real.string() + ": " + name + " is there twice, in the extension and in the library",
                  "name one of them otherwise");
    }
    bytes_ += data->size();
    files_.push_back({name, std::move(*data), static_cast<std::uint16_t>(executable ? 0755 : 0644)});
    return {};
  }

  fs::path root_;
  std::vector<wire::File> files_;
  std::set<std::string> names_;
  std::size_t bytes_ = 0;
};

}  // namespace

Result<Bundle> pack_extension(const Extension& extension) {
  Packer packer;
  if (auto added = packer.add_root(extension.folder, ""); !added) return tl::unexpected(added.error());
  if (!extension.library_folder.empty()) {
    if (auto added = packer.add_root(extension.library_folder, "lib/"); !added) return tl::unexpected(added.error());
  }
  Bundle bundle;
  bundle.kind = name_of(extension.manifest.kind);
  bundle.name = extension.manifest.name;
  bundle.bytes = wire::encode_bundle(packer.files());
  if (bundle.bytes.size() > wire::kMaxBundleBytes) {
    return fail(Code::exhausted, extension.folder + ": packed it is larger than an extension may be");
  }
  bundle.digest = digest_of(bundle.bytes);
  return bundle;
}

Result<Bundle> pack_script(const std::string& path) {
  auto text = read_file(path, kMaxScriptBytes);
  if (!text) return tl::unexpected(text.error());
  if (text->compare(0, 2, "#!") != 0) {
    return fail(Code::invalid, path + " does not say what runs it", "begin it with a line like #!/bin/sh");
  }
  Bundle bundle{{}, "script", fs::path(path).filename().string(), {}};
  bundle.bytes = wire::encode_bundle({{kScriptInBundle, std::move(*text), 0755}});
  bundle.digest = digest_of(bundle.bytes);
  return bundle;
}

}  // namespace prov::workspace
