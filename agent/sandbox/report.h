#pragma once
// What a rehearsal says at its end: the difference that it made, for programs (one line of JSON, see
// docs/guides/extension-contract.md, "Rehearsal") and for people (counts). Pure, and bounded however much was changed.
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "agent/sandbox/host_records.h"

namespace prov::agent {

inline constexpr std::size_t kMaxListedFiles = 1000;
inline constexpr std::size_t kMaxListedNames = 500;      // packages, users, groups, units, services, each
inline constexpr std::size_t kMaxListBytes = 256 << 10;  // of one list in JSON
inline constexpr const char* kRehearsalMark = "prov-rehearsal ";

struct FileChange {
  Change change = Change::added;
  std::string path;
  char kind = 'f';  // f file, d folder, l link, p fifo, s socket, c and b devices: as it is, or was when removed
  std::uint32_t mode = 0, user = 0, group = 0;
  std::uint64_t size = 0;  // of a file, in bytes
  bool operator==(const FileChange&) const = default;
};

struct Counts {
  std::array<std::uint64_t, 3> of{};  // by Change
  std::uint64_t total() const { return of[0] + of[1] + of[2]; }
};

// Takes any number of changes, counts them all, and keeps those that say most: what lies where packages put their
// files goes first when there are too many.
class FileChanges {
 public:
  void add(FileChange change);
  std::vector<FileChange> listed() const;  // by path
  const Counts& counts() const { return counts_; }
  const std::vector<NameChange>& units() const { return units_; }  // those in folders of systemd, at most so many

 private:
  std::vector<FileChange> telling_, usual_;
  std::vector<NameChange> units_;
  Counts counts_;
};

struct RehearsalReport {
  FileChanges files;
  std::vector<NameChange> packages, users, groups, services;
  std::vector<std::string> incomplete;  // parts of the host that were not rehearsed, and why
};

std::string to_json(const RehearsalReport& report);  // one line, without its end
std::string summary_of(const RehearsalReport& report);

}  // namespace prov::agent
