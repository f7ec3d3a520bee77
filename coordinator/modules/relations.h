#pragma once
// Names of other extensions with the versions that are meant, as files write them.
//
//   [os, containerd@^1.7, {etcd: ">=3.5 <4"}]      or      {os: "*", containerd: ^1.7}
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/resolution/catalogue.h"
#include "coordinator/workspace/fields.h"

namespace prov::workspace {

// Of "key" of a mapping; empty when it is not there. Refused: what is no name, no range, or there twice.
std::vector<resolution::Relation> read_relations(Reading& reading, Fields& fields, const std::string& key);

// "os" or "containerd@^1.7". Code::invalid otherwise.
Result<resolution::Relation> parse_relation(std::string_view text);

std::string to_text(const resolution::Relation& relation);  // "containerd ^1.7", "os"
std::vector<std::string> names_of(const std::vector<resolution::Relation>& relations);

}  // namespace prov::workspace
