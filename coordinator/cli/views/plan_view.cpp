#include "coordinator/cli/views/plan_view.h"

#include <algorithm>
#include <map>

#include "common/json/json.h"
#include "coordinator/cli/views/render.h"

namespace prov::cli {

using nlohmann::json;

namespace {

Colour colour_of(const std::string& sign) {
  if (sign == "+") return Colour::green;
  if (sign == "-" || sign == "-/+") return Colour::red;
  return sign == "~" ? Colour::yellow : Colour::plain;
}

std::string counted(std::uint64_t count, const std::string& one, const std::string& many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

// "1 unchanged, 3 hosts untouched"; empty: there is neither.
std::string left_alone_text(const json& answer) {
  std::string text;
  const std::size_t unchanged = child_in(answer, "unchanged").size();
  if (unchanged > 0) text = std::to_string(unchanged) + " unchanged";
  const std::uint64_t untouched = number_in(answer, "untouched");
  if (untouched > 0) text += (text.empty() ? "" : ", ") + counted(untouched, "host", "hosts") + " untouched";
  return text;
}

std::string estimate_text(const json& estimate) {
  const std::uint64_t expected_ms = number_in(estimate, "expected_ms"), unknown = number_in(estimate, "unknown_steps");
  if (expected_ms == 0) return {};
  std::string text = "about " + duration_text(expected_ms);
  if (unknown > 0) text += ", and what " + counted(unknown, "step", "steps") + " of a kind never timed will take";
  return text + "\n";
}

std::map<std::string, std::string> reasons_by_line(const json& plan) {
  std::map<std::string, std::string> out;
  for (const auto& line : child_in(plan, "plan")) out[plan_line(line)] = text_in(line, "reason");
  return out;
}

}  // namespace

std::string plan_line(const json& line) {
  const std::string server = text_in(line, "server"), name = text_in(line, "name");
  std::string text = text_in(line, "sign") + " " + text_in(line, "action");
  if (!name.empty()) text += " " + name;
  if (!server.empty() && server != name) text += " on " + server;
  return one_line(text);
}

std::string plan_text(const json& answer, const Console& console) {
  std::string out, operation;
  const json& plan = child_in(answer, "plan");
  const bool grouped = child_in(answer, "operations").size() > 1;
  for (const auto& line : plan) {
    const std::string reason = text_in(line, "reason");
    if (grouped && text_in(line, "operation") != operation) {
      operation = text_in(line, "operation");
      out += console.out_paint(Colour::bold, one_line(operation)) + ":\n";
    }
    out += (grouped ? "  " : "") + console.out_paint(colour_of(text_in(line, "sign")), plan_line(line)) +
           (reason.empty() ? "" : "  (" + one_line(reason) + ")") + "\n";
  }
  if (const auto total = number_in(answer, "plan_total"); total > plan.size()) {
    out += "... and " + std::to_string(total - plan.size()) + " more\n";
  }
  for (const auto& note : child_in(answer, "notes")) {
    if (note.is_string()) out += "note: " + one_line(note.get_ref<const std::string&>()) + "\n";
  }
  const std::string alone = left_alone_text(answer);
  if (plan.empty()) {
    out += "nothing to do" + (alone.empty() ? "" : ": " + alone) + "\n";
  } else if (!alone.empty()) {
    out += alone + "\n";
  }
  return out + estimate_text(child_in(answer, "estimate"));
}

bool removes_something(const json& answer) {
  const json& plan = child_in(answer, "plan");
  return std::any_of(plan.begin(), plan.end(), [](const json& line) {
    const std::string sign = text_in(line, "sign");
    return sign == "-" || sign == "-/+";
  });
}

std::vector<std::string> plan_differences(const json& saved, const json& now) {
  const auto before = reasons_by_line(saved), after = reasons_by_line(now);
  std::vector<std::string> out;
  for (const auto& [line, reason] : before) {
    if (!after.contains(line))
      out.push_back("not any more:  " + line + (reason.empty() ? "" : "  (it was: " + reason + ")"));
  }
  for (const auto& [line, reason] : after) {
    const auto known = before.find(line);
    if (known == before.end()) {
      out.push_back("new:           " + line + (reason.empty() ? "" : "  (" + reason + ")"));
    } else if (known->second != reason) {
      out.push_back("for another reason: " + line + "  (it was: " + known->second + "; it is: " + reason + ")");
    }
  }
  if (number_in(saved, "plan_total") != number_in(now, "plan_total")) {
    out.push_back("steps: " + std::to_string(number_in(saved, "plan_total")) + " then, " +
                  std::to_string(number_in(now, "plan_total")) + " now");
  }
  return out;
}

}  // namespace prov::cli
