#pragma once
// Everything that can be said of an extension without a host, in one pass.
//
//   static          manifest, scripts (bits, first lines, syntax), templates, parameters, docs
//   dependencies    whether what it requires can be had together, circles, names that nobody has
//   all             both
#include <string>
#include <vector>

#include "coordinator/modules/extension.h"
#include "coordinator/workspace/finding.h"

namespace prov::kit {

using workspace::Finding;
using workspace::Findings;
using workspace::Severity;

enum class Level { only_static, dependencies, all };
Result<Level> level_named(const std::string& word);

struct Subject {
  workspace::ExtensionKind kind = workspace::ExtensionKind::taskserv;
  std::string name;
  std::string folder;  // with a manifest.yaml
};

struct Checked {
  Subject subject;
  std::string version;  // empty: its manifest cannot be read
  Findings findings;    // by file and place
};

struct Report {
  std::vector<Checked> items;
  std::vector<std::string> notes;  // what was not looked at, and why
  std::size_t count(Severity severity) const;
};

// Every version of the extension in the nearest layer that has it, sorted; also one whose manifest is broken.
// Code::not_found when no layer has it.
Result<std::vector<Subject>> subjects_named(const workspace::ExtensionFinder& finder, workspace::ExtensionKind kind,
                                            const std::string& name);

// Every extension of that kind, in the nearest layer that has it; by name, then by folder.
std::vector<Subject> all_subjects(const workspace::ExtensionFinder& finder, workspace::ExtensionKind kind);

// Starts programs found on `search_path` (as PATH has it): the shells and python3 to read scripts, shellcheck.
Report check_extensions(const workspace::ExtensionFinder& finder, const std::vector<Subject>& subjects, Level level,
                        const std::string& search_path);

}  // namespace prov::kit
