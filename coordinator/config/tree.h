#pragma once
// The layers laid over each other: for every key all that was said about it, with where it was said. Pure; the files
// are read in load.h.
#include <map>
#include <string>
#include <vector>

#include "coordinator/config/value.h"
#include "coordinator/workspace/problems.h"

namespace prov::config {

struct Origin {
  Layer layer = Layer::defaults;
  std::string source;      // a file's path, a variable's name, "--set"; "built in"
  workspace::Place place;  // in a file: where the key stands

  bool operator==(const Origin& other) const;
};
std::string text_of(const Origin& origin);  // "/w/config/provisioning.yaml:3:5", "PROVISIONING_LINK_PORT", "--set"

struct Claim {
  Value value;
  Origin origin;
  workspace::Place value_place;  // in a file

  bool operator==(const Claim& other) const { return value == other.value && origin == other.origin; }
};
using Claims = std::vector<Claim>;  // weakest first, never empty: the last one wins
using Tree = std::map<std::string, Claims, std::less<>>;

// All of `weaker`, and over it all of `stronger`. Associative; an empty tree changes nothing.
Tree merge(Tree weaker, const Tree& stronger);

// What the table of keys says.
Tree built_in();

// A file's tree of values as claims of a layer. Unknown keys, wrong types and keys that may not stand in that layer are
// added to `problems`, each with its place and the nearest known key.
Tree read_tree(const workspace::Node& root, const std::string& file, Layer layer, workspace::Problems& problems);

// The environment: pairs of name and value, all that begin with PROVISIONING_. Names of no setting are no problem, but
// those below a known section are told in `warnings`.
Tree read_variables(const std::vector<std::pair<std::string, std::string>>& variables, workspace::Problems& problems,
                    std::vector<std::string>& warnings);

struct Assignment {
  std::string key, value;
  std::string source;  // "--set", "--endpoint"
};
Tree read_assignments(const std::vector<Assignment>& assignments, workspace::Problems& problems);

// "section.key=value" of --set.
Result<Assignment> parse_assignment(const std::string& text);

Error unknown_key(const std::string& key);  // with the nearest known one

}  // namespace prov::config
