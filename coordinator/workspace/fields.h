#pragma once
// Reads a YAML tree strictly. Problems are kept (file, line, column, what was expected, the nearest known key) and the
// read that meets one gives an empty value, so a caller reads on and looks once, at the end.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coordinator/workspace/problems.h"
#include "coordinator/workspace/yaml_tree.h"

namespace prov::workspace {

using Params = std::vector<std::pair<Node, Node>>;  // parameters that somebody gives: key and value, as in the file

class Reading {
 public:
  explicit Reading(std::string file) : file_(std::move(file)) {}

  // Of one place the first problem is kept: what else is said of it follows from that one. So is what has no place,
  // once there is a problem. So whoever reads on after a problem need not ask whether there was one.
  void refuse(Place place, std::string message, std::string hint = {});
  bool failed() const { return problems_.any(); }
  Error error() const { return problems_.error(); }  // all of them, as one. REQUIRES: failed()
  const Problems& problems() const { return problems_; }
  const std::string& file() const { return file_; }

  // What a node must be; each refuses anything else. `what` names it in the message, e.g. "\"port\"".
  std::string text(const Node& node, std::string_view what);
  std::int64_t integer(const Node& node, std::string_view what, std::int64_t low, std::int64_t high);
  bool boolean(const Node& node, std::string_view what);
  std::vector<std::string> texts(const Node& node, std::string_view what);  // a list of them

 private:
  friend class Fields;

  // What a mapping lacks is told of the place where it begins, which is its first key's too: so one says nothing of the
  // other. Several keys that the same one lacks are one problem.
  void refuse_lack(Place place, const std::string& what, const std::string& key, const std::string& hint);
  void refuse_unknown(Place place, std::string message, std::string hint);
  void add(Place place, std::string message, std::string hint);

  struct Lack {
    Place place;
    std::string told;
  };

  std::string file_;
  Problems problems_;
  std::vector<Place> refused_;
  std::vector<Lack> lacks_;
};

// One mapping. Every key that may be in it is asked for; end() refuses all others.
class Fields {
 public:
  Fields(Reading& reading, const Node& node, std::string what);

  const Node* find(std::string_view key);  // nullptr: not there, or nothing stands behind it
  const Node& need(std::string_view key);  // refused when it is not there; then an empty node without a place

  std::string text(std::string_view key, std::string otherwise = {});
  std::string need_text(std::string_view key);
  std::int64_t integer(std::string_view key, std::int64_t otherwise, std::int64_t low, std::int64_t high);
  bool boolean(std::string_view key, bool otherwise);
  std::vector<std::string> texts(std::string_view key);
  Place place(std::string_view key) const;  // of the value, or of the mapping when it is not there
  void end();

 private:
  Reading& reading_;
  const Node& node_;
  std::string what_;
  std::vector<std::string> known_;
  std::vector<std::string> asked_about_;  // unknown ones that were told as what may be meant
};

// Names of extensions, workspaces and infras: lower-case letters, digits and hyphens, a letter first, at most 63.
bool is_name(std::string_view text);
bool is_parameter_name(std::string_view text);    // [a-z][a-z0-9_]*, at most 63: it becomes PROV_PARAM_<NAME>
bool is_hostname(std::string_view text);          // RFC 1123, lower case
bool is_secret_reference(std::string_view text);  // plain components [a-z0-9._-] between slashes, at most 200
bool is_version(std::string_view text);           // semantic: 1.2.3, 1.2.3-rc.1

inline constexpr std::string_view kNameRule = "lower-case letters, digits and hyphens, beginning with a letter";

}  // namespace prov::workspace
