#include "coordinator/event_log/disk_guard.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <utility>

#include "common/io/posix/files.h"

namespace prov::event_log {
namespace {

constexpr std::uint64_t kLookMs = 1000;
constexpr std::uint64_t kLookBytes = 256 << 10;

std::string mebibytes(std::uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

}  // namespace

DiskGuard::DiskGuard(Config config, FreeBytes free_bytes, Clock& clock)
    : config_(std::move(config)), ask_(std::move(free_bytes)), clock_(clock) {
  struct stat info {};
  has_ballast_ = ::stat(config_.ballast_path.c_str(), &info) == 0 &&
                 static_cast<std::uint64_t>(info.st_size) == config_.ballast_bytes &&
                 static_cast<std::uint64_t>(info.st_blocks) * 512 >= config_.ballast_bytes;
  if (!has_ballast_) drop_ballast();  // one of another size, or half made
  look();
}

DiskGuard::State DiskGuard::state() {
  if (appended_ >= kLookBytes || clock_.monotonic_ms() >= looked_ms_ + kLookMs) look();
  return state_;
}

void DiskGuard::appended(std::uint64_t bytes) {
  appended_ += bytes;
  state();
}

bool DiskGuard::give_way() {
  const bool had_ballast = has_ballast_;
  drop_ballast();
  if (const auto free = ask_()) free_bytes_ = *free;
  become(State::low);
  return had_ballast;
}

bool DiskGuard::has_room_for(std::uint64_t bytes) const {
  constexpr std::uint64_t kTimes = 4;
  const auto free = ask_();
  return state_ == State::ok && free && *free >= config_.margin_bytes + kTimes * bytes;
}

Result<void> DiskGuard::admit() {
  if (state() == State::ok) return {};
  return fail(Code::exhausted,
              "the disk of the log is nearly full (" + mebibytes(free_bytes_) +
                  " free): no new work is taken, work under way goes on",
              "make room for at least " + mebibytes(config_.ballast_bytes + 2 * config_.margin_bytes) +
                  "; then it goes on by itself");
}

void DiskGuard::look() {
  appended_ = 0;
  looked_ms_ = clock_.monotonic_ms();
  const auto free = ask_();
  if (!free) return;  // the next look may know; what was known stays
  free_bytes_ = *free;
  if (has_ballast_ && free_bytes_ < config_.margin_bytes) drop_ballast();
  // Twice the margin, so that it does not swing to and fro.
  if (!has_ballast_ && free_bytes_ >= config_.ballast_bytes + 2 * config_.margin_bytes) has_ballast_ = make_ballast();
  become(has_ballast_ ? State::ok : State::low);
}

void DiskGuard::become(State state) {
  if (std::exchange(state_, state) != state && listener_) listener_(state);
}

bool DiskGuard::make_ballast() {
  const io::Fd file(::open(config_.ballast_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  const auto bytes = static_cast<off_t>(config_.ballast_bytes);
  if (file && (bytes == 0 || ::posix_fallocate(file.get(), 0, bytes) == 0)) {
    free_bytes_ -= config_.ballast_bytes;
    return true;
  }
  drop_ballast();
  return false;
}

void DiskGuard::drop_ballast() {
  if (::unlink(config_.ballast_path.c_str()) == 0 && has_ballast_) free_bytes_ += config_.ballast_bytes;
  has_ballast_ = false;
}

DiskGuard::FreeBytes free_bytes_at(std::string path) {
  return [path = std::move(path)]() -> Result<std::uint64_t> {
    struct statvfs info {};
    if (::statvfs(path.c_str(), &info) != 0) return tl::unexpected(io::system_error("ask for the free room of", path));
    return std::uint64_t{info.f_bavail} * info.f_frsize;
  };
}

}  // namespace prov::event_log
