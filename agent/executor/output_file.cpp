#include "agent/executor/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "agent/executor/step_dir.h"

namespace prov::agent {

void OutputFile::keep(std::string_view bytes) {
  if (!fd_ && !bytes.empty()) open_it();
  while (fd_ && !bytes.empty()) {
    const ssize_t n = write(fd_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    const auto written = static_cast<std::size_t>(n);
    hasher_.add(bytes.substr(0, written));
    bytes_ += written;
    last_ = bytes[written - 1];
    bytes.remove_prefix(written);
  }
  dropped_ += bytes.size();
}

// The step may have put anything in its place.
void OutputFile::open_it() {
  io::Fd fd(openat(dir_fd_, kOutputFile, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
  struct stat info {};
  if (fd && fstat(fd.get(), &info) == 0 && S_ISREG(info.st_mode)) fd_ = std::move(fd);
}

void OutputFile::add(std::string_view bytes) {
  // Once something is missing nothing is kept any more: output without a note has no holes.
  const std::uint64_t room = dropped_ > 0 || bytes_ >= limit_ ? 0 : limit_ - bytes_;
  const std::string_view head = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(room, bytes.size())));
  dropped_ += bytes.size() - head.size();
  keep(head);
}

void OutputFile::finish(std::string_view last_line) {
  if (const std::uint64_t missing = dropped_; missing > 0) {
    keep("\n[" + std::to_string(missing) + " more bytes of output were not kept]\n");
    dropped_ = missing;
  }
  if (!last_line.empty()) {
    const std::uint64_t missing = dropped_;
    if (last_ != '\n') keep("\n");
    keep(last_line);
    keep("\n");
    dropped_ = missing;
  }
  if (bytes_ > 0) fdatasync(fd_.get());
}

}  // namespace prov::agent
