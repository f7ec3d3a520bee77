#include "coordinator/cli/views/render.h"

#include <algorithm>

#include "common/json/json.h"
#include "common/result.h"
#include "common/time.h"

namespace prov::cli {

using nlohmann::json;

namespace {

const json kNull;

// Whether a text may stand in YAML without quotes, and is then read back as a text.
bool plain_in_yaml(const std::string& text) {
  if (text.empty() || text.size() > 200) return false;
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (!letter(text[0]) && text[0] != '/') return false;
  static const std::vector<std::string> kWords{"true", "false", "null", "yes", "no", "on", "off", "y", "n"};
  std::string lower = text;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  if (std::find(kWords.begin(), kWords.end(), lower) != kWords.end()) return false;
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '/' || c == '+';
  });
}

std::string dumped(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

std::string scalar(const json& value) {
  if (!value.is_string()) return dumped(value);
  const auto& text = value.get_ref<const std::string&>();
  return plain_in_yaml(text) ? text : dumped(value);  // a JSON string is a YAML string
}

bool is_block(const json& value) { return value.is_structured() && !value.empty(); }

void write_yaml(const json& value, std::size_t indent, std::string& out) {
  const std::string pad(indent, ' ');
  if (value.is_object()) {
    for (const auto& [key, item] : value.items()) {
      out += pad + scalar(json(key)) + ":";
      if (!is_block(item)) {
        out += " " + scalar(item) + "\n";
        continue;
      }
      out += "\n";
      write_yaml(item, item.is_array() ? indent : indent + 2, out);
    }
    return;
  }
  for (const auto& item : value) {
    if (!is_block(item)) {
      out += pad + "- " + scalar(item) + "\n";
      continue;
    }
    std::string inner;
    write_yaml(item, indent + 2, inner);
    inner.replace(indent, 2, "- ");  // the first line begins with the dash in place of its indent
    out += inner;
  }
}

}  // namespace

void Table::add(std::vector<Cell> row) {
  PROV_ASSERT(row.size() == titles_.size());
  for (auto& cell : row) cell.text = cell.text.empty() ? "-" : one_line(cell.text);
  rows_.push_back(std::move(row));
}

std::string Table::text(const Console& console) const {
  std::vector<std::size_t> widths;
  for (const auto& title : titles_) widths.push_back(width_of(title));
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i].text));
  }
  std::string out;
  const auto add_cell = [&](std::size_t i, const std::string& cell, Colour colour) {
    out += console.out_paint(colour, cell);
    if (i + 1 < widths.size()) out += std::string(widths[i] - width_of(cell) + 2, ' ');
  };
  for (std::size_t i = 0; i < titles_.size(); ++i) add_cell(i, titles_[i], Colour::bold);
  out += "\n";
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) add_cell(i, row[i].text, row[i].colour);
    out += "\n";
  }
  return out;
}

std::string facts_text(const std::vector<std::pair<std::string, std::string>>& facts) {
  std::size_t width = 0;
  for (const auto& [name, value] : facts) width = std::max(width, width_of(name));
  std::string out;
  for (const auto& [name, value] : facts) {
    out += name + ":" + std::string(width - width_of(name) + 2, ' ') + (value.empty() ? "-" : one_line(value)) + "\n";
  }
  return out;
}

std::string to_yaml(const json& value) {
  if (!is_block(value)) return scalar(value) + "\n";
  std::string out;
  write_yaml(value, 0, out);
  return out;
}

std::string to_pretty_json(const json& value) {
  return value.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

const json& child_in(const json& object, std::string_view field) {
  if (!object.is_object()) return kNull;
  const auto found = object.find(field);
  return found == object.end() ? kNull : *found;
}

std::string text_in(const json& object, std::string_view field) {
  const json& value = child_in(object, field);
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return value.is_null() ? std::string() : dumped(value);
  std::string out;
  for (const auto& item : value)
    out += (out.empty() ? "" : ", ") + (item.is_string() ? item.get<std::string>() : dumped(item));
  return out;
}

std::uint64_t number_in(const json& object, std::string_view field) {
  const json& value = child_in(object, field);
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  if (value.is_number_integer())
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, value.get<std::int64_t>()));
  return 0;
}

std::string exit_text(std::int64_t exit_code) {
  if (exit_code == 0) return {};
  return exit_code < 0 ? "signal " + std::to_string(-exit_code) : "exit " + std::to_string(exit_code);
}

bool flag_in(const json& object, std::string_view field) {
  const json& value = child_in(object, field);
  return value.is_boolean() && value.get<bool>();
}

std::string names_text(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 8;
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < kShown; ++i) out += (i == 0 ? "" : ", ") + names[i];
  return names.size() > kShown ? out + " and " + std::to_string(names.size() - kShown) + " more" : out;
}

std::string time_text(std::uint64_t time_ms) {
  if (time_ms == 0) return "-";
  std::string text = to_iso8601(time_ms).substr(0, 19);
  text[10] = ' ';
  return text + " UTC";
}

Colour colour_of_status(std::string_view status) {
  static constexpr std::string_view kGood[] = {"done", "unchanged", "installed", "ready", "Completed", "yes", "ok"};
  static constexpr std::string_view kBad[] = {"failed",  "Failed", "interrupted",   "timed out",
                                              "refused", "no",     "not delivered", "in doubt"};
  if (std::find(std::begin(kGood), std::end(kGood), status) != std::end(kGood)) return Colour::green;
  if (std::find(std::begin(kBad), std::end(kBad), status) != std::end(kBad)) return Colour::red;
  return status == "running" || status == "Running" || status == "dispatched" ? Colour::yellow : Colour::plain;
}

}  // namespace prov::cli
