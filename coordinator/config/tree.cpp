#include "coordinator/config/tree.h"

#include <algorithm>

#include "common/nearest.h"

namespace prov::config {
namespace {

using workspace::Node;
using workspace::Problems;

std::string joined(const std::string& path, const std::string& name) { return path.empty() ? name : path + "." + name; }

std::string places_for(const Key& key) {
  std::string out;
  for (const Layer layer : kLayers) {
    if (layer == Layer::defaults || !may_stand_in(key, layer)) continue;
    out += (out.empty() ? "" : ", ") + std::string(describe(layer));
  }
  return "it can stand in: " + out;
}

Error not_here(const Key& key, const std::string& name, Layer layer) {
  return {Code::invalid, "\"" + name + "\" cannot be said by " + std::string(describe(layer)), places_for(key)};
}

class FileReader {
 public:
  FileReader(const std::string& file, Layer layer, Problems& problems)
      : file_(file), layer_(layer), problems_(problems) {}

  Tree run(const Node& root) {
    if (root.kind == Node::Kind::null) return {};  // an empty file
    if (root.kind != Node::Kind::map) {
      refuse(root.place,
             {Code::invalid, "the file must be sections with keys, it is " + std::string(name_of(root.kind)), {}});
      return {};
    }
    read_section(root, "");
    return std::move(tree_);
  }

 private:
  void refuse(workspace::Place place, const Error& error) {
    problems_.add(workspace::at(file_, place, error.message, error.hint));
  }

  void read_section(const Node& node, const std::string& path) {
    for (std::size_t i = 0; i < node.keys.size() && !problems_.full(); ++i) {
      const Node& key = node.keys[i];
      const std::string name = joined(path, key.text);
      const bool whole = key.text.find('.') == std::string::npos;  // "a.b" in quotes is no way to say a, then b
      const Key* known = whole ? find_key(name) : nullptr;
      if (known != nullptr) {
        read_value(*known, name, key, node.items[i]);
      } else if (whole && is_section(name)) {
        read_inner(name, node.items[i]);
      } else {
        refuse(key.place, unknown_key(name));
      }
    }
  }

  void read_inner(const std::string& name, const Node& node) {
    if (node.kind == Node::Kind::null) return;
    if (node.kind == Node::Kind::map) return read_section(node, name);
    refuse(
        node.place,
        {Code::invalid, "\"" + name + "\" must be a section with keys, it is " + std::string(name_of(node.kind)), {}});
  }

  void read_value(const Key& known, const std::string& name, const Node& key, const Node& node) {
    if (node.kind == Node::Kind::null) return;  // "key:" and nothing behind it
    if (!may_stand_in(known, layer_)) return refuse(key.place, not_here(known, name, layer_));
    auto value = value_of(known, node);
    if (!value) return refuse(node.place, by_name(value.error(), known, name));
    tree_[name] = {{std::move(*value), {layer_, file_, key.place}, node.place}};
  }

  const std::string& file_;
  const Layer layer_;
  Problems& problems_;
  Tree tree_;
};

std::vector<std::string> all_variables() {
  std::vector<std::string> names;
  for (const Key& key : keys()) {
    if (key.name.back() != '*') names.push_back(variable_of(key.name));
    if (!key.variable.empty()) names.emplace_back(key.variable);
  }
  return names;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

// The key that a variable means; empty: none. `is_short` when by a name of its own, which the long one is stronger
// than.
std::string key_of_variable(const std::string& variable, bool& is_short) {
  is_short = false;
  for (const Key& key : keys()) {
    if (key.name.back() != '*' && variable_of(key.name) == variable) return std::string(key.name);
  }
  is_short = true;
  for (const Key& key : keys()) {
    if (!key.variable.empty() && key.variable == variable) return std::string(key.name);
  }
  constexpr std::string_view kVarsPrefix = "PROVISIONING_VARS_";
  if (variable.rfind(kVarsPrefix, 0) != 0) return {};
  const std::string name = "vars." + lower(std::string_view(variable).substr(kVarsPrefix.size()));
  return find_key(name) == nullptr ? std::string() : name;
}

void warn_of_unknown(const std::string& variable, std::vector<std::string>& warnings) {
  for (const std::string& section : section_names()) {
    const std::string begin = variable_of(section) + "_";
    if (variable.rfind(begin, 0) != 0 || variable == begin) continue;
    const std::string hint = nearest(variable, all_variables());
    warnings.push_back(variable + " is in the environment, but there is no such setting" +
                       (hint.empty() ? "" : "; did you mean " + hint + "?"));
    return;
  }
}

}  // namespace

bool Origin::operator==(const Origin& other) const {
  return layer == other.layer && source == other.source && place.line == other.place.line &&
         place.column == other.place.column;
}

std::string text_of(const Origin& origin) {
  if (origin.place.line == 0) return origin.source;
  return origin.source + ":" + std::to_string(origin.place.line) + ":" + std::to_string(origin.place.column);
}

Tree merge(Tree weaker, const Tree& stronger) {
  for (const auto& [key, claims] : stronger) {
    Claims& all = weaker[key];
    all.insert(all.end(), claims.begin(), claims.end());
  }
  return weaker;
}

Tree built_in() {
  Tree tree;
  for (const Key& key : keys()) {
    if (key.otherwise.empty()) continue;
    Value value;
    if (is_list(key.type)) {
      value = value_of(key, key.otherwise).value();
    } else {
      value.text = std::string(key.otherwise);
    }
    tree[std::string(key.name)] = {{std::move(value), {Layer::defaults, "built in", {}}, {}}};
  }
  return tree;
}

Tree read_tree(const Node& root, const std::string& file, Layer layer, Problems& problems) {
  return FileReader(file, layer, problems).run(root);
}

Tree read_variables(const std::vector<std::pair<std::string, std::string>>& variables, Problems& problems,
                    std::vector<std::string>& warnings) {
  Tree by_short, by_long;
  for (const auto& [name, text] : variables) {
    if (text.empty() || name.rfind("PROVISIONING_", 0) != 0) continue;  // an empty one is as one that is not set
    bool is_short = false;
    const std::string key_name = key_of_variable(name, is_short);
    if (key_name.empty()) {
      warn_of_unknown(name, warnings);
      continue;
    }
    const Key& key = *find_key(key_name);
    if (!may_stand_in(key, Layer::variable)) {
      Error error = not_here(key, key_name, Layer::variable);
      problems.add({error.code, name + ": " + error.message, error.hint});
      continue;
    }
    auto value = value_of(key, std::string_view(text));
    if (!value) {
      const Error error = by_name(value.error(), key, key_name);
      problems.add({error.code, name + ": " + error.message, error.hint});
      continue;
    }
    (is_short ? by_short : by_long)[key_name] = {{std::move(*value), {Layer::variable, name, {}}, {}}};
  }
  return merge(std::move(by_short), by_long);
}

Tree read_assignments(const std::vector<Assignment>& assignments, Problems& problems) {
  Tree tree;
  for (const Assignment& one : assignments) {
    const Key* key = find_key(one.key);
    if (key == nullptr || one.key.find('*') != std::string::npos) {
      const Error error = unknown_key(one.key);
      problems.add({error.code, one.source + ": " + error.message, error.hint});
      continue;
    }
    if (!may_stand_in(*key, Layer::flag)) {
      const Error error = not_here(*key, one.key, Layer::flag);
      problems.add({error.code, one.source + ": " + error.message, error.hint});
      continue;
    }
    auto value = value_of(*key, std::string_view(one.value));
    if (!value) {
      const Error error = by_name(value.error(), *key, one.key);
      problems.add({error.code, one.source + ": " + error.message, error.hint});
      continue;
    }
    tree = merge(std::move(tree), {{one.key, {{std::move(*value), {Layer::flag, one.source, {}}, {}}}}});
  }
  return tree;
}

Result<Assignment> parse_assignment(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    return fail(Code::invalid, "--set needs KEY=VALUE, it is \"" + text + "\"", "--set link.port=9191");
  }
  return Assignment{text.substr(0, equals), text.substr(equals + 1), "--set"};
}

Error unknown_key(const std::string& key) {
  if (is_section(key)) {
    return {Code::invalid, "\"" + key + "\" is a section of settings, and no setting",
            "what is in it: provisioning config show " + key};
  }
  std::vector<std::string> known = key_names();
  for (const std::string& section : section_names()) known.push_back(section);
  if (key.rfind("vars.", 0) == 0) {
    return {Code::invalid, "\"" + key + "\" is no name of a value of your own",
            "vars. and then lower-case letters, digits and \"_\""};
  }
  const std::string near = nearest(key, known);
  const std::string hint = near.empty() ? "provisioning config show lists all; values of your own go below vars."
                                        : "did you mean \"" + near + "\"?";
  return {Code::invalid, "there is no setting \"" + key + "\"", hint};
}

}  // namespace prov::config
