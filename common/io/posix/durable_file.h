#pragma once
// A file that grows at its end and is synced in groups.
#include <string>
#include <string_view>

#include "common/io/posix/files.h"
#include "common/result.h"

namespace prov::io {

class DurableFile {
 public:
  explicit DurableFile(std::string path) : path_(std::move(path)) {}

  Result<std::string> read_all(std::size_t max_bytes);  // "" when there is none
  Result<void> append(std::string_view bytes);  // mode 0600; Code::exhausted: the disk is full, nothing was appended
  Result<void> sync();                          // fdatasync, and of the folder when the file is new
  Result<void> replace(std::string_view bytes);
  // The content stays, also under PATH.SUFFIX (or PATH.SUFFIX-2 and so on, when another has that), which is returned.
  Result<std::string> keep_as(std::string_view suffix);

 private:
  Result<void> open_it();

  std::string path_;
  Fd fd_;
  off_t size_ = 0;
  bool is_new_ = false;
};

}  // namespace prov::io
