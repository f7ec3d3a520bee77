#include "coordinator/cli/views/monitor_view.h"

#include <algorithm>
#include <map>

#include "coordinator/cli/command.h"
#include "coordinator/cli/views/render.h"

namespace prov::cli {
namespace {

constexpr std::size_t kWordColumn = 14;
constexpr std::size_t kBarCells = 20;
constexpr std::size_t kMostReasons = 5;

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
  std::string text = exit_text(step.exit_code);
  const bool said = step.message == "exit code " + std::to_string(step.exit_code);
  if (!step.message.empty() && !said) text += (text.empty() ? "" : ": ") + step.message;
  if (!step.last_line.empty() && step.outcome == "failed")
    text += (text.empty() ? "" : "; ") + ("it said: " + step.last_line);
  return text;
}

std::string name_of(const Step& step) {
  if (step.server.empty() || step.name.find(step.server) != std::string::npos) return step.name;
  return step.server + ": " + step.name;
}

bool has_failed(const Step& step) {
  return step.state == Step::State::ended && !succeeded(step) && step.outcome != "cancelled" &&
         step.outcome != "skipped";
}

std::uint64_t first_start_ms(const MonitorModel& model, const OperationView& operation) {
  std::uint64_t first_ms = 0;
  const std::size_t end = std::min(operation.first + operation.count, model.steps().size());
  for (std::size_t i = operation.first; i < end; ++i) {
    const std::uint64_t started_ms = model.steps()[i].started_ms;
    if (started_ms != 0 && (first_ms == 0 || started_ms < first_ms)) first_ms = started_ms;
  }
  return first_ms;
}

// Those that are under way: a workflow of one command needs no line for that, unless it has many steps.
void add_operations(const MonitorModel& model, std::uint64_t now_ms, std::size_t most, std::size_t width,
                    std::vector<std::string>& lines) {
  const auto& operations = model.operations();
  if (operations.size() < 2 && model.steps().size() <= kManySteps) return;
  std::size_t shown = 0, hidden = 0;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const StepCounts counts = model.counts_of(operations[i].first, operations[i].count);
    const bool begun = !operations[i].waiting && !operations[i].ended;
    if (!begun || counts.running + counts.waiting == 0) continue;
    if (shown == most) {
      ++hidden;
      continue;
    }
    ++shown;
    lines.push_back(cut_to(operation_line(model, i, now_ms), width));
  }
  if (hidden > 0) lines.push_back(cut_to("  ... and " + std::to_string(hidden) + " more operations", width));
}

std::string running_line(const Step& step, std::uint64_t now_ms) {
  std::string line = "  > " + name_of(step);
  if (!step.prompt.empty()) line += "  (waits for a yes: " + step.prompt + ")";
  if (step.prompt.empty() && step.state == Step::State::sent) line += "  (sent)";
  if (step.started_ms > 0 && now_ms >= step.started_ms) line += "  " + duration_text(now_ms - step.started_ms);
  if (!step.last_line.empty()) line += "  | " + step.last_line;
  return line;
}

// Why steps were left out: each reason once, with how many.
std::string left_out_text(const MonitorModel& model) {
  std::map<std::string, std::size_t> reasons;
  for (const auto& step : model.steps()) {
    const bool left_out =
        step.state == Step::State::ended && (step.outcome == "skipped" || step.outcome == "cancelled");
    if (left_out) ++reasons[step.outcome + (step.message.empty() ? "" : ": " + step.message)];
  }
  std::string text;
  std::size_t shown = 0;
  for (const auto& [reason, count] : reasons) {
    if (shown++ == kMostReasons) return text + "  ... and more: see the workflow's status\n";
    text += "  " + std::to_string(count) + (count == 1 ? " step " : " steps ") + reason + "\n";
  }
  return text;
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

std::string operation_line(const MonitorModel& model, std::size_t index, std::uint64_t now_ms) {
  const OperationView& operation = model.operations()[index];
  const StepCounts counts = model.counts_of(operation.first, operation.count);
  const std::size_t ended = counts.total - counts.running - counts.waiting;
  const std::size_t filled = counts.total == 0 ? 0 : ended * kBarCells / counts.total;
  std::string text = "  " + padded(operation.id.empty() ? "steps" : operation.id) + "[" + std::string(filled, '#') +
                     std::string(kBarCells - filled, '.') + "] " + std::to_string(ended) + "/" +
                     std::to_string(counts.total);
  if (counts.failed > 0) text += ", " + std::to_string(counts.failed) + " failed";
  const std::uint64_t begin_ms = first_start_ms(model, operation);
  if (begin_ms == 0 || now_ms <= begin_ms || ended == 0) return text;
  const std::uint64_t took_ms = now_ms - begin_ms;
  const std::uint64_t tenths = ended * 10'000 / took_ms;
  if (tenths > 0) text += "  " + std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + "/s";
  const std::uint64_t left_ms = (counts.total - ended) * took_ms / ended;
  return left_ms == 0 ? text : text + "  about " + duration_text(left_ms) + " more";
}

std::vector<std::string> live_lines(const MonitorModel& model, std::uint64_t now_ms, std::uint64_t elapsed_ms, int rows,
                                    int columns) {
  const auto width = static_cast<std::size_t>(std::max(columns - 1, 20));  // the last column would wrap
  const auto most = static_cast<std::size_t>(std::max(rows - 1, 1));
  std::vector<std::string> lines{cut_to(
      counts_line(model.counts()) + "  " + duration_text(elapsed_ms) + (model.paused() ? "  paused" : ""), width)};
  add_operations(model, now_ms, std::max<std::size_t>(most / 2, 1), width, lines);
  std::size_t hidden = 0;
  for (const auto& step : model.steps()) {
    if (step.state != Step::State::sent && step.state != Step::State::running) continue;
    if (lines.size() >= most) {
      ++hidden;
      continue;
    }
    lines.push_back(cut_to(running_line(step, now_ms), width));
  }
  if (hidden > 0) lines.back() = cut_to("  > ... and " + std::to_string(hidden + 1) + " more", width);
  return lines;
}

bool worth_a_line(const MonitorModel& model, const StepChange& change) {
  if (model.steps().size() <= kManySteps) return true;
  if (change.what == StepChange::What::started) return false;
  const Step& step = model.steps()[change.step];
  return change.what == StepChange::What::again || (!succeeded(step) && step.outcome != "skipped");
}

std::string summary_text(const std::string& workflow, const MonitorModel& model, const Console& console) {
  const StepCounts counts = model.counts();
  const std::string outcome = model.outcome().empty() ? "ended" : model.outcome();
  std::string text = "workflow " + workflow + ": " + console.out_paint(colour_of_status(outcome), outcome) + "\n";
  text += "done " + std::to_string(counts.done) + ", failed " + std::to_string(counts.failed) + ", skipped " +
          std::to_string(counts.skipped) + ", not delivered " + std::to_string(counts.not_delivered) + ", in doubt " +
          std::to_string(counts.in_doubt) + "\n";
  std::size_t failures = 0;
  for (const auto& step : model.steps()) {
    if (!has_failed(step) || ++failures > kMostFailures) continue;
    const std::string reason = why(step);
    text += "  " + console.out_paint(colour_of_status(step.outcome), padded(step.outcome)) + name_of(step) +
            (reason.empty() ? "" : "  " + reason) + "\n";
  }
  if (failures > kMostFailures) text += "  ... and " + std::to_string(failures - kMostFailures) + " more\n";
  return text + left_out_text(model);
}

std::vector<std::string> next_commands(const std::string& workflow, const MonitorModel& model) {
  if (exit_of_workflow(model.outcome(), model.counts()) == Exit::ok) return {};
  std::vector<std::string> out;
  const std::string program(kProgram), wf = program + " workflow ";
  const auto& steps = model.steps();
  const auto failed = std::find_if(steps.begin(), steps.end(), has_failed);
  if (failed != steps.end() && failed->attempt > 0) {
    out.push_back(wf + "output " + workflow + "/" + std::to_string(failed - steps.begin() + 1));
  }
  if (!model.rolled_back_by().empty()) {
    out.push_back(wf + "monitor " + model.rolled_back_by().back());
  } else if (!model.past()) {
    const bool doubt = model.counts().in_doubt > 0;
    out.push_back(wf + "retry " + workflow + " --failed" + (doubt ? " --in-doubt" : ""));
    if (model.counts().done > 0 && !model.rollback()) out.push_back(wf + "rollback " + workflow + " --check");
  }
  if (failed == steps.end()) out.insert(out.begin(), wf + "status " + workflow);
  return out;
}

Exit exit_of_workflow(const std::string& outcome, const StepCounts& counts) {
  if (counts.in_doubt > 0 || outcome == "in doubt") return Exit::in_doubt;
  // What was skipped in one that ended well was not needed: its condition was false.
  const std::size_t bad = counts.failed + counts.not_delivered;
  if (bad == 0 && (outcome == "done" || outcome == "unchanged")) return Exit::ok;
  return counts.done > 0 ? Exit::partly_failed : Exit::failed;
}

}  // namespace prov::cli
