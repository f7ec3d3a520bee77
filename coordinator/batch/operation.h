#pragma once
// One operation of a batch file: its keys, one by one. The keys that make several operations out of one ("for_each",
// "operations", "file") are unroll.h's.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/batch/batch.h"

namespace prov::batch {

// What an operation has unless it says otherwise.
struct OperationDefaults {
  std::optional<Retry> retry;
  std::optional<OnFailure> on_failure;
  std::optional<std::uint32_t> timeout_s;
  std::optional<std::int32_t> priority;
};

struct FileSettings {
  std::string file;
  OperationDefaults defaults;
  std::map<std::string, std::uint32_t> groups;  // "concurrency_groups": name and limit
};

struct WrittenDependency {
  std::string id;
  bool hard = true;
  Place place;
};

struct WrittenOperation {
  BatchOperation operation;  // without dependencies
  std::vector<WrittenDependency> dependencies;
  Place when, until, targets;
};

// REQUIRES: placeholders are replaced. Its mistakes stand in `reading`.
WrittenOperation read_operation(Reading& reading, const Node& node, const FileSettings& settings);

// `node` may be null: then what is around holds.
OperationDefaults read_defaults(Reading& reading, const Node* node, const OperationDefaults& around);
std::map<std::string, std::uint32_t> read_groups(Reading& reading, const Node* node);
std::vector<WrittenDependency> read_dependencies(Reading& reading, const Node* node);

// The id as it is written: letters, digits, ".", "_" and "-", at most 64.
std::string read_id(Reading& reading, Fields& fields);
bool is_word(std::string_view text);

// A foreign word for one of our keys: "depends_on", "hosts", "loop" ...
void refuse_foreign_keys(Reading& reading, const Node& node);

}  // namespace prov::batch
