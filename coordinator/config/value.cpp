#include "coordinator/config/value.h"

#include <charconv>

#include "common/nearest.h"
#include "coordinator/workspace/fields.h"

namespace prov::config {
namespace {

using workspace::Node;

bool waits(std::string_view text) { return text.find("{{") != std::string_view::npos; }

bool is_number(Type type) { return type == Type::integer || type == Type::integer_list; }

std::vector<std::string_view> words(std::string_view spaced) {
  std::vector<std::string_view> out;
  while (!spaced.empty()) {
    const std::size_t end = std::min(spaced.find(' '), spaced.size());
    if (end > 0) out.push_back(spaced.substr(0, end));
    spaced.remove_prefix(std::min(end + 1, spaced.size()));
  }
  return out;
}

std::string cut(const std::string& text) {  // a message stays short whatever somebody wrote
  constexpr std::size_t kShown = 60;
  return text.size() <= kShown ? text : text.substr(0, kShown) + "...";
}

tl::unexpected<Error> not_right(const Key& key, const std::string& text, std::string hint = {}) {
  return fail(Code::invalid,
              "\"" + std::string(key.name) + "\" must be " + expected(key) + ", it is \"" + cut(text) + "\"",
              hint.empty() ? "provisioning config explain " + std::string(key.name) : std::move(hint));
}

Result<std::string> scalar_of(const Key& key, const Node& node) {
  if (node.kind != Node::Kind::scalar) {
    return fail(Code::invalid, "\"" + std::string(key.name) + "\" must be " + expected(key) + ", it is " +
                                   workspace::name_of(node.kind));
  }
  if (node.quoted && !waits(node.text) && (is_number(key.type) || key.type == Type::boolean)) {
    return not_right(key, node.text, "without the quotes");
  }
  return node.text;
}

Result<void> check_number(const Key& key, const std::string& text) {
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return not_right(key, text);
  if (number < key.low || number > key.high) return not_right(key, text);
  return {};
}

Result<void> check_choice(const Key& key, const std::string& text) {
  const auto choices = words(key.choices);
  if (std::find(choices.begin(), choices.end(), text) != choices.end()) return {};
  return not_right(key, text, did_you_mean(text, {choices.begin(), choices.end()}));
}

Result<void> check_one(const Key& key, const std::string& text) {
  if (text.size() > kMaxValue) {
    return fail(Code::invalid, "\"" + std::string(key.name) + "\" has " + std::to_string(text.size()) +
                                   " bytes, more than the " + std::to_string(kMaxValue) + " that are allowed");
  }
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ' && c != '\t' && c != '\n') {
      return fail(Code::invalid, "\"" + std::string(key.name) + "\" holds a control character");
    }
  }
  switch (key.type) {
    case Type::text:
    case Type::text_list: return {};
    case Type::path:
      if (text.empty() || text.find('\n') != std::string::npos) return not_right(key, text);
      return {};
    case Type::name: return workspace::is_name(text) ? Result<void>() : not_right(key, text);
    case Type::choice: return check_choice(key, text);
    case Type::boolean: return text == "true" || text == "false" ? Result<void>() : not_right(key, text);
    case Type::integer:
    case Type::integer_list: return check_number(key, text);
  }
  return {};
}

std::string quoted(const std::string& text) {
  static const char* const kHex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += std::string("\\") + c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < ' ' || byte == 0x7f) {
      out += std::string("\\u00") + kHex[byte >> 4] + kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string one_as_toml(const Key& key, const std::string& text) {
  const bool plain = (is_number(key.type) || key.type == Type::boolean) && !waits(text);
  return plain ? text : quoted(text);
}

}  // namespace

Result<Value> value_of(const Key& key, const Node& node) {
  Value value;
  if (!is_list(key.type)) {
    auto text = scalar_of(key, node);
    if (!text) return tl::unexpected(text.error());
    value.text = std::move(*text);
  } else {
    if (node.kind != Node::Kind::list) {
      return fail(
          Code::invalid,
          "\"" + std::string(key.name) + "\" must be " + expected(key) + ", it is " + workspace::name_of(node.kind),
          "[a, b]");
    }
    for (const Node& item : node.items) {
      auto text = scalar_of(key, item);
      if (!text) return tl::unexpected(text.error());
      value.items.push_back(std::move(*text));
    }
  }
  if (has_placeholder(value)) return value;
  if (auto fine = check(key, value); !fine) return tl::unexpected(fine.error());
  return value;
}

Result<Value> value_of(const Key& key, std::string_view text) {
  Value value;
  if (!is_list(key.type)) {
    value.text = std::string(text);
  } else {
    for (std::size_t from = 0; from <= text.size();) {
      const std::size_t to = std::min(text.find(',', from), text.size());
      std::string_view item = text.substr(from, to - from);
      while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
      while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
      if (!item.empty()) value.items.emplace_back(item);
      from = to + 1;
    }
  }
  if (auto fine = check(key, value); !fine) return tl::unexpected(fine.error());
  return value;
}

Result<void> check(const Key& key, const Value& value) {
  if (!is_list(key.type)) return check_one(key, value.text);
  if (value.items.empty()) {
    return fail(Code::invalid, "\"" + std::string(key.name) + "\" is an empty list",
                "leave the key out to have the default");
  }
  if (value.items.size() > kMaxItems) {
    return fail(Code::invalid,
                "\"" + std::string(key.name) + "\" has more than " + std::to_string(kMaxItems) + " values");
  }
  for (const std::string& item : value.items) {
    if (item.empty()) return fail(Code::invalid, "\"" + std::string(key.name) + "\" holds an empty text");
    if (auto fine = check_one(key, item); !fine) return fine;
  }
  return {};
}

Error by_name(Error error, const Key& key, std::string_view name) {
  const std::size_t at = error.message.find(key.name);
  if (at != std::string::npos) error.message.replace(at, key.name.size(), name);
  return error;
}

bool has_placeholder(const Value& value) {
  return waits(value.text) ||
         std::any_of(value.items.begin(), value.items.end(), [](const auto& t) { return waits(t); });
}

std::string shown(const Key& key, const Value& value) {
  if (!is_list(key.type)) return value.text;
  std::string out;
  for (const auto& item : value.items) out += (out.empty() ? "" : ", ") + item;
  return out;
}

std::string expected(const Key& key) {
  std::string out(name_of(key.type));
  if (is_number(key.type)) out += " from " + std::to_string(key.low) + " to " + std::to_string(key.high);
  if (key.type == Type::name) out += " (" + std::string(workspace::kNameRule) + ")";
  if (key.type == Type::choice) {
    out = "one of";
    for (const auto word : words(key.choices)) out += (out == "one of" ? " " : ", ") + std::string(word);
  }
  return out;
}

std::string toml_of(const Key& key, const Value& value) {
  if (!is_list(key.type)) return one_as_toml(key, value.text);
  std::string out;
  for (const auto& item : value.items) out += (out.empty() ? "" : ", ") + one_as_toml(key, item);
  return "[" + out + "]";
}

}  // namespace prov::config
