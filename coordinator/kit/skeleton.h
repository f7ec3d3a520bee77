#pragma once
// A new extension that works as it is, with comments for whoever goes on from there.
#include <string>
#include <vector>

#include "common/result.h"
#include "coordinator/modules/manifest.h"

namespace prov::kit {

struct SkeletonFile {
  std::string path, text;  // below the extension's folder
  bool executable = false;
};

// REQUIRES: is_name(name)
std::vector<SkeletonFile> skeleton_of(workspace::ExtensionKind kind, const std::string& name);

// Writes them below `folder`, whole or not at all; makes its parents. Code::conflict when something is there already.
Result<void> write_skeleton(const std::string& folder, const std::vector<SkeletonFile>& files);

}  // namespace prov::kit
