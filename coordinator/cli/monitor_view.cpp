#include "coordinator/cli/monitor_view.h"

#include <algorithm>

#include "coordinator/cli/render.h"

namespace prov::cli {
namespace {

constexpr std::size_t kWordColumn = 14;
constexpr std::size_t kMostFailures = 50;

bool succeeded(const Step& step) { return step.outcome == "done" || step.outcome == "unchanged"; }

std::string padded(std::string word) {
  word.resize(std::max(word.size() + 1, kWordColumn), ' ');
  return word;
}

std::string took(const Step& step) {
  if (step.started_ms == 0 || step.ended_ms < step.started_ms) return {};
  return "  " + duration_text(step.ended_ms - step.started_ms);
}

// Why a step did not succeed, in as many words as there are.
std::string why(const Step& step) {
  std::string text;
  if (step.exit_code != 0) {
    text = step.exit_code < 0 ? "signal " + std::to_string(-step.exit_code) : "exit " + std::to_string(step.exit_code);
  }
  const bool said = step.message == "exit code " + std::to_string(step.exit_code);
  if (!step.message.empty() && !said) text += (text.empty() ? "" : ": ") + step.message;
  if (!step.last_line.empty() && step.outcome == "failed")
    text += (text.empty() ? "" : "; ") + ("last line: " + step.last_line);
  return text;
}

std::string name_of(const Step& step) {
  if (step.server.empty() || step.name.find(step.server) != std::string::npos) return step.name;
  return step.server + ": " + step.name;
}

}  // namespace

std::string change_line(const MonitorModel& model, const StepChange& change, const Console& console) {
  const Step& step = model.steps()[change.step];
  if (change.what == StepChange::What::started) {
    const std::string again = step.attempt > 1 ? "  (attempt " + std::to_string(step.attempt) + ")" : "";
    return "  " + console.err_paint(Colour::dim, padded("started")) + name_of(step) + again;
  }
  const std::string reason = why(step);
  if (change.what == StepChange::What::again) {
    return "  " + console.err_paint(Colour::yellow, padded("again")) + name_of(step) + took(step) + "  " +
           step.outcome + (reason.empty() ? "" : ", " + reason) + "; it will be started again";
  }
  std::string line =
      "  " + console.err_paint(colour_of_status(step.outcome), padded(step.outcome)) + name_of(step) + took(step);
  return succeeded(step) || reason.empty() ? line : line + "  " + reason;
}

std::string counts_line(const StepCounts& counts) {
  std::string text = std::to_string(counts.done) + " of " + std::to_string(counts.total) + " done";
  const std::pair<std::size_t, const char*> rest[] = {{counts.running, " running"},
                                                      {counts.failed, " failed"},
                                                      {counts.skipped, " skipped"},
                                                      {counts.in_doubt, " in doubt"},
                                                      {counts.not_delivered, " not delivered"}};
  for (const auto& [count, word] : rest) {
    if (count > 0) text += ", " + std::to_string(count) + word;
  }
  return text;
}

std::vector<std::string> live_lines(const MonitorModel& model, std::uint64_t now_ms, std::uint64_t elapsed_ms, int rows,
                                    int columns) {
  const auto width = static_cast<std::size_t>(std::max(columns - 1, 20));  // the last column would wrap
  const auto most = static_cast<std::size_t>(std::max(rows - 1, 1));
  std::vector<std::string> lines{cut_to(counts_line(model.counts()) + "  " + duration_text(elapsed_ms), width)};
  std::size_t hidden = 0;
  for (const auto& step : model.steps()) {
    if (step.state != Step::State::sent && step.state != Step::State::running) continue;
    if (lines.size() >= most) {
      ++hidden;
      continue;
    }
    std::string line = "  > " + name_of(step);
    if (step.state == Step::State::sent) line += "  (sent)";
    if (step.started_ms > 0 && now_ms >= step.started_ms) line += "  " + duration_text(now_ms - step.started_ms);
    if (!step.last_line.empty()) line += "  | " + step.last_line;
    lines.push_back(cut_to(line, width));
  }
  if (hidden > 0) lines.back() = cut_to("  > ... and " + std::to_string(hidden + 1) + " more", width);
  return lines;
}

std::string summary_text(const std::string& workflow, const MonitorModel& model, const Console& console) {
  const StepCounts counts = model.counts();
  const std::string outcome = model.outcome().empty() ? "ended" : model.outcome();
  std::string text = "workflow " + workflow + ": " + console.out_paint(colour_of_status(outcome), outcome) + "\n";
  text += "done " + std::to_string(counts.done) + ", failed " + std::to_string(counts.failed) + ", skipped " +
          std::to_string(counts.skipped) + ", in doubt " + std::to_string(counts.in_doubt) + ", not delivered " +
          std::to_string(counts.not_delivered) + "\n";
  std::size_t shown = 0;
  for (const auto& step : model.steps()) {
    if (step.state != Step::State::ended || succeeded(step)) continue;
    if (++shown > kMostFailures) break;
    const std::string reason = why(step);
    text += "  " + console.out_paint(colour_of_status(step.outcome), padded(step.outcome)) + name_of(step) +
            (reason.empty() ? "" : "  " + reason) + "\n";
  }
  if (shown > kMostFailures) text += "  ... more: provisioning workflow status " + workflow + "\n";
  return text;
}

std::vector<std::string> next_commands(const std::string& workflow, const MonitorModel& model) {
  for (const auto& step : model.steps()) {
    const bool failed = step.state == Step::State::ended && step.attempt > 0 && !succeeded(step) &&
                        step.outcome != "cancelled" && step.outcome != "skipped";
    if (failed) return {"provisioning workflow output " + step.id, "provisioning workflow status " + workflow};
  }
  if (exit_of_workflow(model.outcome(), model.counts()) == Exit::ok) return {};
  return {"provisioning workflow status " + workflow};
}

Exit exit_of_workflow(const std::string& outcome, const StepCounts& counts) {
  if (counts.in_doubt > 0 || outcome == "in doubt") return Exit::in_doubt;
  const std::size_t bad = counts.failed + counts.skipped + counts.not_delivered;
  if (bad == 0 && (outcome == "done" || outcome == "unchanged")) return Exit::ok;
  return counts.done > 0 ? Exit::partly_failed : Exit::failed;
}

}  // namespace prov::cli
