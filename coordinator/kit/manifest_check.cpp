#include "coordinator/kit/parts.h"

namespace prov::kit {
namespace {

void check_identity(const Subject& subject, ReadManifest& read) {
  const workspace::Manifest& manifest = *read.manifest;
  const std::string said = subject.folder.substr(subject.folder.rfind('/') + 1);
  const auto refuse = [&](const char* key, const std::string& message) {
    read.findings.push_back({Severity::error, read.file, read.tree.find(key)->place, message, "rename one of them"});
  };
  if (manifest.name != subject.name) {
    refuse("name", "it says \"" + manifest.name + "\", its folder \"" + said + "\"");
  } else if (manifest.kind != subject.kind) {
    refuse("kind", std::string("it says ") + workspace::name_of(manifest.kind) + ", its folder " +
                       workspace::name_of(subject.kind));
  } else if (said != subject.name && said != subject.name + "@" + manifest.version) {
    refuse("version", "it says " + manifest.version + ", its folder \"" + said + "\"");
  }
}

}  // namespace

ReadManifest read_manifest(const Subject& subject) {
  ReadManifest read{subject.folder + "/manifest.yaml", {}, {}, {}};
  auto tree = workspace::load_yaml(read.file);
  if (!tree) {
    read.findings = workspace::findings_of(tree.error(), read.file);
    return read;
  }
  read.tree = std::move(*tree);
  auto manifest = workspace::parse_manifest(read.tree, read.file);
  if (!manifest) {
    read.findings = workspace::findings_of(manifest.error(), read.file);
    return read;
  }
  read.manifest = std::move(*manifest);
  check_identity(subject, read);
  return read;
}

}  // namespace prov::kit
