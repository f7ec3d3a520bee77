#include "coordinator/modules/bundle.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <vector>

#include "common/hash.h"
#include "common/wire/agent_wire.h"
#include "coordinator/workspace/yaml_tree.h"

namespace prov::workspace {
namespace fs = std::filesystem;
namespace {

constexpr int kMaxFolderDepth = 16;

enum class Wants { names, bytes };

class Packer {
 public:
  explicit Packer(Wants wants) : wants_(wants) {}

  // Adds the files of `root` below `prefix`. `root` is resolved first, and nothing outside it is ever read.
  // A file whose name one of an earlier layer has is passed over; `layer` empty: that is refused.
  Result<void> add_root(const std::string& root, const std::string& prefix, const std::string& layer) {
    std::error_code error;
    layer_ = layer;
    root_ = fs::canonical(root, error);
    if (error) return fail(Code::io, root + ": " + error.message());
    return add_folder(root_, prefix, 0);
  }
  std::vector<wire::File>& files() { return files_; }
  std::map<std::string, PackedFile>& origins() { return origins_; }

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

  // `path` stands in a folder without links in its own path, so only a link has to be followed.
  Result<void> add_entry(const fs::path& path, const std::string& name, int depth) {
    std::error_code error;
    const fs::path real = fs::is_symlink(path, error) ? fs::canonical(path, error) : path;
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
    const auto [origin, is_new] = origins_.try_emplace(name, PackedFile{name, layer_, real.string(), {}});
    if (!is_new && !layer_.empty()) {
      origin->second.hidden.push_back(layer_);
      return {};
    }
    if (!is_new) {
      return fail(Code::invalid, real.string() + ": " + name + " is there twice, in the extension and in the library",
                  "name one of them otherwise");
    }
    auto data = wants_ == Wants::bytes ? read_file(real.string(), wire::kMaxBundleBytes - bytes_) : look_at(real);
    if (!data) {
      if (data.error().code != Code::exhausted) return tl::unexpected(data.error());
      return fail(Code::exhausted, root_.string() + ": more than the " + std::to_string(wire::kMaxBundleBytes >> 20) +
                                       " MiB that an extension may have (at " + name + ")");
    }
    bytes_ += data->size();
    files_.push_back({name, std::move(*data), static_cast<std::uint16_t>(executable ? 0755 : 0644)});
    return {};
  }

  // No bytes, but the same answer to whether they fit.
  Result<std::string> look_at(const fs::path& real) {
    std::error_code error;
    const auto size = fs::file_size(real, error);
    if (error) return fail(Code::io, real.string() + ": " + error.message());
    if (size > wire::kMaxBundleBytes - bytes_) return fail(Code::exhausted, real.string());
    bytes_ += size;
    return std::string();
  }

  fs::path root_;
  std::vector<wire::File> files_;
  std::map<std::string, PackedFile> origins_;
  std::string layer_;
  std::size_t bytes_ = 0;
  Wants wants_;
};

Result<Packer> pack(const Extension& extension, Wants wants) {
  Packer packer(wants);
  for (const auto& overlay : extension.overlays) {
    auto added = packer.add_root(overlay.folder, "", overlay.name);
    if (!added) return tl::unexpected(added.error());
  }
  if (auto added = packer.add_root(extension.folder, "", extension.layer); !added) {
    return tl::unexpected(added.error());
  }
  if (!extension.library_folder.empty()) {
    if (auto added = packer.add_root(extension.library_folder, "lib/", ""); !added) {
      return tl::unexpected(added.error());
    }
  }
  if (!extension.overlays.empty()) {  // so that a digest says nothing of who brought which file
    std::sort(packer.files().begin(), packer.files().end(),
              [](const wire::File& a, const wire::File& b) { return a.path < b.path; });
  }
  return packer;
}

}  // namespace

Result<Bundle> pack_extension(const Extension& extension) {
  auto packer = pack(extension, Wants::bytes);
  if (!packer) return tl::unexpected(packer.error());
  Bundle bundle;
  bundle.kind = name_of(extension.manifest.kind);
  bundle.name = extension.manifest.name;
  bundle.bytes = wire::encode_bundle(packer->files());
  if (bundle.bytes.size() > wire::kMaxBundleBytes) {
    return fail(Code::exhausted, extension.folder + ": packed it is larger than an extension may be");
  }
  bundle.digest = digest_of(bundle.bytes);
  return bundle;
}

Result<std::vector<PackedFile>> list_packed_files(const Extension& extension) {
  auto packer = pack(extension, Wants::names);
  if (!packer) return tl::unexpected(packer.error());
  std::vector<PackedFile> out;
  for (auto& [name, file] : packer->origins()) {
    if (file.layer.empty()) file.layer = "library";
    out.push_back(std::move(file));
  }
  return out;
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
