#include "coordinator/audit/backup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "common/failpoint/failpoint.h"
#include "common/hash.h"
#include "common/json/json.h"
#include "common/wire/agent_wire.h"
#include "coordinator/event_log/commit.h"
#include "coordinator/event_log/replay.h"

namespace prov::audit {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kParts[] = {"archive/", "keys/", "log/"};
constexpr const char* kFormat = "provisioning-backup-1";
constexpr std::size_t kMaxManifestBytes = 64 << 20;
constexpr std::size_t kMaxKeyBytes = 64 << 10;
constexpr std::size_t kCopyBytes = 1 << 20;

struct File {
  std::string path;  // within the backup
  std::uint64_t bytes = 0;
  Digest digest;
};

// Reads a file to its end, a piece at a time.
Result<void> each_piece(const std::string& path, const std::function<Result<void>(std::string_view)>& take) {
  const io::Fd in(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!in) return tl::unexpected(io::system_error("open", path));
  std::string buffer(kCopyBytes, '\0');
  for (;;) {
    const ssize_t n = ::read(in.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return tl::unexpected(io::system_error("read", path));
    if (n == 0) return {};
    if (auto ok = take({buffer.data(), static_cast<std::size_t>(n)}); !ok) return ok;
  }
}

Result<File> measure(const std::string& folder, const std::string& path) {
  File out{path, 0, {}};
  Hasher hasher;
  auto read = each_piece(folder + "/" + path, [&](std::string_view piece) -> Result<void> {
    hasher.add(piece);
    out.bytes += piece.size();
    return {};
  });
  if (!read) return tl::unexpected(read.error());
  out.digest = hasher.value();
  return out;
}

Result<void> copy_file(const std::string& from, const std::string& to) {
  const io::Fd out(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!out) return tl::unexpected(io::system_error("create", to));
  auto copied = each_piece(from, [&](std::string_view piece) { return io::write_all(out.get(), piece); });
  if (copied && ::fsync(out.get()) != 0) return tl::unexpected(io::system_error("sync", to));
  return copied;
}

bool is_empty_or_absent(const std::string& folder) {
  std::error_code error;
  return !fs::exists(folder, error) || (fs::is_directory(folder, error) && fs::is_empty(folder, error));
}

// Regular files below `folder`/`part`, sorted, as paths within `folder`.
Result<std::vector<std::string>> files_below(const std::string& folder, const std::string& part) {
  std::vector<std::string> out;
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder + "/" + part, error), end; !error && at != end; at.increment(error)) {
    if (at->is_regular_file(error) && !at->is_symlink(error)) out.push_back(at->path().lexically_relative(folder));
  }
  if (error) return fail(Code::io, "cannot list " + folder + "/" + part + ": " + error.message());
  std::sort(out.begin(), out.end());
  return out;
}

Result<void> copy_keys(const std::string& from, const std::string& to) {
  auto made = io::make_private_dir(to);
  if (!made) return tl::unexpected(made.error());
  const fs::path parent = fs::path(from).parent_path();
  auto names = files_below(parent.string(), fs::path(from).filename().string());
  if (!names) return tl::unexpected(names.error());
  for (const std::string& name : *names) {
    const fs::path source = parent / name;
    if (auto ok = copy_file(source.string(), to + "/" + source.filename().string()); !ok) return ok;
  }
  return io::sync_dir(to);
}

// Segments never change, so a second name is as good as a copy; on another file system it has to be one.
Result<void> copy_segments(const event_log::ArchivedLog& log, const std::string& folder) {
  std::vector<std::string> made{folder};
  for (const auto& [first, path] : log.paths()) {
    const fs::path source(path), to = fs::path(folder) / source.parent_path().filename() / source.filename();
    std::error_code error;
    fs::create_directories(to.parent_path(), error);
    if (error) return fail(Code::io, "cannot create " + to.parent_path().string() + ": " + error.message());
    made.push_back(to.parent_path().string());
    fs::create_hard_link(source, to, error);
    if (!error) continue;
    if (auto copied = copy_file(path, to.string()); !copied) return copied;
  }
  if (made.size() == 1) return {};
  std::sort(made.begin(), made.end());
  made.erase(std::unique(made.begin(), made.end()), made.end());
  for (const std::string& dir : made) {
    if (::chmod(dir.c_str(), 0700) != 0) return tl::unexpected(io::system_error("set the mode of", dir));
    if (auto synced = io::sync_dir(dir); !synced) return synced;
  }
  return {};
}

// The log of a backup, verified; with the checkpoint key that lies beside it, where there is one.
Result<event_log::LogPosition> verified_position(const std::string& folder) {
  auto store = io::RocksRecordLog::open_read_only(folder + "/log");
  if (!store) return tl::unexpected(store.error());
  auto log = event_log::ArchivedLog::open(**store, {folder + "/archive"});
  if (!log) return tl::unexpected(log.error());
  event_log::PublicKeys keys;
  if (const auto key = event_log::load_public_key(folder + "/keys/signing.pub")) keys[event_log::key_id(*key)] = *key;
  const std::uint64_t last = (*log)->last_commit(), attested = (*log)->attested_commit();
  const auto from = event_log::beginning_of(**log);
  if (!from) return tl::unexpected(from.error());
  const auto read = event_log::replay(**log, *from, keys, [](const domain::Event&) { return true; });
  if (const auto damage = event_log::damage_at_end(read, last, attested)) {
    return fail(
        Code::corrupt,
        "the log in " + folder + " does not verify: commit " + std::to_string(damage->commit) + ": " + damage->what,
        "look at it with: provisioning audit verify --data " + folder);
  }
  return read.end;
}

Result<std::vector<File>> write_manifest(const std::string& folder, const event_log::LogPosition& position) {
  std::vector<File> files;
  Json list = Json::array();
  for (const std::string part : {"archive", "keys", "log"}) {
    std::error_code error;
    if (!fs::exists(folder + "/" + part, error)) continue;  // most logs have no archive
    auto names = files_below(folder, part);
    if (!names) return tl::unexpected(names.error());
    for (const std::string& name : *names) {
      auto file = measure(folder, name);
      if (!file) return tl::unexpected(file.error());
      list.push_back({{"path", file->path}, {"bytes", file->bytes}, {"digest", to_text(file->digest)}});
      files.push_back(std::move(*file));
    }
  }
  Json manifest;
  manifest["format"] = kFormat;
  manifest["log_id"] = to_text(position.log_id);
  manifest["commit"] = position.commit;
  manifest["sequence"] = position.sequence;
  manifest["commit_hash"] = to_text(position.commit_hash);
  manifest["log_time_ms"] = position.log_time_ms;
  manifest["files"] = std::move(list);
  if (auto ok = io::write_durably(folder + "/manifest.json", manifest.dump(1) + "\n", 0600); !ok) {
    return tl::unexpected(ok.error());
  }
  return files;
}

BackupReport report(const event_log::LogPosition& position, const std::vector<File>& files) {
  BackupReport out{position, files.size(), 0};
  for (const File& file : files) out.bytes += file.bytes;
  return out;
}

tl::unexpected<Error> bad_manifest(const std::string& folder, const std::string& what) {
  return fail(Code::corrupt, "the manifest of the backup " + folder + " " + what, "take another backup");
}

struct Manifest {
  std::uint64_t commit = 0;
  std::string commit_hash;
  std::vector<File> files;
};

Result<Manifest> read_manifest(const std::string& folder) {
  auto text = io::read_file(folder + "/manifest.json", kMaxManifestBytes);
  if (!text && text.error().code == Code::not_found) {
    return fail(Code::not_found, folder + " is no backup, or one that was never finished: it has no manifest.json");
  }
  if (!text) return tl::unexpected(text.error());
  const Json json = Json::parse(*text, nullptr, false);
  if (!json.is_object() || json.value("format", Json()) != kFormat)
    return bad_manifest(folder, "is in no known format");
  const Json files = json.value("files", Json());
  if (!json.value("commit", Json()).is_number_unsigned() || !json.value("commit_hash", Json()).is_string() ||
      !files.is_array()) {
    return bad_manifest(folder, "lacks fields");
  }
  Manifest out{json["commit"].get<std::uint64_t>(), json["commit_hash"].get<std::string>(), {}};
  for (const Json& entry : files) {
    const Json path = entry.is_object() ? entry.value("path", Json()) : Json();
    if (!path.is_string() || !entry.value("bytes", Json()).is_number_unsigned() ||
        !entry.value("digest", Json()).is_string()) {
      return bad_manifest(folder, "lacks fields of a file");
    }
    const auto digest = parse_hex<Digest>(entry["digest"].get<std::string>());
    const auto name = path.get<std::string>();
    const bool inside =
        wire::safe_relative_path(name) &&
        std::any_of(std::begin(kParts), std::end(kParts), [&](const char* part) { return name.starts_with(part); });
    if (!digest || !inside) return bad_manifest(folder, "names a file that no backup has: \"" + name + "\"");
    out.files.push_back({name, entry["bytes"].get<std::uint64_t>(), *digest});
  }
  return out;
}

Result<void> check_files(const std::string& folder, const std::vector<File>& files) {
  for (const File& expected : files) {
    const auto found = measure(folder, expected.path);
    if (!found) return tl::unexpected(found.error());
    if (found->bytes != expected.bytes || found->digest != expected.digest) {
      return fail(Code::corrupt, "the backup's file " + folder + "/" + expected.path + " is not what was written",
                  "take another backup");
    }
  }
  return {};
}

Result<void> copy_all(const std::string& folder, const std::vector<File>& files, const std::string& to) {
  std::error_code error;
  fs::remove_all(to, error);  // left over from a restore that was cut off
  std::vector<std::string> made{to};
  for (const File& file : files) {
    const fs::path parent = (fs::path(to) / file.path).parent_path();
    fs::create_directories(parent, error);
    if (error) return fail(Code::io, "cannot create " + parent.string() + ": " + error.message());
    for (fs::path p = parent; p != fs::path(to); p = p.parent_path()) made.push_back(p.string());
    if (auto ok = copy_file(folder + "/" + file.path, to + "/" + file.path); !ok) return ok;
  }
  std::sort(made.begin(), made.end());
  made.erase(std::unique(made.begin(), made.end()), made.end());
  for (const std::string& dir : made) {
    if (::chmod(dir.c_str(), 0700) != 0) return tl::unexpected(io::system_error("set the mode of", dir));
    if (auto ok = io::sync_dir(dir); !ok) return ok;
  }
  return {};
}

}  // namespace

Result<BackupReport> backup(io::RocksRecordLog& store, const event_log::ArchivedLog& whole,
                            const std::string& keys_folder, const std::string& folder) {
  if (!is_empty_or_absent(folder)) {
    return fail(Code::conflict, "there is something in " + folder + " already", "name a new or empty folder");
  }
  auto made = io::make_private_dir(folder);
  if (!made) return tl::unexpected(made.error());
  if (auto copied = store.copy_to(folder + "/log"); !copied) return tl::unexpected(copied.error());
  // Behind the log: what leaves it meanwhile is in a segment before.
  if (auto copied = copy_segments(whole, folder + "/archive"); !copied) return tl::unexpected(copied.error());
  PROV_FAIL_HERE("backup_copied");
  if (auto copied = copy_keys(keys_folder, folder + "/keys"); !copied) return tl::unexpected(copied.error());
  auto position = verified_position(folder);
  if (!position) return tl::unexpected(position.error());
  PROV_FAIL_HERE("backup_verified");
  auto files = write_manifest(folder, *position);
  if (!files) return tl::unexpected(files.error());
  return report(*position, *files);
}

Result<BackupReport> restore(const std::string& folder, const std::string& data_folder) {
  if (!is_empty_or_absent(data_folder)) {
    return fail(Code::conflict, "there is something in " + data_folder + " already; a backup is never put over it",
                "move it away, or name a new folder");
  }
  auto manifest = read_manifest(folder);
  if (!manifest) return tl::unexpected(manifest.error());
  if (auto ok = check_files(folder, manifest->files); !ok) return tl::unexpected(ok.error());
  const std::string target = fs::path(data_folder + "/").parent_path().string();
  const std::string half = target + ".restoring";
  if (auto ok = copy_all(folder, manifest->files, half); !ok) return tl::unexpected(ok.error());
  auto position = verified_position(half);  // of what will be used
  if (!position) return tl::unexpected(position.error());
  if (position->commit != manifest->commit || to_text(position->commit_hash) != manifest->commit_hash) {
    return bad_manifest(folder, "names another position than its log has");
  }
  ::rmdir(target.c_str());  // an empty one
  if (::rename(half.c_str(), target.c_str()) != 0) return tl::unexpected(io::system_error("create", target));
  const std::string above = fs::absolute(target).parent_path().string();
  if (auto ok = io::sync_dir(above); !ok) return tl::unexpected(ok.error());
  return report(*position, manifest->files);
}

}  // namespace prov::audit
