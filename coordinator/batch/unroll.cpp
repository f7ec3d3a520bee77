#include "coordinator/batch/unroll.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "common/nearest.h"
#include "coordinator/batch/loop.h"
#include "coordinator/batch/values.h"

namespace prov::batch {
namespace {

// What an operation inherits from the list it stands in.
struct Around {
  std::shared_ptr<const Site> site;
  std::shared_ptr<const FileSettings> settings;
  Scope scope;
  std::vector<NamedDependency> dependencies;  // of the batch around it
  std::vector<ScopedText> when;
  std::vector<std::string> files;  // that include each other, the outermost first
  std::size_t depth = 0;
};

constexpr std::size_t kMaxIdBytes = 256;  // unrolled

std::size_t bytes_of(const Node& node) {
  std::size_t bytes = node.text.size() + 16;
  for (const auto& key : node.keys) bytes += key.text.size();
  for (const auto& item : node.items) bytes += bytes_of(item);
  return bytes;
}

class Unroller {
 public:
  Unroller(const LoadBatchText& load, Problems& problems) : load_(load), problems_(problems) {}

  // The ids of the list, final, in its order.
  std::vector<std::string> list(const Node& operations, const Around& around) {
    std::vector<std::string> ids;
    if (operations.place.line == 0) return ids;  // they are not there, which was said
    if (operations.kind != Node::Kind::list || operations.items.empty()) {
      add(at(around.site->file, operations.place, "\"operations\" must be a list with at least one operation",
             "begin each with \"- id: ...\""));
      return ids;
    }
    for (const auto& operation : operations.items) {
      if (stopped()) break;
      Reading reading(around.site->file);
      one(reading, operation, around, ids);
      if (reading.failed()) add(reading.error());
    }
    return ids;
  }

  Unrolled take() {
    out_.cut = too_much_;
    if (!problems_.any()) return std::move(out_);
    for (const auto& [id, where] : claimed_) out_.left_out.insert(id);
    for (const auto& one : out_.operations) out_.left_out.erase(one.operation.id);
    return std::move(out_);
  }
  void note(std::string text) {
    if (std::find(out_.notes.begin(), out_.notes.end(), text) == out_.notes.end())
      out_.notes.push_back(std::move(text));
  }

 private:
  bool stopped() const { return too_much_ || problems_.full(); }
  void add(Error error) {
    if (!too_much_) problems_.add(std::move(error));
  }

  void one(Reading& reading, const Node& operation, const Around& around, std::vector<std::string>& ids) {
    Fields fields(reading, operation, "an operation");
    const std::string id = read_id(reading, fields);
    if (!reading.failed() && !claim(reading, around, id, operation.place)) return;
    ids.push_back(around.site->prefix + id);
    const Node* for_each = operation.find("for_each");
    if (for_each == nullptr || for_each->kind == Node::Kind::null) {
      instance(reading, operation, around, id, false);
    } else {
      loop(reading, operation, *for_each, around, id);
    }
  }

  bool claim(Reading& reading, const Around& around, const std::string& id, Place place) {
    if (around.site->prefix.size() + id.size() > kMaxIdBytes) {
      reading.refuse(place, "the id \"" + around.site->prefix + id + "\" is longer than 256 bytes",
                     "take shorter ids, or nest less deep");
      return false;
    }
    const auto [known, fresh] = claimed_.emplace(around.site->prefix + id, std::pair(around.site->file, place));
    if (fresh) return true;
    const auto& [file, first] = known->second;
    reading.refuse(place,
                   "the id \"" + id + "\" is there twice, first in " + (file == around.site->file ? "" : file + ", ") +
                       "line " + std::to_string(first.line),
                   "give one of them another id");
    return false;
  }

  void loop(Reading& reading, const Node& operation, const Node& for_each, const Around& around,
            const std::string& id) {
    const Node over = substituted(reading, for_each, around.scope, TextUse::setting);
    if (reading.failed()) return;
    if (const Node* targets = loop_over_targets(over)) {
      return over_targets(reading, operation, *targets, around, id);
    }
    std::vector<NamedDependency> instances;
    const std::vector<LoopItem> items = read_loop_items(reading, over);
    for (const auto& item : items) {
      if (reading.failed() || stopped()) return;
      Around inner = around;
      inner.scope.loop = std::make_shared<const LoopItem>(item);
      const std::string local = id + "[" + item.key.text + "]";
      if (!claim(reading, around, local, operation.place)) return;
      instance(reading, operation, inner, local, true);
      instances.push_back({around.site, {local, true, operation.place}});
    }
    if (reading.failed()) return;
    if (items.empty()) instances = dependencies_without_item(reading, operation, around);
    // What an item says, the loop has a list of.
    std::vector<std::string> outputs =
        items.empty() ? outputs_of(reading, operation) : out_.operations.back().operation.outputs;
    join(operation, around, id, std::move(instances));
    out_.operations.back().operation.outputs = std::move(outputs);
  }

  static std::vector<std::string> outputs_of(Reading& reading, const Node& operation) {
    const Node* outputs = operation.find("outputs");
    return outputs == nullptr ? std::vector<std::string>() : read_outputs(reading, *outputs);
  }

  // Of a loop over nothing: those that do not depend on the item.
  std::vector<NamedDependency> dependencies_without_item(Reading& reading, const Node& operation,
                                                         const Around& around) {
    std::vector<WrittenDependency> written = read_dependencies(reading, operation.find("dependencies"));
    written.erase(std::remove_if(written.begin(), written.end(),
                                 [](const auto& one) { return one.id.find("{{") != std::string::npos; }),
                  written.end());
    return effective(written, around);
  }

  void over_targets(Reading& reading, const Node& operation, const Node& targets, const Around& around,
                    const std::string& id) {
    Around inner = around;
    inner.scope.over_targets = true;
    inner.scope.loop = nullptr;
    const std::string expression = reading.text(targets, "\"targets\" of \"for_each\"");
    const Node* type = operation.find("type");
    if (type != nullptr && type->text == "batch") {
      reading.refuse(targets.place, "a nested batch cannot go over hosts: which they are is known only when it runs",
                     "put the for_each on the operations inside");
    }
    if (reading.failed()) return;
    instance(reading, operation, inner, id, false);
    if (reading.failed() || out_.operations.empty()) return;
    BatchOperation& made = out_.operations.back().operation;
    made.for_each_targets = expression;
    if (made.targets.empty() && takes_targets(made.kind)) made.targets = "{{item}}";
    out_.operations.back().for_each = targets.place;
  }

  static bool takes_targets(OperationKind kind) {
    return kind == OperationKind::script || kind == OperationKind::taskserv_create ||
           kind == OperationKind::taskserv_delete || kind == OperationKind::taskserv_check;
  }

  void instance(Reading& reading, const Node& operation, const Around& around, const std::string& local, bool in_loop) {
    const Node node = substituted_operation(reading, operation, around.scope);
    if (!fits(reading, node)) return;
    const Node* type = node.find("type");
    if (type != nullptr && type->kind == Node::Kind::scalar && type->text == "batch") {
      return nested(reading, operation, node, around, local, in_loop);
    }
    WrittenOperation written = read_operation(reading, node, *around.settings);
    if (written.operation.kind == OperationKind::script && written.operation.targets.empty() &&
        !around.scope.over_targets) {
      reading.refuse(operation.place, "a script runs on hosts, so it needs \"targets\"",
                     "write \"targets: all\", \"targets: web-*\" or \"targets: role:postgres\"");
    }
    UnrolledOperation made;
    made.scope = std::make_shared<const Scope>(around.scope);
    made.site = around.site;
    made.dependencies = effective(written.dependencies, around);
    made.when = when_of(written.operation.when, written.when, around, made.scope);
    made.until = {written.operation.until, written.until, made.site, made.scope};
    made.targets = written.targets;
    made.operation = std::move(written.operation);
    made.operation.id = around.site->prefix + local;
    if (in_loop) made.operation.checkpoint.clear();  // is reached when all of them have succeeded
    out_.operations.push_back(std::move(made));
  }

  bool fits(Reading& reading, const Node& node) {
    bytes_ += bytes_of(node);
    if (out_.operations.size() < kMaxOperations && bytes_ <= kMaxUnrolledBytes) return true;
    reading.refuse(node.place,
                   out_.operations.size() >= kMaxOperations
                       ? "more than " + std::to_string(kMaxOperations) + " operations when unrolled"
                       : "more than " + std::to_string(kMaxUnrolledBytes >> 20) + " MiB when unrolled",
                   "split the batch, or loop over less");
    add(reading.error());
    too_much_ = true;
    return false;
  }

  // What is around a batch holds for each operation that nothing inside it holds back.
  static std::vector<NamedDependency> effective(const std::vector<WrittenDependency>& written, const Around& around) {
    std::vector<NamedDependency> out;
    bool hard = false;
    for (const auto& one : written) {
      out.push_back({around.site, one});
      hard = hard || one.hard;
    }
    if (!hard) out.insert(out.end(), around.dependencies.begin(), around.dependencies.end());
    return out;
  }

  static std::vector<ScopedText> when_of(const std::string& own, Place place, const Around& around,
                                         const std::shared_ptr<const Scope>& scope) {
    std::vector<ScopedText> out = around.when;
    if (!own.empty()) out.push_back({own, place, around.site, scope});
    return out;
  }

  void join(const Node& operation, const Around& around, const std::string& id, std::vector<NamedDependency> needs) {
    UnrolledOperation made;
    made.site = around.site;
    made.scope = std::make_shared<const Scope>(around.scope);
    made.dependencies = std::move(needs);
    made.operation.id = around.site->prefix + id;
    made.operation.kind = OperationKind::batch;
    made.operation.on_failure = OnFailure::go_on;  // what it stands for has said it already
    made.operation.file = around.site->file;
    made.operation.place = operation.place;
    if (const Node* checkpoint = operation.find("checkpoint")) made.operation.checkpoint = checkpoint->text;
    out_.operations.push_back(std::move(made));
  }

  void nested(Reading& reading, const Node& operation, const Node& node, const Around& around, const std::string& local,
              bool in_loop) {
    Fields fields(reading, node, "a nested batch");
    fields.find("id");
    fields.find("type");
    fields.find("for_each");
    Around inner = around;
    inner.dependencies = effective(read_dependencies(reading, fields.find("dependencies")), around);
    inner.when =
        when_of(fields.text("when"), fields.place("when"), around, std::make_shared<const Scope>(around.scope));
    if (const std::string word = fields.text("checkpoint"); !word.empty() && !is_word(word)) {
      reading.refuse(fields.place("checkpoint"), "\"checkpoint\" cannot be \"" + word + "\"",
                     "letters, digits, \".\", \"_\" and \"-\", at most 64");
    }
    const Node* defaults = fields.find("defaults");
    const Node* params = fields.find("params");
    const Node* file = fields.find("file");
    const Node* operations = operation.find("operations");
    refuse_foreign_keys(reading, node);
    fields.end();
    if ((file == nullptr) == (operations == nullptr)) {
      reading.refuse(node.place, "a nested batch needs either \"operations\" or \"file\"",
                     "write \"file: other.yaml\", or the operations themselves");
      return;
    }
    if (++inner.depth >= kMaxBatchDepth) {
      reading.refuse(node.place, "batches are nested more than " + std::to_string(kMaxBatchDepth) + " deep");
      return;
    }
    const std::string prefix = around.site->prefix + local + "/";
    const std::vector<std::string> ids = file != nullptr
                                             ? included(reading, *file, params, defaults, inner, prefix)
                                             : inlined(reading, *operations, params, defaults, inner, prefix);
    if (reading.failed()) return;
    std::vector<NamedDependency> needs;
    for (const auto& id : ids) needs.push_back({top_, {id, true, node.place}});
    join(node, around, local, std::move(needs));
    if (in_loop) out_.operations.back().operation.checkpoint.clear();
  }

  std::vector<std::string> inlined(Reading& reading, const Node& operations, const Node* params, const Node* defaults,
                                   Around& inner, const std::string& prefix) {
    if (params != nullptr) {
      reading.refuse(params->place, "\"params\" goes with \"file\"", "operations written here see those around them");
    }
    auto settings = *inner.settings;
    settings.defaults = read_defaults(reading, defaults, settings.defaults);
    inner.settings = std::make_shared<const FileSettings>(std::move(settings));
    inner.site = std::make_shared<const Site>(Site{inner.site->file, prefix, inner.site});
    return list(operations, inner);
  }

  std::vector<std::string> included(Reading& reading, const Node& file, const Node* params, const Node* defaults,
                                    Around& inner, const std::string& prefix) {
    if (defaults != nullptr) reading.refuse(defaults->place, "\"defaults\" stands in the file itself");
    const std::string relative = reading.text(file, "\"file\"");
    auto tree = open(inner.files.back(), relative);
    if (!tree) {
      refuse_with(reading, file.place, tree.error());
      return {};
    }
    const std::string& name = (*tree)->first;
    if (const auto known = std::find(inner.files.begin(), inner.files.end(), name); known != inner.files.end()) {
      std::string chain;
      for (auto link = known; link != inner.files.end(); ++link) chain += *link + " includes ";
      reading.refuse(file.place, "files include each other in a circle: " + chain + name);
      return {};
    }
    Reading its_own(name);
    BatchHead head = read_batch_head(its_own, (*tree)->second, inner.settings->defaults);
    if (its_own.failed()) add(its_own.error());
    note_ignored(head);
    inner.scope = scope_of(reading, head, params);
    inner.files.push_back(name);
    inner.settings = std::make_shared<const FileSettings>(std::move(head.settings));
    inner.site = std::make_shared<const Site>(Site{name, prefix, nullptr});
    return list(*head.operations, inner);
  }

  using Tree = std::pair<const std::string, Node>;

  Result<const Tree*> open(const std::string& from, const std::string& relative) {
    auto text = load_(from, relative);
    if (!text) return tl::unexpected(text.error());
    const auto known = trees_.find(text->file);
    if (known != trees_.end()) return &*known;
    auto tree = parse_batch_tree(*text);
    if (!tree) return tl::unexpected(tree.error());
    return &*trees_.emplace(text->file, std::move(*tree)).first;
  }

  static void refuse_with(Reading& reading, Place place, const Error& error) {
    reading.refuse(place, error.message, error.hint);
  }

  // The parameters that an included file declares, with what the operation gives for them.
  static Scope scope_of(Reading& reading, const BatchHead& head, const Node* given) {
    ParamValues values = head.params;
    std::vector<std::string> known;
    for (const auto& [name, value] : values) known.push_back(name);
    for (const auto& [name, value] : read_param_values(reading, given)) {
      if (values.count(name) == 0) {
        reading.refuse(value.place, head.settings.file + " has no parameter \"" + name + "\"",
                       did_you_mean(name, known));
      }
      values[name] = value;
    }
    Scope scope;
    scope.params = std::make_shared<const ParamValues>(std::move(values));
    scope.top_level = false;
    return scope;
  }

  void note_ignored(const BatchHead& head) {
    for (const auto& text : head.notes) note(text);
    if (head.parallel_limit > 0) {
      note(head.settings.file + ": \"parallel_limit\" has no effect: the file is included by another");
    }
    if (head.preserve_successful) {
      note(head.settings.file + ": \"preserve_successful\" has no effect: the file is included by another");
    }
  }

  const LoadBatchText& load_;
  Problems& problems_;
  Unrolled out_;
  std::unordered_map<std::string, std::pair<std::string, Place>> claimed_;  // final ids
  std::map<std::string, Node> trees_;                                       // of included files, by name
  const std::shared_ptr<const Site> top_ = std::make_shared<const Site>();
  std::size_t bytes_ = 0;
  bool too_much_ = false;
};

}  // namespace

Unrolled unroll(const BatchHead& head, const LoadBatchText& load, Problems& problems) {
  Unroller unroller(load, problems);
  Around around;
  around.site = std::make_shared<const Site>(Site{head.settings.file, "", nullptr});
  around.settings = std::make_shared<const FileSettings>(head.settings);
  around.scope.params = std::make_shared<const ParamValues>(head.params);
  around.files = {head.settings.file};
  for (const auto& text : head.notes) unroller.note(text);
  unroller.list(*head.operations, around);
  return unroller.take();
}

}  // namespace prov::batch
