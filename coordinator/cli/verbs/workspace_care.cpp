// Workspaces over time: an older file brought to today's format, and what can be thrown away.
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "common/json/json.h"
#include "coordinator/cli/verbs/verbs.h"
#include "coordinator/cli/verbs/workspaces.h"
#include "coordinator/cli/views/line_diff.h"
#include "coordinator/cli/views/render.h"
#include "coordinator/config/load.h"
#include "coordinator/config/migrate.h"
#include "coordinator/workspace/inside.h"

namespace prov::cli {
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

// A write in progress has a temporary file beside the file it will become; one that old was interrupted.
constexpr std::uint64_t kInterruptedAfterMs = 60'000;
constexpr std::size_t kRandomLetters = 6;  // of mkstemp
constexpr const char* kHomeCaches[] = {"cache/oci", "cache/kcl", "cache/modules"};

std::string free_backup_name(const std::string& file, std::int64_t format) {
  const std::string base = file + ".format-" + std::to_string(format);
  std::error_code none;
  for (int i = 1;; ++i) {
    const std::string name = base + (i == 1 ? "" : "-" + std::to_string(i)) + ".bak";
    if (!fs::exists(name, none)) return name;
  }
}

std::string steps_text(const std::vector<std::string>& steps) {
  std::string out;
  for (const auto& step : steps) out += "  " + one_line(step) + "\n";
  return out;
}

struct Rubbish {
  std::string path;
  std::string what;
  std::uint64_t bytes = 0;
};

std::uint64_t bytes_of(const fs::path& path) {
  std::error_code none;
  if (fs::is_regular_file(fs::symlink_status(path, none))) return fs::file_size(path, none);
  std::uint64_t sum = 0;
  fs::recursive_directory_iterator entry(path, none), end;
  for (; !none && entry != end; entry.increment(none)) {
    std::error_code ignored;
    if (entry->is_regular_file(ignored) && !entry->is_symlink(ignored)) sum += entry->file_size(ignored);
  }
  return sum;
}

bool looks_like_a_write(const std::string& name) {
  const std::size_t mark = name.rfind(workspace::kUnfinishedMark);
  if (mark == std::string::npos || mark == 0) return false;
  const std::string letters = name.substr(mark + workspace::kUnfinishedMark.size());
  return letters.size() == kRandomLetters &&
         std::all_of(letters.begin(), letters.end(), [](unsigned char c) { return std::isalnum(c) != 0; });
}

class Cleaner {
 public:
  explicit Cleaner(std::uint64_t now_ms) : now_ms_(now_ms) {}

  void interrupted_writes(const std::string& folder) {
    std::error_code none;
    for (fs::directory_iterator entry(folder, none), end; !none && entry != end; entry.increment(none)) {
      struct stat about {};
      const std::string path = entry->path().string();
      if (!looks_like_a_write(entry->path().filename().string())) continue;
      if (::lstat(path.c_str(), &about) != 0 || !S_ISREG(about.st_mode)) continue;
      const std::uint64_t written_ms = static_cast<std::uint64_t>(about.st_mtim.tv_sec) * 1000;
      if (written_ms + kInterruptedAfterMs > now_ms_) continue;
      found.push_back({path, "an interrupted write", static_cast<std::uint64_t>(about.st_size)});
    }
  }
  void cache(const std::string& folder) {
    std::error_code none;
    if (fs::is_directory(fs::symlink_status(folder, none))) found.push_back({folder, "a cache", bytes_of(folder)});
  }

  std::vector<Rubbish> found;

 private:
  const std::uint64_t now_ms_;
};

std::vector<Rubbish> rubbish_of(const Context& context, const std::string& root) {
  Cleaner cleaner(context.world.now_ms());
  std::vector<std::string> folders{root, root + "/config", root + "/batches", root + "/extensions"};
  std::error_code none;
  for (fs::directory_iterator infra(root + "/infra", none), end; !none && infra != end; infra.increment(none)) {
    std::error_code ignored;
    if (infra->is_symlink(ignored)) continue;  // where it leads is not ours
    folders.push_back(infra->path().string());
    folders.push_back(infra->path().string() + "/clusters");
  }
  folders.push_back(context.home.root + "/config");
  for (const auto& folder : folders) {
    std::error_code ignored;
    if (!fs::is_symlink(folder, ignored)) cleaner.interrupted_writes(folder);
  }
  cleaner.cache(root + "/.cache");
  for (const char* below : kHomeCaches) cleaner.cache(context.home.root + "/" + below);
  std::sort(cleaner.found.begin(), cleaner.found.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return std::move(cleaner.found);
}

}  // namespace

Result<Exit> workspace_migrate(Context& context) {
  auto root = workspace_root(context);
  if (!root) return tl::unexpected(root.error());
  const std::string file = *root + "/" + workspace::kWorkspaceFile;
  if (auto inside = workspace::check_inside(*root, file); !inside) return tl::unexpected(inside.error());
  auto text = workspace::read_file(file, config::kMaxFile);
  if (!text) return tl::unexpected(text.error());
  auto migrated = config::migrate_workspace_file(*text, file);
  if (!migrated) return tl::unexpected(migrated.error());
  json document{{"file", file}, {"from", migrated->from}, {"to", migrated->to}, {"steps", migrated->steps}};
  if (migrated->steps.empty()) {
    document["changed"] = false;
    context.print(document, [&] { return file + " is of format " + std::to_string(migrated->to) + " already\n"; });
    return Exit::ok;
  }
  if (context.call.has("check")) {
    const std::string diff = line_diff(*text, migrated->text);
    document["diff"] = diff;
    context.print(document, [&] { return file + ":\n" + steps_text(migrated->steps) + "\n" + diff; });
    return Exit::differs;
  }
  const std::string backup = free_backup_name(file, migrated->from);
  if (auto kept = workspace::write_file_atomically(backup, *text, 0644); !kept) return tl::unexpected(kept.error());
  if (auto done = workspace::write_file_atomically(file, migrated->text, 0644); !done) {
    return tl::unexpected(done.error());
  }
  document["changed"] = true;
  document["backup"] = backup;
  context.print(document, [&] {
    return file + " is of format " + std::to_string(migrated->to) + " now:\n" + steps_text(migrated->steps) +
           "as it was: " + backup + "\n";
  });
  return Exit::ok;
}

Result<Exit> workspace_cleanup(Context& context) {
  auto root = workspace_root(context);
  if (!root) return tl::unexpected(root.error());
  const auto found = rubbish_of(context, *root);
  const bool only_look = context.call.has("check");
  json items = json::array();
  std::uint64_t bytes = 0;
  std::string text;
  for (const auto& one : found) {
    std::error_code error;
    if (!only_look) fs::remove_all(one.path, error);
    if (error) return fail(Code::io, "cannot remove " + one.path + ": " + error.message());
    items.push_back({{"path", one.path}, {"what", one.what}, {"bytes", one.bytes}});
    bytes += one.bytes;
    text += (only_look ? "would remove " : "removed ") + one_line(one.path) + "  (" + one.what + ", " +
            std::to_string(one.bytes) + " bytes)\n";
  }
  if (text.empty()) text = "there is nothing to clean up\n";
  context.print({{"items", items}, {"total", items.size()}, {"bytes", bytes}, {"removed", !only_look}},
                [&] { return text; });
  return Exit::ok;
}

}  // namespace prov::cli
