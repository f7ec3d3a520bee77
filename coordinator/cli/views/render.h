#pragma once
// Results as tables for people, and as JSON or YAML for programs.
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/cli/views/console.h"

namespace prov::cli {

struct Cell {
  std::string text;
  Colour colour = Colour::plain;
};

class Table {
 public:
  explicit Table(std::vector<std::string> titles) : titles_(std::move(titles)) {}
  void add(std::vector<Cell> row);  // as many cells as titles
  bool empty() const { return rows_.empty(); }
  std::string text(const Console& console) const;  // columns two spaces apart, cells made safe, the last one ragged

 private:
  std::vector<std::string> titles_;
  std::vector<std::vector<Cell>> rows_;
};

// "name:   value" lines, aligned.
std::string facts_text(const std::vector<std::pair<std::string, std::string>>& facts);

std::string to_yaml(const nlohmann::json& value);         // block style; reads back as the same value
std::string to_pretty_json(const nlohmann::json& value);  // ends with a newline

// Fields of answers, whatever type they have: empty where there is none.
std::string text_in(const nlohmann::json& object, std::string_view field);
std::uint64_t number_in(const nlohmann::json& object, std::string_view field);
bool flag_in(const nlohmann::json& object, std::string_view field);
const nlohmann::json& child_in(const nlohmann::json& object, std::string_view field);  // null where there is none

std::string exit_text(std::int64_t exit_code);  // "exit 3", "signal 15" for -15, "" for 0

std::string names_text(const std::vector<std::string>& names);  // "a, b", of many the first "and 3 more"

std::string time_text(std::uint64_t time_ms);  // 2026-01-31 23:59:59 UTC; "-" for 0
Colour colour_of_status(std::string_view status);

}  // namespace prov::cli
