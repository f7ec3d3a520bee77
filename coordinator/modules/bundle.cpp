#include "coordinator/modules/bundle.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
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
  // The same of what another packer has found, of names alone.
  Result<void> add_found(const Packer& other) {
    layer_ = other.layer_;
    for (const auto& [name, file] : other.origins_) {
      if (auto added = add_name(name, file.path); !added) return tl::unexpected(added.error());
    }
    if (other.bytes_ > wire::kMaxBundleBytes - bytes_) return too_large(other.root_.string());
    bytes_ += other.bytes_;
    files_.insert(files_.end(), other.files_.begin(), other.files_.end());
    return files_.size() <= wire::kMaxBundleFiles ? Result<void>() : too_many();
  }

  std::vector<wire::File>& files() { return files_; }
  std::map<std::string, PackedFile>& origins() { return origins_; }

 private:
  Result<void> add_folder(const fs::path& folder, const std::string& prefix, int depth) {
    if (depth > kMaxFolderDepth) return fail(Code::invalid, folder.string() + ": nested too deep");
    std::error_code error;
    std::map<std::string, fs::file_type> found;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
      found.emplace(entry->path().filename().string(), type_of(*entry));
    }
    if (error) return fail(Code::io, folder.string() + ": " + error.message());
    for (const auto& [name, type] : found) {
      if (name.front() == '.' || name.back() == '~') continue;
      if (depth == 0 && (name == "docs" || name == "tests")) continue;
      if (auto added = add_entry(folder / name, prefix + name, depth, type); !added) return added;
    }
    return {};
  }

  // What the folder itself says of it, which costs no look at the file.
  static fs::file_type type_of(const fs::directory_entry& entry) {
    std::error_code none;
    if (entry.is_symlink(none)) return fs::file_type::symlink;
    if (entry.is_directory(none)) return fs::file_type::directory;
    return entry.is_regular_file(none) ? fs::file_type::regular : fs::file_type::unknown;
  }

  // `path` stands in a folder without links in its own path, so only a link has to be followed.
  Result<void> add_entry(const fs::path& path, const std::string& name, int depth, fs::file_type type) {
    if (type == fs::file_type::symlink) return add_link(path, name, depth);
    if (type == fs::file_type::directory) return add_folder(path, name + "/", depth + 1);
    if (type == fs::file_type::regular) return add_file(path, name);
    return fail(Code::invalid, path.string() + ": neither a file nor a folder", "take it out of the extension");
  }

  Result<void> add_link(const fs::path& path, const std::string& name, int depth) {
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
    return add_entry(real, name, depth, status.type());
  }

  Result<void> add_file(const fs::path& real, const std::string& name) {
    if (!wire::safe_relative_path(name)) return fail(Code::invalid, real.string() + ": such a name cannot be packed");
    if (files_.size() >= wire::kMaxBundleFiles) return too_many();
    auto wanted = add_name(name, real.string());
    if (!wanted) return tl::unexpected(wanted.error());
    if (!*wanted) return {};
    auto data = wants_ == Wants::bytes ? read_file(real.string(), wire::kMaxBundleBytes - bytes_) : look_at(real);
    if (!data) {
      if (data.error().code != Code::exhausted) return tl::unexpected(data.error());
      return too_large(name);
    }
    bytes_ += data->size();
    std::error_code error;
    const bool executable = wants_ == Wants::bytes && is_executable(fs::status(real, error));
    if (error) return fail(Code::io, real.string() + ": " + error.message());
    files_.push_back({name, std::move(*data), static_cast<std::uint16_t>(executable ? 0755 : 0644)});
    return {};
  }

  // false: a nearer layer has it.
  Result<bool> add_name(const std::string& name, const std::string& path) {
    const auto [origin, is_new] = origins_.try_emplace(name, PackedFile{name, layer_, path, {}});
    if (is_new) return true;
    if (layer_.empty()) {
      return fail(Code::invalid, path + ": " + name + " is there twice, in the extension and in the library",
                  "name one of them otherwise");
    }
    origin->second.hidden.push_back(layer_);
    return false;
  }

  tl::unexpected<Error> too_many() const {
    return fail(Code::exhausted, root_.string() + ": more than " + std::to_string(wire::kMaxBundleFiles) + " files");
  }

  tl::unexpected<Error> too_large(const std::string& at) const {
    return fail(Code::exhausted, root_.string() + ": more than the " + std::to_string(wire::kMaxBundleBytes >> 20) +
                                     " MiB that an extension may have (at " + at + ")");
  }

  static bool is_executable(const fs::file_status& status) {
    return (status.permissions() & fs::perms::owner_exec) != fs::perms::none;
  }

  // No bytes, but the same answer to whether they can be read, and fit.
  Result<std::string> look_at(const fs::path& real) {
    std::error_code error;
    if (::access(real.c_str(), R_OK) != 0) return fail(Code::io, real.string() + ": " + std::strerror(errno));
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

// Without the library.
Result<Packer> pack_own(const Extension& extension, Wants wants) {
  Packer packer(wants);
  for (const auto& overlay : extension.overlays) {
    auto added = packer.add_root(overlay.folder, "", overlay.name);
    if (!added) return tl::unexpected(added.error());
  }
  if (auto added = packer.add_root(extension.folder, "", extension.layer); !added) {
    return tl::unexpected(added.error());
  }
  return packer;
}

Result<Packer> pack_library(const std::string& folder) {
  Packer packer(Wants::names);
  auto added = packer.add_root(folder, "lib/", "");
  if (!added) return tl::unexpected(added.error());
  return packer;
}

Result<Packer> pack_whole(const Extension& extension) {
  auto packed = pack_own(extension, Wants::bytes);
  if (!packed) return packed;
  Packer& packer = *packed;
  if (!extension.library_folder.empty()) {
    if (auto added = packer.add_root(extension.library_folder, "lib/", ""); !added) {
      return tl::unexpected(added.error());
    }
  }
  if (!extension.overlays.empty()) {  // so that a digest says nothing of who brought which file
    std::sort(packer.files().begin(), packer.files().end(),
              [](const wire::File& a, const wire::File& b) { return a.path < b.path; });
  }
  return packed;
}

}  // namespace

Result<Bundle> pack_extension(const Extension& extension) {
  auto packer = pack_whole(extension);
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

Result<std::vector<PackedFile>> list_packed_files(const Extension& extension) { return PackedFiles().of(extension); }

struct PackedFiles::Libraries {
  std::map<std::string, Result<Packer>> by_folder;

  const Result<Packer>& of(const std::string& folder) {
    const auto known = by_folder.find(folder);
    return known != by_folder.end() ? known->second : by_folder.emplace(folder, pack_library(folder)).first->second;
  }
};

PackedFiles::PackedFiles() : libraries_(std::make_unique<Libraries>()) {}
PackedFiles::~PackedFiles() = default;

Result<std::vector<PackedFile>> PackedFiles::of(const Extension& extension) {
  auto packer = pack_own(extension, Wants::names);
  if (!packer) return tl::unexpected(packer.error());
  if (!extension.library_folder.empty()) {
    const auto& library = libraries_->of(extension.library_folder);
    if (!library) return tl::unexpected(library.error());
    if (auto added = packer->add_found(*library); !added) return tl::unexpected(added.error());
  }
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
