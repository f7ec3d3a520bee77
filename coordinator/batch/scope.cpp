#include "coordinator/batch/scope.h"

#include <algorithm>
#include <array>

#include "common/nearest.h"
#include "coordinator/workspace/placeholder.h"

namespace prov::batch {
namespace {

const std::vector<std::string> kStatic{"item", "key", "params"};
const std::vector<std::string> kLater{"outputs", "result", "facts", "host"};  // when the step goes out

bool is_one_of(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string keys_hint(const std::string& word, const Node& map) {
  std::vector<std::string> known;
  for (const auto& key : map.keys) known.push_back(key.text);
  return did_you_mean(word, known);
}

const Node* below(Reading& reading, Place place, const std::vector<std::string>& parts, const Node* value) {
  std::vector<std::string> so_far{parts.front()};
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const Node* next = value->find(parts[i]);
    if (next == nullptr) {
      const bool is_map = value->kind == Node::Kind::map;
      reading.refuse(place,
                     "\"" + dotted(so_far) + "\" is " + name_of(value->kind) +
                         (is_map ? " without \"" + parts[i] + "\"" : ", so it has no \"" + parts[i] + "\""),
                     is_map ? keys_hint(parts[i], *value) : "");
      return nullptr;
    }
    value = next;
    so_far.push_back(parts[i]);
  }
  return value;
}

class Substitution {
 public:
  Substitution(Reading& reading, const Scope& scope, TextUse use) : reading_(reading), scope_(scope), use_(use) {}

  Node apply(const Node& node) {
    if (node.kind == Node::Kind::scalar) return of_scalar(node);
    Node out = node;
    for (auto& item : out.items) item = apply(item);
    return out;
  }

 private:
  Node of_scalar(const Node& node) {
    const auto first = next_placeholder(node.text, 0);
    if (!first || use_ == TextUse::condition) return node;
    const bool whole = first->begin == 0 && first->end == node.text.size();
    if (!whole || !is_replaced(node, *first)) return with_text(node);
    const Node* value = value_of(reading_, node.place, first->parts, scope_);
    if (value == nullptr) return node;
    Node out = *value;
    out.place = node.place;
    refuse_braces(node.place, out, first->parts);
    return out;
  }

  Node with_text(const Node& node) {
    Node out = node;
    out.text.clear();
    std::size_t from = 0;
    while (auto found = next_placeholder(node.text, from)) {
      out.text.append(node.text, from, found->begin - from);
      from = std::min(found->end, node.text.size());
      if (!is_replaced(node, *found)) {
        out.text.append(node.text, found->begin, from - found->begin);
      } else if (const Node* value = value_of(reading_, node.place, found->parts, scope_)) {
        put(out, *value, *found);
      }
      if (out.text.size() > kMaxTreeScalar) return node;  // which was said
    }
    out.text.append(node.text, from);
    return out;
  }

  void put(Node& out, const Node& value, const Placeholder& found) {
    if (value.kind != Node::Kind::scalar) {
      reading_.refuse(out.place, "\"" + dotted(found.parts) + "\" is " + name_of(value.kind) +
                                     ", which cannot stand within a text");
    }
    refuse_braces(out.place, value, found.parts);
    out.text += value.text;
    if (out.text.size() > kMaxTreeScalar) reading_.refuse(out.place, "this text is longer than 64 KiB when replaced");
  }

  // Whether the client puts a value there. Refuses what nobody will.
  bool is_replaced(const Node& node, const Placeholder& found) {
    if (found.parts.empty()) return refuse_no_name(node, found);
    const std::string& root = found.parts.front();
    if (root == "item" && scope_.over_targets && found.parts.size() == 1) return false;  // left to the coordinator
    if (root == "params" && use_ == TextUse::step && scope_.top_level) {
      value_of(reading_, node.place, found.parts, scope_);  // is there such a parameter at all?
      return false;
    }
    if (is_one_of(kStatic, root)) return true;
    if (is_one_of(kLater, root)) {
      if (use_ == TextUse::step) return false;
      reading_.refuse(node.place, "{{" + dotted(found.parts) + "}} is not known before the step goes out",
                      "it can stand in run, args, env, undo and undo_args, and in a condition");
      return false;
    }
    std::vector<std::string> known = kStatic;
    known.insert(known.end(), kLater.begin(), kLater.end());
    if (use_ != TextUse::bytes || !nearest(root, known).empty()) {
      reading_.refuse(node.place, "{{" + dotted(found.parts) + "}} names nothing", did_you_mean(root, known));
    }
    return false;
  }

  bool refuse_no_name(const Node& node, const Placeholder& found) {
    if (use_ == TextUse::bytes) return false;
    const std::string shown = node.text.substr(found.begin, std::min<std::size_t>(found.end - found.begin, 40));
    reading_.refuse(node.place, "\"{{\" begins a name, and " + shown + " is none",
                    "braces of its own a text can have in a script file, or on stdin");
    return false;
  }

  void refuse_braces(Place place, const Node& value, const std::vector<std::string>& parts) {
    if (value.text.find("{{") != std::string::npos) {
      reading_.refuse(place, "the value of \"" + dotted(parts) + "\" has {{ in it; a value is not replaced again",
                      "write it into a script file, whose text is left as it is");
    }
    for (const auto& item : value.items) refuse_braces(place, item, parts);
  }

  Reading& reading_;
  const Scope& scope_;
  const TextUse use_;
};

TextUse use_of(const std::string& key) {
  static constexpr std::array kSteps{"run", "args", "env", "undo", "undo_args"};
  if (key == "when" || key == "until") return TextUse::condition;
  if (key == "stdin") return TextUse::bytes;
  return std::find(kSteps.begin(), kSteps.end(), key) == kSteps.end() ? TextUse::setting : TextUse::step;
}

}  // namespace

const Node* value_of(Reading& reading, Place place, const std::vector<std::string>& parts, const Scope& scope) {
  const std::string& root = parts.front();
  if (root != "params") {
    if (scope.loop == nullptr) {
      reading.refuse(place, "there is no \"" + root + "\" here: the operation has no for_each",
                     "add \"for_each: [a, b]\"");
      return nullptr;
    }
    return below(reading, place, parts, root == "key" ? &scope.loop->key : &scope.loop->value);
  }
  if (parts.size() != 2) {
    reading.refuse(place, "\"" + dotted(parts) + "\" names no parameter", "write params.NAME");
    return nullptr;
  }
  const auto found = scope.params->find(parts[1]);
  if (found != scope.params->end()) return &found->second;
  std::vector<std::string> known;
  for (const auto& [name, value] : *scope.params) known.push_back(name);
  std::string hint = did_you_mean(parts[1], known);
  if (hint.empty()) hint = "declare it: \"params: {" + parts[1] + ": ...}\" beside \"operations\"";
  reading.refuse(place, "the batch has no parameter \"" + parts[1] + "\"", std::move(hint));
  return nullptr;
}

Node substituted(Reading& reading, const Node& node, const Scope& scope, TextUse use) {
  return Substitution(reading, scope, use).apply(node);
}

Node substituted_operation(Reading& reading, const Node& operation, const Scope& scope) {
  if (operation.kind != Node::Kind::map) return operation;
  Node out;
  out.kind = operation.kind;
  out.place = operation.place;
  for (std::size_t i = 0; i < operation.keys.size(); ++i) {
    const std::string& key = operation.keys[i].text;
    if (key == "operations" || key == "for_each") continue;
    out.keys.push_back(operation.keys[i]);
    out.items.push_back(substituted(reading, operation.items[i], scope, use_of(key)));
  }
  return out;
}

}  // namespace prov::batch
