#include "coordinator/cli/views/rehearsal.h"
#include "common/json/json.h"

#include "coordinator/cli/views/render.h"

namespace prov::cli {

using nlohmann::json;

namespace {

constexpr std::string_view kSections[] = {"packages", "users", "groups", "units", "services", "files"};
constexpr int kMaxDepth = 16;           // of a report, which a host prints
constexpr std::size_t kMostLines = 60;  // of one section; --out json has all

std::pair<const char*, Colour> sign_of(const std::string& change) {
  if (change == "added") return {"+", Colour::green};
  if (change == "removed") return {"-", Colour::red};
  return {"~", Colour::yellow};
}

std::string change_text(const json& one, const Console& console) {
  const auto [sign, colour] = sign_of(text_in(one, "change"));
  const std::string path = text_in(one, "path");
  std::string text = std::string(sign) + " " + (path.empty() ? text_in(one, "name") : path);
  const std::string from = text_in(one, "from"), to = text_in(one, "to");
  if (!from.empty() && !to.empty()) {
    text += " " + from + " -> " + to;
  } else if (!from.empty() || !to.empty()) {
    text += " " + from + to;
  }
  if (!path.empty() && text_in(one, "kind") == "file") {
    text += "  " + text_in(one, "mode") + " " + bytes_text(number_in(one, "size"));
  }
  return "    " + console.out_paint(colour, one_line(text)) + "\n";
}

std::string section_text(std::string_view name, const json& section, const Console& console) {
  const std::uint64_t added = number_in(section, "added"), changed = number_in(section, "changed"),
                      removed = number_in(section, "removed");
  if (added + changed + removed == 0) return {};
  std::string out = "  " + std::string(name) + ": " + std::to_string(added) + " added, " + std::to_string(changed) +
                    " changed, " + std::to_string(removed) + " removed\n";
  std::size_t shown = 0;
  for (const auto& one : child_in(section, "list")) {
    if (shown++ == kMostLines) break;
    out += change_text(one, console);
  }
  const std::uint64_t all = added + changed + removed;
  const std::uint64_t told = std::min(shown, kMostLines);
  if (all > told) out += "    ... and " + std::to_string(all - told) + " more\n";
  return out;
}

}  // namespace

std::optional<json> rehearsal_in(std::string_view output) {
  for (std::size_t end = output.size(); end > 0;) {
    const std::size_t newline = output.substr(0, end).find_last_of('\n');
    const std::size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
    const std::string_view line = output.substr(begin, end - begin);
    if (line.substr(0, kRehearsalMark.size()) == kRehearsalMark) {
      json report = parse_within(line.substr(kRehearsalMark.size()), kMaxDepth);
      return report.is_object() ? std::optional<json>(std::move(report)) : std::nullopt;
    }
    end = begin == 0 ? 0 : begin - 1;
  }
  return std::nullopt;
}

json rehearsals_json(const std::vector<Rehearsed>& all) {
  json items = json::array();
  for (const auto& one : all) {
    items.push_back({{"server", one.server},
                     {"name", one.name},
                     {"outcome", one.outcome},
                     {"message", one.message},
                     {"report", one.report ? *one.report : json(nullptr)}});
  }
  return {{"items", std::move(items)}, {"total", all.size()}};
}

std::string rehearsals_text(const std::vector<Rehearsed>& all, const Console& console) {
  std::string out;
  for (const auto& one : all) {
    out += console.out_paint(Colour::bold, one_line(one.name + " on " + one.server)) + ": " + one_line(one.outcome);
    if (!one.message.empty()) out += ", " + one_line(one.message);
    out += "\n";
    if (!one.report) continue;
    for (const auto section : kSections) out += section_text(section, child_in(*one.report, section), console);
    for (const auto& part : child_in(*one.report, "incomplete")) {
      if (part.is_string()) out += "  not rehearsed: " + one_line(part.get_ref<const std::string&>()) + "\n";
    }
  }
  return out;
}

}  // namespace prov::cli
