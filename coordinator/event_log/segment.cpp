#include "coordinator/event_log/segment.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <vector>

#include "common/failpoint/failpoint.h"
#include "common/hash.h"
#include "common/io/posix/files.h"
#include "coordinator/event_log/commit.h"

namespace prov::event_log {
namespace {

constexpr std::string_view kSegmentMagic = "PRVSEG1\n", kSuffix = ".segment";
constexpr std::size_t kHashedBytes = 200, kSegmentHeaderBytes = kHashedBytes + Digest::kSize;
constexpr std::size_t kKeyIdBytes = 8, kSignatureBytes = 64, kDigits = 20;
constexpr std::uint64_t kMaxCommitBytes = std::uint64_t{1} << 32;

tl::unexpected<Error> damaged(const std::string& path, const std::string& what) {
  return fail(Code::corrupt, "the segment " + path + " is damaged: " + what,
              "put another copy of the file in its place: a backup has one");
}

void put(std::string& out, std::uint64_t n) { out.append(reinterpret_cast<const char*>(&n), sizeof n); }

std::uint64_t number_at(std::string_view bytes, std::size_t at) {
  std::uint64_t n = 0;
  std::memcpy(&n, bytes.data() + at, sizeof n);
  return n;
}

std::string encode(const SegmentHeader& header) {
  PROV_ASSERT(header.key_id.size() == kKeyIdBytes && header.signature.size() == kSignatureBytes);
  std::string out(kSegmentMagic);
  for (const std::uint64_t n :
       {header.first_commit, header.last_commit, header.first_sequence, header.last_sequence, header.log_time_ms}) {
    put(out, n);
  }
  out.append(header.log_id.view()).append(header.previous.view()).append(header.last_hash.view());
  out.append(header.key_id).append(header.signature);
  PROV_ASSERT(out.size() == kHashedBytes);
  return out.append(digest_of(out).view());
}

Result<SegmentHeader> decode(const std::string& path, std::string_view bytes) {
  if (!bytes.starts_with(kSegmentMagic)) {
    if (!bytes.starts_with(kSegmentMagic.substr(0, kSegmentMagic.size() - 2)))
      return damaged(path, "it does not begin like one");
    return fail(Code::unsupported, "the segment " + path + " is in a format that this release does not know",
                "use a newer release");
  }
  if (digest_of(bytes.substr(0, kHashedBytes)).view() != bytes.substr(kHashedBytes)) {
    return damaged(path, "its header does not have the digest that it carries");
  }
  SegmentHeader out;
  out.first_commit = number_at(bytes, 8);
  out.last_commit = number_at(bytes, 16);
  out.first_sequence = number_at(bytes, 24);
  out.last_sequence = number_at(bytes, 32);
  out.log_time_ms = number_at(bytes, 40);
  out.log_id = *Id::from(bytes.substr(48, Id::kSize));
  out.previous = *Digest::from(bytes.substr(64, Digest::kSize));
  out.last_hash = *Digest::from(bytes.substr(96, Digest::kSize));
  out.key_id = bytes.substr(128, kKeyIdBytes);
  out.signature = bytes.substr(136, kSignatureBytes);
  if (out.first_commit == 0 || out.first_commit > out.last_commit) return damaged(path, "its header holds no commits");
  return out;
}

// A segment that is open for reading: its frame was looked at.
class SegmentFile {
 public:
  static Result<SegmentFile> open(const std::string& path) {
    SegmentFile out;
    out.path_ = path;
    out.fd_ = io::Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!out.fd_) return tl::unexpected(io::system_error("open", path));
    struct stat info {};
    if (::fstat(out.fd_.get(), &info) != 0) return tl::unexpected(io::system_error("look at", path));
    auto head = out.bytes(0, kSegmentHeaderBytes);
    if (!head) return tl::unexpected(head.error());
    auto header = decode(path, *head);
    if (!header) return tl::unexpected(header.error());
    out.header_ = *header;
    const auto size = static_cast<std::uint64_t>(info.st_size);
    const std::uint64_t table = 8 * (header->commits() + 1);
    if (header->commits() >= size / 8 || size < kSegmentHeaderBytes + table) return damaged(path, "it is cut off");
    out.table_ = size - table;
    return out;
  }

  const SegmentHeader& header() const { return header_; }

  // REQUIRES: the segment holds it.
  Result<std::string> commit(std::uint64_t number) const {
    auto places = bytes(table_ + 8 * (number - header_.first_commit), 16);
    if (!places) return places;
    const std::uint64_t begin = number_at(*places, 0), end = number_at(*places, 8);
    if (begin < kSegmentHeaderBytes || end < begin || end > table_ || end - begin > kMaxCommitBytes) {
      return damaged(path_, "where commit " + std::to_string(number) + " lies is not said");
    }
    return bytes(begin, end - begin);
  }

 private:
  Result<std::string> bytes(std::uint64_t at, std::uint64_t count) const {
    std::string out(count, '\0');
    for (std::uint64_t done = 0; done < count;) {
      const ssize_t n = ::pread(fd_.get(), out.data() + done, count - done, static_cast<off_t>(at + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return tl::unexpected(io::system_error("read", path_));
      if (n == 0) return damaged(path_, "it is cut off");
      done += static_cast<std::uint64_t>(n);
    }
    return out;
  }

  std::string path_;
  io::Fd fd_;
  SegmentHeader header_;
  std::uint64_t table_ = 0;  // where the table begins
};

// The commits one behind the other; `table` gets their places.
Result<void> copy_commits(RecordLog& log, const SegmentHeader& header, int fd, std::string& table) {
  std::uint64_t at = kSegmentHeaderBytes, next = header.first_commit;
  Result<void> written;
  auto read = log.read(header.first_commit, [&](std::uint64_t number, std::string_view commit) {
    if (number != next) return false;
    put(table, at);
    at += commit.size();
    ++next;
    written = io::write_all(fd, commit);
    return written.has_value() && number < header.last_commit;
  });
  if (!read) return read;
  if (!written) return written;
  put(table, at);
  if (next == header.last_commit + 1) return {};
  return fail(Code::corrupt, "commit " + std::to_string(next) + " is missing in the log");
}

// What one commit after the other has to be.
class SegmentCheck {
 public:
  SegmentCheck(const std::string& path, const SegmentHeader& header) : path_(path), header_(header) {
    hash_ = header.previous;
    next_sequence_ = header.first_sequence;
  }

  Result<void> take(std::uint64_t number, std::string_view bytes) {
    const std::string which = "commit " + std::to_string(number);
    auto commit = CommitView::open(bytes);
    if (!commit) return damaged(path_, which + ": " + commit.error().message);
    const CommitHeader& one = commit->header();
    const bool follows = one.number == number && one.previous == hash_ && one.first_sequence == next_sequence_;
    if (!follows) return damaged(path_, which + " does not follow from the commit before it");
    hash_ = commit->hash();
    next_sequence_ += one.count;
    log_time_ms_ = one.log_time_ms;
    return {};
  }

  Result<void> finish(const PublicKeys& keys) const {
    const bool as_said = hash_ == header_.last_hash && next_sequence_ == header_.last_sequence + 1 &&
                         log_time_ms_ == header_.log_time_ms;
    if (!as_said) return damaged(path_, "it does not end as its header says");
    if (keys.empty()) return {};
    const auto key = keys.find(header_.key_id);
    if (key == keys.end()) {
      return damaged(path_,
                     "it is signed by the key " + to_hex(header_.key_id) + ", which is not a key that was given");
    }
    const domain::CheckpointSigned checkpoint{header_.last_commit, header_.last_sequence, header_.last_hash,
                                              header_.key_id, header_.signature};
    if (verify_checkpoint(key->second, header_.log_id, checkpoint)) return {};
    return damaged(path_, "the signature over its last commit is wrong");
  }

 private:
  const std::string& path_;
  const SegmentHeader& header_;
  Digest hash_;
  std::uint64_t next_sequence_ = 0;
  TimeMs log_time_ms_ = 0;
};

}  // namespace

std::string segment_name(std::uint64_t first_commit, std::uint64_t last_commit) {
  const auto digits = [](std::uint64_t n) {
    const std::string text = std::to_string(n);
    return std::string(kDigits - text.size(), '0') + text;
  };
  return digits(first_commit) + "-" + digits(last_commit) + std::string(kSuffix);
}

std::optional<std::pair<std::uint64_t, std::uint64_t>> parse_segment_name(std::string_view name) {
  if (name.size() != 2 * kDigits + 1 + kSuffix.size() || !name.ends_with(kSuffix)) return std::nullopt;
  std::uint64_t first = 0, last = 0;
  std::from_chars(name.data(), name.data() + kDigits, first);
  std::from_chars(name.data() + kDigits + 1, name.data() + 2 * kDigits + 1, last);
  if (first == 0 || first > last || segment_name(first, last) != name) return std::nullopt;
  return std::pair(first, last);
}

Result<void> write_segment(RecordLog& log, const SegmentHeader& header, const std::string& path) {
  const std::string half = path + ".part";  // one that a crash left is begun again
  const io::Fd fd(::open(half.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return tl::unexpected(io::system_error("create", half));
  std::string table;
  if (auto ok = io::write_all(fd.get(), encode(header)); !ok) return ok;
  if (auto ok = copy_commits(log, header, fd.get(), table); !ok) return ok;
  if (auto ok = io::write_all(fd.get(), table); !ok) return ok;
  if (::fsync(fd.get()) != 0) return tl::unexpected(io::system_error("sync", half));
  // Whoever reads it back shall read the disk, not the memory that it was written from.
  static_cast<void>(::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_DONTNEED));
  PROV_FAIL_HERE("segment_written");
  if (::rename(half.c_str(), path.c_str()) != 0) return tl::unexpected(io::system_error("rename", half));
  return io::sync_dir(std::filesystem::path(path).parent_path().string());
}

Result<SegmentHeader> read_segment_header(const std::string& path) {
  auto file = SegmentFile::open(path);
  if (!file) return tl::unexpected(file.error());
  return file->header();
}

Result<void> read_segment(const std::string& path, std::uint64_t from, const RecordLog::CommitVisitor& visit) {
  auto file = SegmentFile::open(path);
  if (!file) return tl::unexpected(file.error());
  const SegmentHeader& header = file->header();
  for (std::uint64_t number = std::max(from, header.first_commit); number <= header.last_commit; ++number) {
    auto commit = file->commit(number);
    if (!commit) return tl::unexpected(commit.error());
    if (!visit(number, *commit)) return {};
  }
  return {};
}

Result<void> verify_segment(const std::string& path, const PublicKeys& keys) {
  const auto header = read_segment_header(path);
  if (!header) return tl::unexpected(header.error());
  SegmentCheck check(path, *header);
  Result<void> good;
  auto read = read_segment(path, header->first_commit, [&](std::uint64_t number, std::string_view commit) {
    good = check.take(number, commit);
    return good.has_value();
  });
  if (!read) return read;
  if (!good) return good;
  return check.finish(keys);
}

}  // namespace prov::event_log
