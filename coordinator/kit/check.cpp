#include "coordinator/kit/check.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "common/nearest.h"
#include "coordinator/kit/parts.h"
#include "coordinator/modules/bundle.h"

namespace prov::kit {
namespace fs = std::filesystem;
namespace {

void append(Findings& to, Findings more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

// That it can be packed: nothing in it leads out of it, nothing is too large.
void check_packing(const Subject& subject, Findings& findings) {
  workspace::Extension extension;
  extension.manifest.name = subject.name;
  extension.manifest.kind = subject.kind;
  extension.folder = subject.folder;
  extension.layer = "this";
  const auto packed = workspace::list_packed_files(extension);
  if (!packed) append(findings, workspace::findings_of(packed.error(), subject.folder));
}

void check_statically(const Subject& subject, const ReadManifest& read, const std::string& search_path,
                      std::set<std::string>& missing, Findings& findings) {
  check_packing(subject, findings);
  const auto files = text_files(subject);
  if (!files) {
    return append(findings, workspace::findings_of(files.error(), subject.folder));
  }
  const workspace::Manifest* manifest = read.manifest ? &*read.manifest : nullptr;
  append(findings, check_scripts(subject, manifest, *files, search_path, missing));
  if (manifest == nullptr) return;
  append(findings, check_templates(*manifest, *files));
  append(findings, check_parameters(subject, read, *files));
}

}  // namespace

Result<Level> level_named(const std::string& word) {
  if (word == "static") return Level::only_static;
  if (word == "dependencies") return Level::dependencies;
  if (word == "all") return Level::all;
  return fail(Code::invalid, "there is no level \"" + word + "\"",
              did_you_mean(word, {"static", "dependencies", "all"}));
}

std::size_t Report::count(Severity severity) const {
  std::size_t count = 0;
  for (const auto& item : items) {
    for (const auto& finding : item.findings) count += finding.severity == severity ? 1 : 0;
  }
  return count;
}

std::vector<Subject> all_subjects(const workspace::ExtensionFinder& finder, workspace::ExtensionKind kind) {
  std::map<std::string, std::vector<Subject>> by_name;
  for (const auto& layer : finder.layers()) {
    std::map<std::string, std::vector<Subject>> here;
    std::error_code none;
    fs::directory_iterator folder(layer.folder + "/" + workspace::name_of(kind) + "s", none), end;
    for (; !none && folder != end; folder.increment(none)) {
      const std::string whole = folder->path().filename().string();
      const std::string name = whole.substr(0, whole.find('@'));
      std::error_code ignored;
      if (!workspace::is_name(name) || !fs::exists(folder->path() / "manifest.yaml", ignored)) continue;
      here[name].push_back({kind, name, folder->path().string()});
    }
    by_name.merge(here);  // what a nearer layer has stays
  }
  std::vector<Subject> out;
  for (auto& [name, subjects] : by_name) {
    std::sort(subjects.begin(), subjects.end(), [](const auto& a, const auto& b) { return a.folder < b.folder; });
    out.insert(out.end(), subjects.begin(), subjects.end());
  }
  return out;
}

Result<std::vector<Subject>> subjects_named(const workspace::ExtensionFinder& finder, workspace::ExtensionKind kind,
                                            const std::string& name) {
  std::vector<Subject> subjects = all_subjects(finder, kind);
  std::erase_if(subjects, [&](const Subject& one) { return one.name != name; });
  if (!subjects.empty()) return subjects;
  return fail(Code::not_found, std::string("no layer has a ") + workspace::name_of(kind) + " \"" + name + "\"",
              did_you_mean(name, finder.names(kind)));
}

Report check_extensions(const workspace::ExtensionFinder& finder, const std::vector<Subject>& subjects, Level level,
                        const std::string& search_path) {
  Report report;
  std::set<std::string> missing;
  RelationChecker relations(finder);
  std::vector<ReadManifest> manifests;
  for (const auto& subject : subjects) manifests.push_back(read_manifest(subject));
  relations.remember(subjects, manifests);
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    const Subject& subject = subjects[i];
    const ReadManifest& read = manifests[i];
    Checked checked{subject, read.manifest ? read.manifest->version : "", read.findings};
    if (level != Level::dependencies) check_statically(subject, read, search_path, missing, checked.findings);
    if (level != Level::only_static && read.manifest) append(checked.findings, relations.check(read));
    std::sort(checked.findings.begin(), checked.findings.end(), workspace::is_before);
    report.items.push_back(std::move(checked));
  }
  report.notes.assign(missing.begin(), missing.end());
  return report;
}

}  // namespace prov::kit
