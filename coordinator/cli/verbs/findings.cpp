#include "coordinator/cli/verbs/findings.h"

#include "common/code_names.h"
#include "common/json/json.h"

namespace prov::cli {

using kit::Severity;
using nlohmann::json;

namespace {

Colour colour_of(Severity severity) {
  return severity == Severity::error ? Colour::red : severity == Severity::warning ? Colour::yellow : Colour::dim;
}

// "2 errors, 1 warning"; empty: nothing.
std::string counts_text(std::size_t errors, std::size_t warnings, std::size_t notes) {
  std::string text;
  const auto add = [&](std::size_t count, const std::string& word) {
    if (count == 0) return;
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + word + (count == 1 ? "" : "s");
  };
  add(errors, "error");
  add(warnings, "warning");
  add(notes, "note");
  return text;
}

std::string finding_text(const workspace::Finding& one, const Console& console) {
  std::string text = one_line(workspace::place_text(one)) + ": " +
                     console.out_paint(colour_of(one.severity), workspace::name_of(one.severity)) + ": ";
  for (std::size_t at = 0; at <= one.message.size();) {  // an explanation has a sentence a line
    const std::size_t end = std::min(one.message.find('\n', at), one.message.size());
    text += (at == 0 ? "" : "    ") + one_line(one.message.substr(at, end - at)) + "\n";
    at = end + 1;
  }
  return one.hint.empty() ? text : text + "    hint: " + one_line(one.hint) + "\n";
}

std::string summary_text(const kit::Checked& item) {
  std::size_t counts[3] = {0, 0, 0};
  for (const auto& one : item.findings) ++counts[static_cast<std::size_t>(one.severity)];
  const std::string counted = counts_text(counts[0], counts[1], counts[2]);
  return std::string(workspace::name_of(item.subject.kind)) + " " + item.subject.name +
         (item.version.empty() ? "" : " " + item.version) + ": " + (counted.empty() ? "ok" : counted) + "\n";
}

}  // namespace

json finding_json(const workspace::Finding& one) {
  json out{{"severity", workspace::name_of(one.severity)},
           {"code", name_of(one.code)},
           {"file", one.file},
           {"message", one.message},
           {"hint", one.hint}};
  out["line"] = one.place.line > 0 ? json(one.place.line) : json();
  out["column"] = one.place.line > 0 ? json(one.place.column) : json();
  return out;
}

json report_json(const kit::Report& report) {
  json items = json::array();
  for (const auto& item : report.items) {
    json problems = json::array();
    for (const auto& one : item.findings) problems.push_back(finding_json(one));
    items.push_back({{"kind", workspace::name_of(item.subject.kind)},
                     {"name", item.subject.name},
                     {"version", item.version},
                     {"folder", item.subject.folder},
                     {"problems", std::move(problems)}});
  }
  return {{"items", std::move(items)},
          {"total", report.items.size()},
          {"errors", report.count(Severity::error)},
          {"warnings", report.count(Severity::warning)},
          {"notes", report.notes}};
}

std::string report_text(const kit::Report& report, const Console& console) {
  std::string findings, summary;
  for (const auto& item : report.items) {
    for (const auto& one : item.findings) findings += finding_text(one, console);
    summary += summary_text(item);
  }
  for (const auto& note : report.notes) summary += "note: " + note + "\n";
  const std::string counted = counts_text(report.count(Severity::error), report.count(Severity::warning), 0);
  return findings + summary + std::to_string(report.items.size()) + " looked at, " +
         (counted.empty() ? "nothing wrong" : counted) + "\n";
}

Exit exit_of(const kit::Report& report) { return report.count(Severity::error) > 0 ? Exit::usage : Exit::ok; }

}  // namespace prov::cli
