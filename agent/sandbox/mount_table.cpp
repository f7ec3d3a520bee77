#include "agent/sandbox/mount_table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>

namespace prov::agent {
namespace {

constexpr std::array<std::string_view, 17> kOfThisMachine = {
    "bcachefs", "btrfs", "erofs", "ext2", "ext3",  "ext4",     "f2fs", "iso9660", "jfs",
    "overlay",  "ramfs", "ntfs3", "vfat", "tmpfs", "squashfs", "xfs",  "zfs"};
constexpr std::array<std::string_view, 20> kOfTheKernel = {
    "binfmt_misc", "bpf",        "cgroup",     "cgroup2",   "configfs", "debugfs", "devpts",
    "devtmpfs",    "efivarfs",   "fusectl",    "hugetlbfs", "mqueue",   "nsfs",    "proc",
    "pstore",      "rpc_pipefs", "securityfs", "selinuxfs", "sysfs",    "tracefs"};

template <class Names>
bool contains(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// "\040" for a space, and so on.
std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned code = 0;
    const char* digits = text.data() + i + 1;
    const bool escaped = text[i] == '\\' && i + 3 < text.size() &&
                         std::from_chars(digits, digits + 3, code, 8).ptr == digits + 3 && code < 256;
    out.push_back(escaped ? static_cast<char>(code) : text[i]);
    if (escaped) i += 3;
  }
  return out;
}

bool has_option(const std::string& options, std::string_view wanted) {
  std::istringstream in(options);
  for (std::string each; std::getline(in, each, ',');) {
    if (each == wanted) return true;
  }
  return false;
}

}  // namespace

std::vector<Mount> parse_mounts(std::string_view mountinfo) {
  std::vector<Mount> out;
  std::istringstream lines{std::string(mountinfo)};
  for (std::string line; std::getline(lines, line);) {
    // 36 35 98:0 /root /point rw,noatime [tags...] - type source options
    std::istringstream in(line);
    Mount mount;
    std::string parent, device, root, point, options, word, source, super_options;
    in >> mount.id >> parent >> device >> root >> point >> options;
    while (in >> word && word != "-") continue;
    in >> mount.type >> source >> super_options;
    if (in.fail() || point.empty() || point[0] != '/') continue;
    mount.point = unescape(point);
    mount.read_only = has_option(options, "ro") || has_option(super_options, "ro");
    out.push_back(std::move(mount));
  }
  return out;
}

bool is_beneath(std::string_view path, std::string_view folder) {
  if (folder == "/") return true;
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

Treatment treatment_of(const Mount& mount) {
  if (contains(kOfThisMachine, mount.type)) return Treatment::layer;
  return contains(kOfTheKernel, mount.type) ? Treatment::nothing : Treatment::left_out;
}

}  // namespace prov::agent
