#include "coordinator/batch/names.h"

#include <algorithm>

#include "common/nearest.h"
#include "coordinator/expression/condition_rewrite.h"
#include "coordinator/expression/facts.h"
#include "coordinator/expression/targets.h"
#include "coordinator/workspace/placeholder.h"

namespace prov::batch {
namespace {

using expression::Name;
using expression::Replacement;
using expression::Value;
using Parts = std::vector<std::string>;

constexpr std::string_view kItem = "{{item}}";  // of a loop over hosts, which the coordinator goes round

// How an operation is tied to one that it reads.
enum class Tie {
  dependency,  // it goes after it
  order,       // it only stands behind it
  none,
};

Value value_of_scalar(const Node& node) {
  if (node.kind == Node::Kind::null) return {};
  if (!node.quoted && (node.text == "true" || node.text == "false")) return Value(node.text == "true");
  return Value(node.text);  // a text that reads as a number is compared as one
}

Result<Value> literal_of(const Node& node, const std::string& name) {
  if (node.kind == Node::Kind::map) {
    return fail(Code::invalid, "\"" + name + "\" is a mapping", "name one of its keys");
  }
  if (node.kind != Node::Kind::list) return value_of_scalar(node);
  Value::List list;
  for (const auto& item : node.items) list.push_back(value_of_scalar(item));
  return Value(std::move(list));
}

// Reading's error without a place: whoever asks knows it better.
Error without_place(const Reading& reading) {
  Error error = reading.error();
  error.message.erase(0, error.message.find(": ") + 2);
  return error;
}

std::string without_item(std::string text) {  // any host's name in its place
  for (std::size_t i = text.find(kItem); i != std::string::npos; i = text.find(kItem, i)) {
    text.replace(i, kItem.size(), "item");
  }
  return text;
}

class NameChecker {
 public:
  NameChecker(std::vector<UnrolledOperation>& operations, const OperationIndex& index, Problems& problems)
      : operations_(operations), index_(index), problems_(problems) {}

  void check(UnrolledOperation& one) {
    BatchOperation& operation = one.operation;
    std::vector<std::string> conditions;
    for (const auto& written : one.when) conditions.push_back(condition(one, written, Tie::dependency));
    operation.when = all_of(one.when, conditions);
    if (!one.until.text.empty()) operation.until = condition(one, one.until, Tie::order);
    check_targets(operation.file, one.targets, operation.targets);
    check_targets(operation.file, one.for_each, operation.for_each_targets);
    for (auto& text : operation.run.argv) step(one, text, operation.run.place, Tie::dependency);
    for (auto& [name, text] : operation.environment) step(one, text, operation.place, Tie::dependency);
    for (auto& text : operation.undo.argv) step(one, text, operation.undo.place, Tie::none);
    check_undo(operation);
    one.when = {};
    one.until = {};
  }

 private:
  // ---- conditions

  std::string all_of(const std::vector<ScopedText>& written, const std::vector<std::string>& conditions) {
    if (conditions.size() < 2) return conditions.empty() ? std::string() : conditions.front();
    std::string all;
    for (const auto& text : conditions) {
      if (text.empty()) return {};  // told already
      all += (all.empty() ? "(" : " and (") + text + ")";
    }
    auto parsed = expression::Condition::parse(all);
    if (parsed) return parsed->text();
    refuse(written.back(),
           {Code::invalid, "together with the conditions of the batches around it: " + parsed.error().message,
            parsed.error().hint});
    return {};
  }

  std::string condition(UnrolledOperation& one, const ScopedText& written, Tie tie) {
    auto text = expression::rewrite_condition(written.text,
                                              [&](const Name& name) { return replacement(one, written, name, tie); });
    if (!text) {
      refuse(written, text.error());
      return {};
    }
    const std::string rest = written.scope->over_targets ? without_item(*text) : *text;
    if (rest.find("{{") != std::string::npos) {
      refuse(written, {Code::invalid, "in a condition a name stands without braces and quotes",
                       "write item.size > 3, not \"{{item.size}}\" > 3"});
      return {};
    }
    return std::move(*text);
  }

  void refuse(const ScopedText& written, const Error& error) {
    problems_.add(at(written.site->file, written.place, error.message, error.hint));
  }

  Result<Replacement> replacement(UnrolledOperation& one, const ScopedText& written, const Name& name, Tie tie) {
    const Scope& scope = *written.scope;
    const std::string& root = name.parts.front();
    if (root == "item" && scope.over_targets && name.parts.size() == 1) return Value(std::string(kItem));
    Reading reading("-");
    if (root == "item" || root == "key" || root == "params") {
      const Node* value = value_of(reading, {}, name.parts, scope);
      if (value == nullptr) return tl::unexpected(without_place(reading));
      if (root == "params" && scope.top_level) return name;
      return literal_of(*value, name.text()).map([](Value literal) { return Replacement(std::move(literal)); });
    }
    Name out = name;
    for (auto& part : out.parts) part = expanded(reading, part, scope);
    if (reading.failed()) return tl::unexpected(without_place(reading));
    if (root != "outputs" && root != "result") return out;
    auto parts = with_final_id(one, *written.site, std::move(out.parts), tie);
    if (!parts) return tl::unexpected(parts.error());
    out.parts = std::move(*parts);
    return out;
  }

  // A part like "build[{{item}}]".
  static std::string expanded(Reading& reading, const std::string& part, const Scope& scope) {
    Node node;
    node.kind = Node::Kind::scalar;
    node.text = part;
    return reading.text(substituted(reading, node, scope, TextUse::setting), "a part of a name");
  }

  // ---- names of operations

  const BatchOperation* find_operation(const Site& from, const std::string& id) const {
    for (const Site* site = &from; site != nullptr; site = site->parent.get()) {
      const auto found = index_.find(site->prefix + id);
      if (found != index_.end()) return &operations_[found->second].operation;
    }
    return nullptr;
  }

  // The loop of "LOOP[KEY]", and its key.
  struct LoopAndKey {
    const BatchOperation* loop = nullptr;
    std::string key;
  };
  std::optional<LoopAndKey> loop_of(const Site& from, const std::string& id) const {
    const std::size_t bracket = id.find('[');
    if (bracket == std::string::npos || id.back() != ']') return std::nullopt;
    const BatchOperation* loop = find_operation(from, id.substr(0, bracket));
    if (loop == nullptr) return std::nullopt;
    return LoopAndKey{loop, id.substr(bracket + 1, id.size() - bracket - 2)};
  }

  std::string items_of(const BatchOperation& loop) const {
    constexpr std::size_t kShown = 8;
    std::string items;
    std::size_t count = 0;
    for (const auto& other : operations_) {
      const std::string& id = other.operation.id;
      if (!id.starts_with(loop.id + "[") || id.find("]/") != std::string::npos || ++count > kShown) continue;
      items += (items.empty() ? "" : ", ") + id.substr(loop.id.size() + 1, id.size() - loop.id.size() - 2);
    }
    return items + (count > kShown ? " and " + std::to_string(count - kShown) + " more" : "");
  }

  Error no_operation(const Site& site, const std::string& id) const {
    const auto item = loop_of(site, id);
    const std::string items = item ? items_of(*item->loop) : std::string();
    if (item && item->loop->kind == OperationKind::batch && !items.empty()) {
      return {Code::invalid, "the loop \"" + item->loop->id + "\" has no item \"" + item->key + "\"",
              "it has: " + items};
    }
    return {Code::invalid, "there is no operation \"" + id + "\"", did_you_mean(id, beside(site))};
  }

  // {"outputs", "build", "version"} with the id that "build" has in the end.
  Result<Parts> with_final_id(UnrolledOperation& one, const Site& site, Parts parts, Tie tie) {
    const BatchOperation* read = find_operation(site, parts[1]);
    std::string key;  // of a loop over hosts: which they are, the coordinator knows
    if (auto item = loop_of(site, parts[1]); read == nullptr && item && !item->loop->for_each_targets.empty()) {
      read = item->loop;
      key = "[" + item->key + "]";
    }
    if (read == nullptr) return tl::unexpected(no_operation(site, parts[1]));
    if (parts[0] == "outputs") {
      const auto& outputs = read->outputs;
      if (std::find(outputs.begin(), outputs.end(), parts[2]) == outputs.end()) {
        return fail(Code::invalid, "operation \"" + parts[1] + "\" declares no output \"" + parts[2] + "\"",
                    output_hint(*read, parts[2]));
      }
    }
    if (tie != Tie::none && read == &one.operation) {
      return fail(Code::invalid, "an operation cannot read its own result before it has run");
    }
    if (tie == Tie::dependency) add_soft_dependency(one.operation, read->id);
    if (tie == Tie::order) one.reads_later.push_back(read->id);
    parts[1] = read->id + key;
    return parts;
  }

  static std::string output_hint(const BatchOperation& read, const std::string& name) {
    if (read.kind == OperationKind::batch && read.outputs.empty()) {
      return "\"" + read.id +
             "\" stands for several; name one of them that declares it, or declare it in the loop: " + "outputs: [" +
             name + "]";
    }
    return read.outputs.empty() ? "add \"outputs: [" + name + "]\" to it" : did_you_mean(name, read.outputs);
  }

  Parts beside(const Site& site) const {
    constexpr std::size_t kMost = 2'000;
    Parts known;
    for (const auto& other : operations_) {
      if (other.site->prefix != site.prefix || known.size() >= kMost) continue;
      known.push_back(other.operation.id.substr(site.prefix.size()));
    }
    return known;
  }

  // ---- expressions over hosts

  void check_targets(const std::string& file, Place place, std::string& text) {
    if (text.empty()) return;
    for (char& c : text) c = c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
    if (auto parsed = expression::Targets::parse(without_item(text)); !parsed) {
      problems_.add(at(file, place, parsed.error().message, parsed.error().hint));
    }
  }

  // ---- placeholders that the coordinator replaces when a step goes out

  void step(UnrolledOperation& one, std::string& text, Place place, Tie tie) {
    std::string out;
    std::size_t from = 0;
    while (auto found = next_placeholder(text, from)) {
      auto parts = step_parts(one, found->parts, tie);
      if (!parts) {
        problems_.add(at(one.operation.file, place, placeholder_text(found->parts) + ": " + parts.error().message,
                         parts.error().hint));
        return;
      }
      out.append(text, from, found->begin - from);
      out += placeholder_text(*parts);
      from = found->end;
    }
    if (from > 0) text = out + text.substr(from);
  }

  // A step is undone by a workflow of its own, in which nobody has said anything.
  void check_undo(const BatchOperation& operation) {
    if (operation.undo.argv.empty() && operation.undo.script.empty()) return;
    for (const auto& text : operation.undo.argv) check_undo_text(operation, text, operation.undo.place);
    for (const auto& [name, text] : operation.environment) check_undo_text(operation, text, operation.place);
  }

  void check_undo_text(const BatchOperation& operation, const std::string& text, Place place) {
    for (auto found = next_placeholder(text, 0); found; found = next_placeholder(text, found->end)) {
      if (found->parts.front() != "outputs" && found->parts.front() != "result") continue;
      problems_.add(
          at(operation.file, place, placeholder_text(found->parts) + " is not known any more when the step is undone",
             "let the step write it down on its host, for the undo to read there; or use args instead of env"));
      return;
    }
  }

  // outputs.OPERATION.NAME or outputs.LOOP["KEY"].NAME; of a result without the name.
  Result<Parts> said_parts(UnrolledOperation& one, Parts parts, Tie tie) {
    const std::size_t plain = parts.front() == "outputs" ? 3 : 2;
    if (parts.size() == plain + 1) {
      parts[1] += "[" + parts[2] + "]";
      parts.erase(parts.begin() + 2);
    }
    if (parts.size() == plain) return with_final_id(one, *one.site, std::move(parts), tie);
    return fail(Code::invalid, plain == 3 ? "an output is named outputs.OPERATION.NAME, or outputs.LOOP[\"KEY\"].NAME"
                                          : "a result is named result.OPERATION, or result.LOOP[\"KEY\"]");
  }

  Result<Parts> step_parts(UnrolledOperation& one, const Parts& parts, Tie tie) {
    const std::string& root = parts.front();
    if (root == "outputs" || root == "result") return said_parts(one, parts, tie);
    if (root == "facts" && parts.size() != 3) return fail(Code::invalid, "a fact is named facts.HOST.KEY");
    if (root == "facts" && !expression::is_fact(parts[2])) {
      return fail(Code::invalid, "there is no fact \"" + parts[2] + "\"",
                  did_you_mean(parts[2], expression::fact_names()));
    }
    if (root != "host") return parts;
    Parts known{"name", "infra"};
    known.insert(known.end(), expression::fact_names().begin(), expression::fact_names().end());
    if (parts.size() == 2 && std::find(known.begin(), known.end(), parts[1]) != known.end()) return parts;
    return fail(Code::invalid, "of the host there is no such thing",
                parts.size() == 2 ? did_you_mean(parts[1], known) : "write host.name");
  }

  std::vector<UnrolledOperation>& operations_;
  const OperationIndex& index_;
  Problems& problems_;
};

}  // namespace

void check_syntax(const std::vector<UnrolledOperation>& operations, Problems& problems) {
  const auto look = [&](const ScopedText& written) {
    if (written.text.empty() || problems.full()) return;
    const auto text = expression::rewrite_condition(written.text, [](const Name& name) { return Replacement(name); });
    if (text) return;
    problems.add(at(written.site->file, written.place, text.error().message, text.error().hint));
  };
  for (const auto& one : operations) {
    for (const auto& written : one.when) look(written);
    look(one.until);
  }
}

void check_names(std::vector<UnrolledOperation>& operations, const OperationIndex& index, Problems& problems) {
  NameChecker checker(operations, index, problems);
  for (auto& one : operations) {
    if (problems.full()) return;
    checker.check(one);
  }
}

}  // namespace prov::batch
