#include "coordinator/workspace/toml_tree.h"

namespace prov::workspace {
namespace {

// Some broken files ("[[[") get as far as an assertion of toml++, which would end the program.
struct AssertionOfParser {};
[[noreturn]] void assertion_failed() { throw AssertionOfParser(); }

}  // namespace
}  // namespace prov::workspace

// The header alone: the operator's program is linked without shared libraries.
#define TOML_HEADER_ONLY 1
#define TOML_ASSERT(expression) ((expression) ? static_cast<void>(0) : ::prov::workspace::assertion_failed())
#define TOML_ENABLE_FORMATTERS 1
#include <toml++/toml.h>

#include <algorithm>
#include <cctype>
#include <sstream>

namespace prov::workspace {
namespace {

struct TomlRefusal {  // thrown on the way down the tree, caught in parse_toml alone
  Place place;
  std::string message, hint;
};

Place place_of(const toml::source_region& region) {
  return {static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
}

class TomlTreeBuilder {
 public:
  explicit TomlTreeBuilder(std::size_t max_nodes) : max_nodes_(max_nodes) {}

  Node build(const toml::node& value, std::size_t depth) {
    Node node;
    node.place = place_of(value.source());
    count(node.place);
    if (depth >= kMaxTreeDepth) {
      throw TomlRefusal{node.place, "nested more than " + std::to_string(kMaxTreeDepth) + " deep", "make it flatter"};
    }
    if (const auto* table = value.as_table()) {
      fill(node, *table, depth);
    } else if (const auto* array = value.as_array()) {
      node.kind = Node::Kind::list;
      for (const auto& item : *array) node.items.push_back(build(item, depth + 1));
    } else {
      node.kind = Node::Kind::scalar;
      node.quoted = value.is_string();
      node.text = text_of(value);
      check_scalar(node);
    }
    return node;
  }

 private:
  void count(Place place) {
    if (++nodes_ <= max_nodes_) return;
    throw TomlRefusal{place, "more than " + std::to_string(max_nodes_) + " values", "split the file"};
  }

  static void check_scalar(const Node& node) {
    if (node.text.size() > kMaxTreeScalar) {
      throw TomlRefusal{node.place,
                        "a value has " + std::to_string(node.text.size()) + " bytes, more than the " +
                            std::to_string(kMaxTreeScalar) + " that are allowed",
                        ""};
    }
    if (node.text.find('\0') != std::string::npos) throw TomlRefusal{node.place, "a value holds a NUL byte", ""};
  }

  static std::string text_of(const toml::node& value) {
    if (const auto* text = value.as_string()) return text->get();
    if (const auto* whole = value.as_integer()) return std::to_string(whole->get());
    if (const auto* truth = value.as_boolean()) return truth->get() ? "true" : "false";
    std::ostringstream out;
    value.visit([&](const auto& one) {
      if constexpr (toml::is_value<decltype(one)>) out << one;
    });
    return out.str();
  }

  void fill(Node& node, const toml::table& table, std::size_t depth) {
    node.kind = Node::Kind::map;
    if (table.size() > kMaxTreeKeys) {
      throw TomlRefusal{node.place, "more than " + std::to_string(kMaxTreeKeys) + " keys in one table", ""};
    }
    std::vector<std::pair<Node, const toml::node*>> entries;  // a toml::table is sorted by name
    for (const auto& [key, value] : table) {
      Node name;
      name.kind = Node::Kind::scalar;
      name.place = place_of(key.source());
      name.text = std::string(key.str());
      check_scalar(name);
      count(name.place);
      entries.emplace_back(std::move(name), &value);
    }
    std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
      return std::pair(a.first.place.line, a.first.place.column) < std::pair(b.first.place.line, b.first.place.column);
    });
    for (auto& [name, value] : entries) {
      node.items.push_back(build(*value, depth + 1));
      if (node.items.back().place.line == 0) node.items.back().place = name.place;
      node.keys.push_back(std::move(name));
    }
    if (node.place.line == 0 && !node.keys.empty()) node.place = node.keys.front().place;
  }

  const std::size_t max_nodes_;
  std::size_t nodes_ = 0;
};

// The first line with a bracket and no name behind it: what the parser's assertion is about, as far as can be told.
Place place_of_nameless_table(const std::string& text) {
  Place place{1, 1};
  for (std::size_t begin = 0; begin < text.size(); ++place.line) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    const std::size_t bracket = line.find_first_not_of(" \t");
    if (bracket != std::string_view::npos && line[bracket] == '[') {
      const std::size_t name = line.find_first_not_of("[ \t", bracket);
      const bool named = name != std::string_view::npos && name - bracket <= 3 &&
                         (std::isalnum(static_cast<unsigned char>(line[name])) != 0 || line[name] == '_' ||
                          line[name] == '-' || line[name] == '"' || line[name] == '\'');
      if (!named) return {place.line, static_cast<int>(bracket) + 1};
    }
    begin = end + 1;
  }
  return {1, 1};
}

}  // namespace

Result<Node> parse_toml(const std::string& text, const std::string& file, const TreeLimits& limits) {
  if (auto fine = check_text(text, file, limits.bytes); !fine) return tl::unexpected(fine.error());
  try {
    const toml::table table = toml::parse(text, file);
    return TomlTreeBuilder(limits.nodes).build(table, 0);
  } catch (const TomlRefusal& refusal) {
    return tl::unexpected(at(file, refusal.place, refusal.message, refusal.hint));
  } catch (const AssertionOfParser&) {
    return tl::unexpected(at(file, place_of_nameless_table(text),
                             "broken TOML: something else stands where a name or a value should",
                             "write [name] and name = value"));
  } catch (const toml::parse_error& broken) {
    return tl::unexpected(
        at(file, place_of(broken.source()), "broken TOML: " + std::string(broken.description()),
           "look at this line and the one before it: quotes around texts, brackets, one name = value"));
  }
}

}  // namespace prov::workspace
