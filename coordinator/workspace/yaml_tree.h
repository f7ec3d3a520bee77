#pragma once
// A YAML file as a tree of values in which every node knows its place, so that whoever refuses one can say where it
// stands. The only header through which the rest of the project sees YAML; yaml-cpp stays in its unit.
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace prov::workspace {

inline constexpr std::size_t kMaxYamlBytes = 1 << 20;
inline constexpr std::size_t kMaxYamlNodes = 100'000;
inline constexpr std::size_t kMaxTreeDepth = 32;
inline constexpr std::size_t kMaxTreeKeys = 1000;  // in one mapping
inline constexpr std::size_t kMaxTreeScalar = 64 << 10;

struct TreeLimits {
  std::size_t bytes = kMaxYamlBytes;  // of the text
  std::size_t nodes = kMaxYamlNodes;  // mappings, lists, keys and values in all
};

struct Place {
  int line = 0;  // from 1; 0: the file as a whole
  int column = 0;
  bool operator==(const Place&) const = default;
};

struct Node {
  enum class Kind { null, scalar, list, map };

  Kind kind = Kind::null;
  Place place;
  std::string text;         // of a scalar
  bool quoted = false;      // "5432" is a text, 5432 may be a number
  std::vector<Node> keys;   // of a map: scalars, each one once, in the order of the file
  std::vector<Node> items;  // of a list; of a map: the values, one for each key

  const Node* find(std::string_view key) const;  // of a map; nullptr when it is not there
};

const char* name_of(Node::Kind kind);  // "a mapping", ...

// "file:line:column: message" as an Error with Code::invalid.
Error at(std::string_view file, Place place, std::string message, std::string hint = {});

// The inverse of at(): what stands before the message. Line 0: it names no place, and `message` is the whole of it.
struct Located {
  std::string file;
  Place place;
  std::string message;
};
Located located(const std::string& message);

// One document of plain data: UTF-8, within the limits, without duplicate keys, anchors, aliases and tags. `file` is
// how messages name it.
Result<Node> parse_yaml(const std::string& text, const std::string& file, const TreeLimits& limits = {});

// Reads and parses a regular file. Code::not_found when there is none.
Result<Node> load_yaml(const std::string& path);

// UTF-8 without NUL, and not too long; the error says where it is not.
Result<void> check_text(const std::string& text, const std::string& file, std::size_t max_bytes);

// A whole regular file of at most `max_bytes` (Code::exhausted beyond, before any of it is read). Codes: not_found, io,
// invalid (not a file).
Result<std::string> read_file(const std::string& path, std::size_t max_bytes);

}  // namespace prov::workspace
