#pragma once
// The journal as a file of the machine.
#include <string>

#include "agent/journal/journal_file.h"
#include "common/io/posix/durable_file.h"

namespace prov::agent {

class DiskJournal final : public JournalFile {
 public:
  explicit DiskJournal(std::string path) : file_(std::move(path)) {}

  Result<std::string> read_all() override { return file_.read_all(kMaxBytes); }
  Result<void> append(std::string_view bytes) override { return file_.append(bytes); }
  Result<void> sync() override { return file_.sync(); }
  Result<void> replace(std::string_view bytes) override { return file_.replace(bytes); }
  Result<std::string> keep_damaged() override { return file_.keep_as("damaged"); }

 private:
  static constexpr std::size_t kMaxBytes = 256 << 20;
  io::DurableFile file_;
};

}  // namespace prov::agent
