#pragma once
// The parts of check_extensions (check.h), each about one thing.
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/kit/check.h"

namespace prov::kit {

struct ReadManifest {
  std::string file;
  workspace::Node tree;                         // a mapping; empty when the file is no YAML
  std::optional<workspace::Manifest> manifest;  // without one, `findings` say why
  Findings findings;
};
ReadManifest read_manifest(const Subject& subject);

// The text files of an extension that something can be mentioned in.
struct TextFile {
  std::string name, path;  // "scripts/install", and where it stands
  std::string text;
  bool executable = false;
};
Result<std::vector<TextFile>> text_files(const Subject& subject);  // below scripts/ and templates/, by name

// Presence, bits and first lines; then the syntax, by the interpreters that are there, and shellcheck. A tool that is
// missing goes into `missing`.
Findings check_scripts(const Subject& subject, const workspace::Manifest* manifest, const std::vector<TextFile>& files,
                       const std::string& search_path, std::set<std::string>& missing);

Findings check_templates(const workspace::Manifest& manifest, const std::vector<TextFile>& files);

// Each parameter described in the manifest, named in docs/README.md, and mentioned by a script or a template.
Findings check_parameters(const Subject& subject, const ReadManifest& read, const std::vector<TextFile>& files);

// Of many extensions, so that each manifest is read once.
class RelationChecker {
 public:
  explicit RelationChecker(const workspace::ExtensionFinder& finder);
  // Manifests that need not be read again. An overlay changes no relation, so they are right as they stand. A name is
  // passed over unless every version of it is there and right.
  void remember(const std::vector<Subject>& subjects, const std::vector<ReadManifest>& manifests);
  Findings check(const ReadManifest& read);  // REQUIRES: read.manifest

 private:
  using Versions = Result<std::vector<workspace::Extension>>;
  const Versions& versions(workspace::ExtensionKind kind, const std::string& name);
  void check_required(const ReadManifest& read, Findings& findings);
  void check_spelling(const ReadManifest& read, const char* key, const std::vector<workspace::Relation>& relations,
                      Findings& findings);
  void check_circle(const ReadManifest& read, Findings& findings);
  void check_solution(const ReadManifest& read, Findings& findings);

  const workspace::ExtensionFinder& finder_;
  std::map<std::pair<workspace::ExtensionKind, std::string>, Versions> known_;
};

}  // namespace prov::kit
