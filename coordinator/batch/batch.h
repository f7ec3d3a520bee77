#pragma once
// A batch file (docs/formats/batch.md), read strictly. What comes out is flat: loops and nested batches are unrolled,
// `{{item}}` and its like are replaced, every dependency names an operation that stands before, and every expression
// has been read once. Nothing is looked up in an infra yet: resolve.h does that.
//
//   load_batch ─► file (a file's head) ─► unroll ─► operation (one operation's keys)
//                                            └────► names, graph (what refers to what)
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/result.h"
#include "coordinator/batch/vocabulary.h"

namespace prov::batch {

inline constexpr std::size_t kMaxBatchBytes = 16 << 20;      // of a file
inline constexpr std::size_t kMaxBatchNodes = 4'000'000;     // of a file
inline constexpr std::size_t kMaxOperations = 200'000;       // unrolled
inline constexpr std::size_t kMaxUnrolledBytes = 64 << 20;   // of texts that loops and nested batches multiply
inline constexpr std::size_t kMaxLoopItems = 10'000;         // of one for_each
inline constexpr std::size_t kMaxBatchDepth = 8;             // batches within batches
inline constexpr std::size_t kMaxBatchDependencies = 1'000;  // of one operation, as written
inline constexpr std::uint32_t kMaxParallel = 100'000;
inline constexpr std::uint32_t kMaxRetries = 100;
inline constexpr std::uint32_t kMaxStepS = 86'400;      // a step's time limit
inline constexpr std::uint32_t kMaxWaitS = 7 * 86'400;  // of waits and approvals

enum class OperationKind {
  server_create,
  server_delete,
  taskserv_create,
  taskserv_delete,
  taskserv_check,
  cluster_create,
  cluster_delete,
  script,
  wait,
  approval,
  batch,  // of the result: where the operations of a loop or of a nested batch come together
};
inline bool is_taskserv(OperationKind kind) {
  using Kind = OperationKind;
  return kind == Kind::taskserv_create || kind == Kind::taskserv_delete || kind == Kind::taskserv_check;
}
const char* name_of(OperationKind kind);  // as the file writes it

enum class OnFailure { fail, go_on, rollback };
const char* name_of(OnFailure policy);  // "fail", "continue", "rollback"

struct OperationDependency {
  std::string id;
  bool hard = true;
  bool operator==(const OperationDependency&) const = default;
};

struct Retry {
  std::uint32_t count = 0;     // more attempts after a failure
  std::uint32_t delay_ms = 0;  // 0: the platform's own
  std::uint32_t max_delay_ms = 300'000;
  bool exponential = true;
  std::uint32_t jitter_percent = 0;
};

struct RollingUpdate {
  std::string batch;  // "10", "20%"; empty: all at once
  std::uint32_t canary = 0, pause_s = 0;
  bool health_check = false;
};

// What is sent as it is written. Expressions are texts; sizes are "5" or "10%".
struct OperationSettings {
  std::string id;
  OperationKind kind = OperationKind::script;
  std::vector<OperationDependency> dependencies;
  std::string when, targets, limit;
  std::uint64_t seed = 0;
  std::string for_each_targets;
  RollingUpdate rolling;
  Retry retry;
  std::uint32_t timeout_s = 0;  // 0: the kind's own
  std::int32_t priority = 0;
  OnFailure on_failure = OnFailure::fail;
  std::string max_failures;  // empty: none is tolerated, and none stops the others
  std::string concurrency_group;
  std::uint32_t group_limit = 0;
  std::string checkpoint;
  std::vector<std::string> outputs;
  std::uint32_t wait_s = 0;
  std::string until, prompt;
};

// A program with its arguments, or a script file with its.
struct ScriptSource {
  std::vector<std::string> argv;
  std::string script;  // path as written, from the folder of the file it stands in; empty: argv begins with the program
  Place place;
};

struct BatchOperation : OperationSettings {
  std::string provider;              // only hosts of that provider; empty: any
  std::vector<std::string> servers;  // server_*: names and globs; empty: all of the infra
  std::vector<TaskservUse> taskservs;
  Params params;  // overrides, for each of the task services that has a parameter of that name
  std::string cluster;
  ScriptSource run, undo;
  std::string stdin_data;
  Pairs environment;
  std::string file;  // where it stands
  Place place;
};

struct Batch {
  std::string name, version, infra;  // infra empty: the workspace's default
  std::uint32_t parallel_limit = 0;  // 0: the platform's own
  bool preserve_successful = false;
  Pairs params;
  std::vector<BatchOperation> operations;  // what must be first comes first; else in the order of the file
  std::vector<std::string> notes;          // for people: what was accepted and has no effect
};

struct BatchText {
  std::string file;  // as messages name it, and as `from` of what it names
  std::string text;
  bool toml = false;
};
// Finds the batch file that `from` names `relative`.
using LoadBatchText = std::function<Result<BatchText>(const std::string& from, const std::string& relative)>;

// `params` override those of the file; an unknown name is refused. Error (invalid): up to twenty mistakes, one a line.
Result<Batch> parse_batch(const BatchText& source, const Pairs& params, const LoadBatchText& load);

// From disk: `*.toml` is TOML, everything else YAML. Nested files must be in the workspace, whose root this is. Larger
// than kMaxBatchBytes: exhausted, before any of it is read.
Result<Batch> load_batch(const std::string& path, const std::string& workspace_root, const Pairs& params);

// The path of a file that a batch file names: from the folder of that one, links followed, within the workspace.
Result<std::string> path_in_workspace(const std::string& workspace_root, const std::string& from,
                                      const std::string& relative);

}  // namespace prov::batch
