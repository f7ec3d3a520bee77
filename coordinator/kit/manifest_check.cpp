#include <algorithm>

#include "coordinator/kit/parts.h"
#include "coordinator/modules/relations.h"

namespace prov::kit {
namespace {

using workspace::Node;

Node scalar(const std::string& text) {
  Node node;
  node.kind = Node::Kind::scalar;
  node.text = text;
  node.quoted = true;
  return node;
}

void put(Node& map, const Node& key, const Node& value) {
  for (std::size_t i = 0; i < map.keys.size(); ++i) {
    if (map.keys[i].text != key.text) continue;
    map.keys[i] = key;
    map.items[i] = value;
    return;
  }
  map.keys.push_back(key);
  map.items.push_back(value);
}

// A manifest that is right, of that kind, to see one key of another in.
Node right_one(const Subject& subject) {
  Node map;
  map.kind = Node::Kind::map;
  put(map, scalar("name"), scalar(subject.name));
  put(map, scalar("kind"), scalar(workspace::name_of(subject.kind)));
  put(map, scalar("version"), scalar("1.0.0"));
  return map;
}

void note_problem(const Node& tree, const std::string& file, Findings& findings) {
  const auto parsed = workspace::parse_manifest(tree, file);
  if (parsed) return;
  Finding finding = finding_of(parsed.error(), file);
  if (std::find(findings.begin(), findings.end(), finding) == findings.end()) findings.push_back(std::move(finding));
}

// Of a mapping of named things, each with nothing else beside it.
void look_at_each(const Subject& subject, const Node& key, const Node& value, const std::string& file,
                  Findings& findings) {
  for (std::size_t i = 0; i < value.keys.size(); ++i) {
    Node one = value;
    one.keys = {value.keys[i]};
    one.items = {value.items[i]};
    Node tree = right_one(subject);
    put(tree, key, one);
    note_problem(tree, file, findings);
  }
}

void look_at_key(const Subject& subject, const Node& whole, std::size_t index, const std::string& file,
                 Findings& findings) {
  const Node &key = whole.keys[index], &value = whole.items[index];
  if (key.text == "parameters" && value.kind == Node::Kind::map) {
    return look_at_each(subject, key, value, file, findings);
  }
  Node tree = right_one(subject);
  if (key.text == "profiles") {  // they speak of parameters
    if (const Node* parameters = whole.find("parameters")) put(tree, scalar("parameters"), *parameters);
  }
  put(tree, key, value);
  note_problem(tree, file, findings);
}

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
    read.findings.push_back(finding_of(tree.error(), read.file));
    return read;
  }
  read.tree = std::move(*tree);
  auto manifest = workspace::parse_manifest(read.tree, read.file);
  if (manifest) {
    read.manifest = std::move(*manifest);
    check_identity(subject, read);
    return read;
  }
  if (read.tree.kind == Node::Kind::map) {
    for (std::size_t i = 0; i < read.tree.keys.size(); ++i)
      look_at_key(subject, read.tree, i, read.file, read.findings);
  }
  note_problem(read.tree, read.file, read.findings);  // what only the whole shows: a key that is missing
  return read;
}

}  // namespace prov::kit
