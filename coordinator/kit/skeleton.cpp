#include "coordinator/kit/skeleton.h"

#include <filesystem>
#include <fstream>

#include "coordinator/kit/skeletons.h"

namespace prov::kit {
namespace fs = std::filesystem;
namespace {

std::string with_name(std::string_view text, const std::string& name) {
  constexpr std::string_view kMark = "@NAME@";
  std::string out;
  for (std::size_t at = text.find(kMark); at != std::string_view::npos; at = text.find(kMark)) {
    out.append(text.substr(0, at)).append(name);
    text.remove_prefix(at + kMark.size());
  }
  return out.append(text);
}

bool is_program(const SkeletonFile& file) { return file.text.rfind("#!", 0) == 0; }

Result<void> write_file(const fs::path& path, const SkeletonFile& file) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) return fail(Code::io, "cannot make " + path.parent_path().string() + ": " + error.message());
  std::ofstream out(path, std::ios::binary);
  out << file.text;
  out.close();
  if (!out) return fail(Code::io, "cannot write " + path.string());
  if (file.executable) fs::permissions(path, fs::perms(0755), error);
  if (error) return fail(Code::io, "cannot make " + path.string() + " executable: " + error.message());
  return {};
}

}  // namespace

std::vector<SkeletonFile> skeleton_of(workspace::ExtensionKind kind, const std::string& name) {
  PROV_ASSERT(workspace::is_name(name));
  const std::string prefix = std::string(workspace::name_of(kind)) + "/";
  std::vector<SkeletonFile> files;
  for (const auto& [path, text] : kEmbedded) {
    if (path.substr(0, prefix.size()) != prefix) continue;
    SkeletonFile file{with_name(path.substr(prefix.size()), name), with_name(text, name), false};
    file.executable = is_program(file);
    files.push_back(std::move(file));
  }
  return files;
}

Result<void> write_skeleton(const std::string& folder, const std::vector<SkeletonFile>& files) {
  std::error_code error;
  if (fs::symlink_status(folder, error).type() != fs::file_type::not_found) {
    return fail(Code::conflict, folder + " is there already, and nothing is overwritten",
                "choose another name, or remove it first");
  }
  const fs::path parent = fs::path(folder).parent_path();
  const fs::path half = parent / ("." + fs::path(folder).filename().string() + ".new");  // no name of an extension
  fs::remove_all(half, error);
  for (const auto& file : files) {
    if (auto written = write_file(half / file.path, file); !written) {
      fs::remove_all(half, error);
      return written;
    }
  }
  fs::rename(half, folder, error);
  if (!error) return {};
  const std::string why = error.message();
  fs::remove_all(half, error);
  return fail(Code::io, "cannot make " + folder + ": " + why);
}

}  // namespace prov::kit
