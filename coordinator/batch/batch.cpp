#include "coordinator/batch/batch.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "common/nearest.h"
#include "coordinator/batch/file.h"
#include "coordinator/batch/graph.h"
#include "coordinator/batch/names.h"
#include "coordinator/batch/unroll.h"

namespace prov::batch {
namespace fs = std::filesystem;
namespace {

Result<void> override_params(ParamValues& values, const Pairs& given, const std::string& file) {
  std::vector<std::string> known;
  for (const auto& [name, value] : values) known.push_back(name);
  for (const auto& [name, text] : given) {
    const auto found = values.find(name);
    if (found == values.end()) {
      return fail(Code::invalid, file + " has no parameter \"" + name + "\"", did_you_mean(name, known));
    }
    Node value;
    value.kind = Node::Kind::scalar;
    value.place = found->second.place;
    value.text = text;
    found->second = value;
  }
  return {};
}

// A group's limit, and what a checkpoint is, hold for the whole batch.
void check_shared_names(const std::vector<UnrolledOperation>& operations, Problems& problems) {
  std::map<std::string, const BatchOperation*> groups, checkpoints;
  for (const auto& one : operations) {
    const BatchOperation& operation = one.operation;
    if (!operation.concurrency_group.empty()) {
      const auto [known, fresh] = groups.emplace(operation.concurrency_group, &operation);
      if (!fresh && known->second->group_limit != operation.group_limit) {
        problems.add(at(operation.file, operation.place,
                        "the group \"" + operation.concurrency_group + "\" has the limit " +
                            std::to_string(operation.group_limit) + " here and " +
                            std::to_string(known->second->group_limit) + " at \"" + known->second->id + "\"",
                        "give it one limit, in \"concurrency_groups\""));
      }
    }
    if (operation.checkpoint.empty()) continue;
    const auto [known, fresh] = checkpoints.emplace(operation.checkpoint, &operation);
    if (!fresh) {
      problems.add(at(operation.file, operation.place,
                      "the checkpoint \"" + operation.checkpoint + "\" is there twice, first at \"" +
                          known->second->id + "\" (line " + std::to_string(known->second->place.line) + ")",
                      "give one of them another name"));
    }
  }
}

bool is_toml(const std::string& path) { return fs::path(path).extension() == ".toml"; }

// How messages name a file: as it was given, or from where we are if that is shorter.
std::string shown_path(const fs::path& path) {
  std::error_code none;
  const std::string near = fs::proximate(path, none).string();
  return none || near.empty() || near.rfind("..", 0) == 0 ? path.string() : near;
}

Result<BatchText> text_of(const std::string& path, const std::string& name) {
  auto text = read_file(path, kMaxBatchBytes);
  if (!text) {
    if (text.error().code != Code::exhausted) return tl::unexpected(text.error());
    return fail(Code::invalid, text.error().message, "split the batch; nested files are one way");
  }
  return BatchText{name, std::move(*text), is_toml(path)};
}

}  // namespace

Result<Batch> parse_batch(const BatchText& source, const Pairs& params, const LoadBatchText& load) {
  auto tree = parse_batch_tree(source);
  if (!tree) return tl::unexpected(tree.error());
  Reading reading(source.file);
  BatchHead head = read_batch_head(reading, *tree, {});
  Problems problems;
  if (reading.failed()) problems.add(reading.error());
  if (auto fine = override_params(head.params, params, source.file); !fine) problems.add(fine.error());
  Unrolled unrolled = unroll(head, load, problems);
  const OperationIndex index = index_of(unrolled.operations);
  if (problems.any()) {  // what operations say of others is looked at as far as no mistake follows from another
    if (!unrolled.cut) link_dependencies(unrolled, index, problems);
    check_syntax(unrolled.operations, problems);
    return tl::unexpected(problems.error());
  }
  link_dependencies(unrolled, index, problems);
  check_shared_names(unrolled.operations, problems);
  check_names(unrolled.operations, index, problems);
  if (problems.any()) return tl::unexpected(problems.error());
  auto sorted = in_order(std::move(unrolled.operations), index);
  if (!sorted) return tl::unexpected(sorted.error());
  Batch batch{head.name, head.version, head.infra, head.parallel_limit, head.preserve_successful, {}, {}, {}};
  for (const auto& [name, value] : head.params) batch.params.emplace_back(name, param_text(value));
  batch.operations = std::move(*sorted);
  batch.notes = std::move(unrolled.notes);
  return batch;
}

Result<std::string> path_in_workspace(const std::string& workspace_root, const std::string& from,
                                      const std::string& relative) {
  if (relative.empty() || relative.find('\0') != std::string::npos || fs::path(relative).is_absolute()) {
    return fail(Code::invalid, "\"" + relative + "\" is no path from the folder of this file",
                "write it relative to " + from);
  }
  std::error_code error;
  const fs::path root = fs::canonical(workspace_root, error);
  if (error) return fail(Code::io, workspace_root + ": " + error.message());
  const fs::path path = fs::canonical(fs::absolute(from).parent_path() / relative, error);
  if (error)
    return fail(Code::not_found, "\"" + relative + "\": " + error.message(), "looked from the folder of " + from);
  if (std::mismatch(root.begin(), root.end(), path.begin(), path.end()).first != root.end()) {
    return fail(Code::invalid, "\"" + relative + "\" leads out of the workspace, to " + path.string(),
                "copy the file into the workspace");
  }
  return path.string();
}

Result<Batch> load_batch(const std::string& path, const std::string& workspace_root, const Pairs& params) {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  if (error) return fail(Code::not_found, path + ": " + error.message());
  auto text = text_of(path, shown_path(real));
  if (!text) return tl::unexpected(text.error());
  return parse_batch(*text, params, [&](const std::string& from, const std::string& relative) -> Result<BatchText> {
    auto found = path_in_workspace(workspace_root, from, relative);
    if (!found) return tl::unexpected(found.error());
    return text_of(*found, shown_path(*found));
  });
}

}  // namespace prov::batch
