#pragma once
// What was done to a file system, read from the upper folder of the overlay that kept it. A file that was written
// anew with what it had, or only touched, is no difference.
#include <string>

#include "agent/sandbox/report.h"
#include "common/io/posix/files.h"

namespace prov::agent {

struct Layer {
  std::string point;     // where it is, "/" or "/var"
  io::Fd before, upper;  // the folder as it was, without what is mounted beneath; and what overlayfs wrote
};
// `report` also learns what could not be read.
void add_difference(const Layer& layer, RehearsalReport& report);

struct CopiedFile {  // a single file that is mounted of its own
  std::string path;
  io::Fd before, after;
};
void add_difference(const CopiedFile& file, RehearsalReport& report);

}  // namespace prov::agent
