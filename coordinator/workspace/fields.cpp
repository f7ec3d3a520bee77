#include "coordinator/workspace/fields.h"
#include "common/nearest.h"

#include <algorithm>
#include <charconv>

#include "coordinator/resolution/version.h"

namespace prov::workspace {
namespace {

const Node kNothing;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string shown(const Node& node) {
  if (node.kind != Node::Kind::scalar) return name_of(node.kind);
  return "\"" + (node.text.size() > 60 ? node.text.substr(0, 57) + "..." : node.text) + "\"";
}

}  // namespace

void Reading::refuse(Place place, std::string message, std::string hint) {
  const bool lacks = std::any_of(lacks_.begin(), lacks_.end(), [&](const Lack& one) { return one.place == place; });
  if (lacks || (place.line == 0 && failed())) return;
  add(place, std::move(message), std::move(hint));
}

void Reading::refuse_unknown(Place place, std::string message, std::string hint) {
  add(place, std::move(message), std::move(hint));
}

void Reading::refuse_lack(Place place, const std::string& what, const std::string& key, const std::string& hint) {
  const std::string quoted = "\"" + key + "\"";
  const auto known = std::find_if(lacks_.begin(), lacks_.end(), [&](const Lack& one) { return one.place == place; });
  if (known != lacks_.end()) {
    if (known->told.ends_with(quoted) || known->told.find(quoted + ",") != std::string::npos) return;
    const std::string longer = known->told + ", " + quoted;
    problems_.reword(at(file_, place, known->told).message, at(file_, place, longer, hint));
    known->told = longer;
    return;
  }
  const bool refused = std::find(refused_.begin(), refused_.end(), place) != refused_.end();
  if (refused || (place.line == 0 && failed())) return;
  lacks_.push_back({place, what + " needs " + quoted});
  problems_.add(at(file_, place, lacks_.back().told, hint));
}

void Reading::add(Place place, std::string message, std::string hint) {
  if (std::find(refused_.begin(), refused_.end(), place) != refused_.end()) return;
  refused_.push_back(place);
  problems_.add(at(file_, place, std::move(message), std::move(hint)));
}

std::string Reading::text(const Node& node, std::string_view what) {
  if (node.kind == Node::Kind::scalar) return node.text;
  refuse(node.place, std::string(what) + " must be a text, it is " + shown(node));
  return {};
}

std::int64_t Reading::integer(const Node& node, std::string_view what, std::int64_t low, std::int64_t high) {
  std::int64_t value = 0;
  const char* end = node.text.data() + node.text.size();
  const auto read = std::from_chars(node.text.data(), end, value);
  const bool whole = node.kind == Node::Kind::scalar && !node.quoted && read.ec == std::errc() && read.ptr == end;
  if (whole && value >= low && value <= high) return value;
  std::string range;
  if (whole || low != INT64_MIN) range = " from " + std::to_string(low) + " to " + std::to_string(high);
  refuse(node.place, std::string(what) + " must be a whole number" + range + ", it is " + shown(node));
  return low > 0 ? low : 0;
}

bool Reading::boolean(const Node& node, std::string_view what) {
  const bool plain = node.kind == Node::Kind::scalar && !node.quoted;
  if (plain && (node.text == "true" || node.text == "false")) return node.text == "true";
  refuse(node.place, std::string(what) + " must be true or false, it is " + shown(node));
  return false;
}

std::vector<std::string> Reading::texts(const Node& node, std::string_view what) {
  std::vector<std::string> out;
  if (node.kind != Node::Kind::list) {
    refuse(node.place, std::string(what) + " must be a list of texts, it is " + shown(node), "write [a, b]");
    return out;
  }
  for (const auto& item : node.items) out.push_back(text(item, "each of " + std::string(what)));
  return out;
}

Fields::Fields(Reading& reading, const Node& node, std::string what)
    : reading_(reading), node_(node), what_(std::move(what)) {
  if (node.kind == Node::Kind::map) return;
  reading_.refuse(node.place, what_ + " must be a mapping (key: value), it is " + shown(node));
}

const Node* Fields::find(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
  const Node* node = node_.find(key);
  return node != nullptr && node->kind != Node::Kind::null ? node : nullptr;
}

const Node& Fields::need(std::string_view key) {
  if (const Node* node = find(key)) return *node;
  std::vector<std::string> present;
  for (const auto& there : node_.keys) present.push_back(there.text);
  const std::string near = nearest(key, present);
  if (!near.empty()) asked_about_.push_back(near);
  reading_.refuse_lack(node_.place, what_, std::string(key),
                       near.empty() || near == key ? "" : "\"" + near + "\" is there; is it meant?");
  return kNothing;
}

std::string Fields::text(std::string_view key, std::string otherwise) {
  const Node* node = find(key);
  return node == nullptr ? std::move(otherwise) : reading_.text(*node, "\"" + std::string(key) + "\"");
}

std::string Fields::need_text(std::string_view key) {
  const Node& node = need(key);
  return &node == &kNothing ? std::string() : reading_.text(node, "\"" + std::string(key) + "\"");
}

std::int64_t Fields::integer(std::string_view key, std::int64_t otherwise, std::int64_t low, std::int64_t high) {
  const Node* node = find(key);
  return node == nullptr ? otherwise : reading_.integer(*node, "\"" + std::string(key) + "\"", low, high);
}

bool Fields::boolean(std::string_view key, bool otherwise) {
  const Node* node = find(key);
  return node == nullptr ? otherwise : reading_.boolean(*node, "\"" + std::string(key) + "\"");
}

std::vector<std::string> Fields::texts(std::string_view key) {
  const Node* node = find(key);
  return node == nullptr ? std::vector<std::string>() : reading_.texts(*node, "\"" + std::string(key) + "\"");
}

Place Fields::place(std::string_view key) const {
  const Node* node = node_.find(key);
  return node == nullptr ? node_.place : node->place;
}

void Fields::end() {
  for (const auto& key : node_.keys) {
    const auto is_it = [&](const std::string& other) { return other == key.text; };
    if (std::any_of(known_.begin(), known_.end(), is_it)) continue;
    if (std::any_of(asked_about_.begin(), asked_about_.end(), is_it)) continue;
    reading_.refuse_unknown(key.place, shown(key) + " is not known in " + what_, did_you_mean(key.text, known_));
  }
}

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > 63 || !is_lower(text[0]) || text.back() == '-') return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
}

bool is_parameter_name(std::string_view text) {
  if (text.empty() || text.size() > 63 || !is_lower(text[0])) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is_lower(c) || is_digit(c) || c == '_'; });
}

bool is_hostname(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  std::size_t label = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || text[i] == '.') {
      if (label == 0 || label > 63 || text[i - 1] == '-') return false;
      label = 0;
    } else if (is_lower(text[i]) || is_digit(text[i]) || (text[i] == '-' && label > 0)) {
      ++label;
    } else {
      return false;
    }
  }
  return true;
}

bool is_secret_reference(std::string_view text) {
  if (text.empty() || text.size() > 200 || text.front() == '/' || text.back() == '/') return false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] != '/') {
      const char c = text[i];
      if (!is_lower(c) && !is_digit(c) && c != '.' && c != '_' && c != '-') return false;
      continue;
    }
    const std::string_view part = text.substr(begin, i - begin);
    if (part.empty() || part[0] == '.') return false;
    begin = i + 1;
  }
  return true;
}

bool is_version(std::string_view text) { return resolution::parse_version(text).has_value(); }

}  // namespace prov::workspace
