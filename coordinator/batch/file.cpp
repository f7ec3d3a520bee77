#include "coordinator/batch/file.h"

#include <algorithm>

#include "common/nearest.h"
#include "coordinator/workspace/toml_tree.h"

namespace prov::batch {
namespace {

constexpr std::size_t kMaxParams = 256;
constexpr std::size_t kMaxTitle = 128;

std::string read_title(Reading& reading, Fields& fields, const char* key, bool needed) {
  std::string text = needed ? fields.need_text(key) : fields.text(key);
  const bool plain = std::none_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; });
  if (text.size() > kMaxTitle || !plain || (needed && text.empty())) {
    reading.refuse(fields.place(key), "\"" + std::string(key) + "\" must be a line of 1 to 128 bytes");
  }
  return text;
}

void read_storage(Reading& reading, Fields& fields, BatchHead& head) {
  const std::string backend = fields.text("storage_backend");
  if (backend.empty()) return;
  if (backend != "filesystem" && backend != "surrealdb") {
    reading.refuse(fields.place("storage_backend"), "\"storage_backend\" cannot be \"" + backend + "\"",
                   did_you_mean(backend, {"filesystem", "surrealdb"}));
  }
  head.notes.push_back(reading.file() + ": \"storage_backend\" has no effect: every batch is kept in the event log");
}

OperationDefaults with_rollback(const OperationDefaults& around, const Node* given, bool enabled) {
  OperationDefaults out = around;
  if (given != nullptr) out.on_failure = enabled ? OnFailure::rollback : OnFailure::fail;
  return out;
}

void read_param(Reading& reading, const Node& name, const Node& value, ParamValues& out) {
  if (!is_parameter_name(name.text)) {
    reading.refuse(name.place, "\"" + name.text + "\" cannot name a parameter",
                   "lower-case letters, digits and \"_\", beginning with a letter");
  }
  const bool list = value.kind == Node::Kind::list;
  const bool fine = value.kind == Node::Kind::scalar ||
                    (list && std::all_of(value.items.begin(), value.items.end(),
                                         [](const Node& item) { return item.kind == Node::Kind::scalar; }));
  if (!fine) {
    reading.refuse(value.place, "the parameter \"" + name.text + "\" must be a single value or a list of such, it is " +
                                    name_of(value.kind));
  }
  out[name.text] = value;
}

}  // namespace

Result<Node> parse_batch_tree(const BatchText& source) {
  const TreeLimits limits{kMaxBatchBytes, kMaxBatchNodes};
  return source.toml ? parse_toml(source.text, source.file, limits) : parse_yaml(source.text, source.file, limits);
}

ParamValues read_param_values(Reading& reading, const Node* node) {
  ParamValues out;
  if (node == nullptr) return out;
  if (node->kind != Node::Kind::map || node->keys.size() > kMaxParams) {
    reading.refuse(node->place, "\"params\" must be a mapping (name: value) of at most 256");
    return out;
  }
  for (std::size_t i = 0; i < node->keys.size(); ++i) read_param(reading, node->keys[i], node->items[i], out);
  return out;
}

std::string param_text(const Node& value) {
  if (value.kind != Node::Kind::list) return value.text;
  std::string out;
  for (const auto& item : value.items) out += (out.empty() ? "" : " ") + item.text;
  return out;
}

BatchHead read_batch_head(Reading& reading, const Node& tree, const OperationDefaults& around) {
  Fields outer(reading, tree, "the file");
  const Node& batch = outer.need("batch_workflow");
  outer.end();
  BatchHead head;
  Fields fields(reading, batch, "\"batch_workflow\"");
  head.name = read_title(reading, fields, "name", true);
  head.version = read_title(reading, fields, "version", false);
  head.infra = fields.text("infra");
  if (!head.infra.empty() && !is_name(head.infra)) {
    reading.refuse(fields.place("infra"), "\"infra\" cannot be \"" + head.infra + "\"", std::string(kNameRule));
  }
  read_storage(reading, fields, head);
  head.parallel_limit = static_cast<std::uint32_t>(fields.integer("parallel_limit", 0, 1, kMaxParallel));
  head.preserve_successful = fields.boolean("preserve_successful", false);
  const Node* rollback = fields.find("rollback_enabled");
  const bool enabled = fields.boolean("rollback_enabled", false);
  head.settings.file = reading.file();
  head.settings.defaults = read_defaults(reading, fields.find("defaults"), with_rollback(around, rollback, enabled));
  head.settings.groups = read_groups(reading, fields.find("concurrency_groups"));
  head.params = read_param_values(reading, fields.find("params"));
  head.operations = &fields.need("operations");
  fields.end();
  return head;
}

}  // namespace prov::batch
