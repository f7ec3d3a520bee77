#pragma once
// What a step prints, kept up to a limit: the head, and at the end how much is missing. Never blocks, never fails: what
// cannot be kept is counted. The file is made when there is something to keep.
#include <cstdint>
#include <string_view>

#include "common/hash.h"
#include "common/io/posix/files.h"

namespace prov::agent {

class OutputFile {
 public:
  // `output` in the step's folder (agent/executor/step_dir.h), whose descriptor must stay open as long.
  OutputFile(int dir_fd, std::uint64_t limit) : dir_fd_(dir_fd), limit_(limit) {}

  void add(std::string_view bytes);
  // Appends the note on what is missing, then `last_line`, whatever the limit, and syncs. Empty: no such line.
  void finish(std::string_view last_line);

  std::uint64_t bytes() const { return bytes_; }  // in the file
  std::uint64_t dropped() const { return dropped_; }
  Digest digest() const { return hasher_.value(); }  // of the file

 private:
  void open_it();
  void keep(std::string_view bytes);

  int dir_fd_;
  io::Fd fd_;
  std::uint64_t limit_;
  std::uint64_t bytes_ = 0, dropped_ = 0;
  char last_ = '\n';  // of the file
  Hasher hasher_;
};

}  // namespace prov::agent
