#pragma once
// What a host says of itself in files: its packages, users and groups; and how two such states differ. Pure.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace prov::agent {

using Entries = std::map<std::string, std::string>;  // name -> what is compared

// Of dpkg's status file: name (with its architecture where it is not the usual one) -> version, with the state when
// it is not "installed". Removed packages are not in it, whatever configuration they left.
Entries parse_dpkg_status(std::string_view text, const std::string& usual_architecture);
std::string architecture_of_dpkg(std::string_view status);  // of the package dpkg itself

Entries parse_accounts(std::string_view text);  // /etc/passwd or /etc/group: name -> the rest of its line

enum class Change { added, changed, removed };
struct NameChange {
  Change change = Change::added;
  std::string name, from, to;
  bool operator==(const NameChange&) const = default;
};
std::vector<NameChange> changes_between(const Entries& before, const Entries& after);  // by name

}  // namespace prov::agent
