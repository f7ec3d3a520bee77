#include "coordinator/cli/views/drift.h"

#include <algorithm>
#include <map>
#include <set>

#include "common/json/json.h"
#include "coordinator/cli/views/render.h"

namespace prov::cli {

using nlohmann::json;

namespace {

// The contract of scripts/check (docs/guides/extension-contract.md).
constexpr std::int64_t kNotInstalled = 20, kDiffers = 21;

bool take(std::string_view& text, std::string_view word) {
  if (text.substr(0, word.size()) != word) return false;
  text.remove_prefix(word.size());
  return true;
}

std::optional<std::string> take_quoted(std::string_view& text) {
  if (!take(text, "\"")) return std::nullopt;
  std::string out;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '"') return out;
    if (c == '\\' && !text.empty()) {
      out += text.front();
      text.remove_prefix(1);
    } else {
      out += c;
    }
  }
  return std::nullopt;
}

std::optional<Difference> difference_of(std::string_view line) {
  if (!take(line, "drift: ")) return std::nullopt;
  const std::size_t end = line.find(" expected ");
  if (end == std::string_view::npos || end == 0) return std::nullopt;
  Difference out;
  out.attribute = std::string(line.substr(0, end));
  line.remove_prefix(end);
  take(line, " expected ");
  auto expected = take_quoted(line);
  if (!expected || !take(line, " found ")) return std::nullopt;
  out.expected = std::move(*expected);
  if (line == "nothing") return out;
  out.found = take_quoted(line);
  if (!out.found || !line.empty()) return std::nullopt;
  return out;
}

std::int64_t exit_code_of(const json& task) {
  const json& value = child_in(task, "exit_code");
  return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}

std::string shown(const std::optional<std::string>& value) { return value ? "\"" + *value + "\"" : "nothing"; }

std::size_t count_of(const std::vector<Drift>& drifts, Drift::Verdict verdict) {
  return static_cast<std::size_t>(
      std::count_if(drifts.begin(), drifts.end(), [&](const Drift& one) { return one.verdict == verdict; }));
}

}  // namespace

std::vector<Difference> differences_in(std::string_view output) {
  std::vector<Difference> out;
  while (!output.empty()) {
    const std::size_t end = std::min(output.find('\n'), output.size());
    std::string_view line = output.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (auto difference = difference_of(line)) out.push_back(std::move(*difference));
    output.remove_prefix(std::min(end + 1, output.size()));
  }
  return out;
}

const char* name_of(Drift::Verdict verdict) {
  switch (verdict) {
    case Drift::Verdict::same: return "as it should be";
    case Drift::Verdict::differs: return "differs";
    case Drift::Verdict::unknown: break;
  }
  return "unknown";
}

Drift drift_of(const json& taskserv, const json& task, const std::string& output) {
  Drift out;
  out.infra = text_in(taskserv, "infra");
  out.server = text_in(taskserv, "server");
  out.name = text_in(taskserv, "name");
  out.version = text_in(taskserv, "installed_version");
  out.message = text_in(task, "message");
  const std::string outcome = text_in(task, "outcome");
  if (outcome == "done" || outcome == "unchanged") {
    out.verdict = Drift::Verdict::same;
    return out;
  }
  const std::int64_t exit_code = exit_code_of(task);
  if (outcome != "failed" || (exit_code != kNotInstalled && exit_code != kDiffers)) {
    if (out.message.empty()) out.message = outcome.empty() ? "it was not checked" : "its check ended as " + outcome;
    return out;
  }
  out.verdict = Drift::Verdict::differs;
  out.differences = differences_in(output);
  if (exit_code == kNotInstalled) out.differences.insert(out.differences.begin(), {"installed", out.version, {}});
  return out;
}

json drift_json(const std::vector<Drift>& drifts) {
  json items = json::array();
  for (const auto& one : drifts) {
    json attributes = json::array();
    for (const auto& difference : one.differences) {
      attributes.push_back({{"attribute", difference.attribute},
                            {"expected", difference.expected},
                            {"found", difference.found ? json(*difference.found) : json(nullptr)}});
    }
    items.push_back({{"server", one.server},
                     {"name", one.name},
                     {"version", one.version},
                     {"verdict", one.verdict == Drift::Verdict::same      ? "same"
                                 : one.verdict == Drift::Verdict::differs ? "differs"
                                                                          : "unknown"},
                     {"message", one.message},
                     {"attributes", std::move(attributes)}});
  }
  return {{"items", std::move(items)},
          {"same", count_of(drifts, Drift::Verdict::same)},
          {"differs", count_of(drifts, Drift::Verdict::differs)},
          {"unknown", count_of(drifts, Drift::Verdict::unknown)}};
}

std::vector<std::string> ways_back(const std::vector<Drift>& drifts) {
  constexpr std::size_t kMostServers = 8;
  struct Differing {
    std::set<std::string> names, servers;
  };
  std::map<std::string, Differing> by_infra;
  for (const auto& one : drifts) {
    if (one.verdict != Drift::Verdict::differs) continue;
    by_infra[one.infra].names.insert(one.name);
    by_infra[one.infra].servers.insert(one.server);
  }
  std::vector<std::string> out;
  for (const auto& [infra, differing] : by_infra) {
    std::string line = "provisioning taskserv create";
    for (const auto& name : differing.names) line += " " + name;
    if (!infra.empty()) line += " --infra " + infra;
    if (differing.servers.size() <= kMostServers) {
      for (const auto& server : differing.servers) line += " --server " + server;
    }
    out.push_back(line + " --again --check");
  }
  return out;
}

std::string drift_text(const std::vector<Drift>& drifts, const Console& console) {
  std::string out;
  for (const auto& one : drifts) {
    if (one.verdict == Drift::Verdict::same) continue;
    const Colour colour = one.verdict == Drift::Verdict::differs ? Colour::red : Colour::yellow;
    out += console.out_paint(colour, name_of(one.verdict)) + "  " + one_line(one.name + " on " + one.server);
    if (one.verdict == Drift::Verdict::unknown || one.differences.empty()) out += "  " + one_line(one.message);
    out += "\n";
    for (const auto& difference : one.differences) {
      out += "  ~ " +
             one_line(difference.attribute + ": it should be \"" + difference.expected + "\", there is " +
                      shown(difference.found)) +
             "\n";
    }
  }
  return out + std::to_string(count_of(drifts, Drift::Verdict::same)) + " as they should be, " +
         std::to_string(count_of(drifts, Drift::Verdict::differs)) + " differ, " +
         std::to_string(count_of(drifts, Drift::Verdict::unknown)) + " unknown\n";
}

}  // namespace prov::cli
