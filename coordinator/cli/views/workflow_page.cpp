#include "coordinator/cli/views/workflow_page.h"

#include "common/json/json.h"
#include "common/time.h"
#include "coordinator/cli/views/render.h"

namespace prov::cli {

using nlohmann::json;

namespace {

constexpr std::size_t kMessageWidth = 100;

std::string state_word(const json& task) {
  const std::string outcome = text_in(task, "outcome");
  return outcome.empty() ? text_in(task, "state") : outcome;
}

std::string steps_table(const json& tasks, std::uint64_t now_ms, const Console& console) {
  Table table({"#", "STEP", "HOST", "STATE", "ATTEMPT", "TOOK", "EXIT", "MESSAGE"});
  std::size_t number = 0;
  for (const auto& task : tasks) {
    const std::string state = state_word(task), message = text_in(task, "message");
    const std::uint64_t begin_ms = parse_iso8601(text_in(task, "started_at")).value_or(0);
    const std::uint64_t end_ms = parse_iso8601(text_in(task, "completed_at")).value_or(0);
    table.add({{std::to_string(++number), Colour::dim},
               {text_in(task, "name"), Colour::bold},
               {text_in(task, "server")},
               {state, colour_of_status(state)},
               {number_in(task, "attempt") == 0 ? "" : text_in(task, "attempt")},
               {took_text(begin_ms, end_ms, now_ms)},
               {text_in(task, "exit_code")},
               {cut_to(one_line(message), kMessageWidth)}});
  }
  return table.text(console);
}

std::string failed_text(const json& counts) {
  std::string text;
  for (const char* word : {"failed", "skipped", "in_doubt", "not_delivered"}) {
    const std::uint64_t count = number_in(counts, word);
    std::string shown = word;
    for (char& c : shown) c = c == '_' ? ' ' : c;
    if (count > 0) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + shown;
  }
  return text;
}

std::string operations_table(const json& operations, const Console& console) {
  Table table({"OPERATION", "KIND", "STATE", "STEPS", "NOT DONE", "WAVES", "WHY"});
  for (const auto& one : operations) {
    const bool ended = text_in(one, "status") == "ended";
    const std::string state = flag_in(one, "unneeded") ? "not needed" : text_in(one, ended ? "outcome" : "status");
    const json &counts = child_in(one, "counts"), &waves = child_in(one, "waves");
    const bool rolls = number_in(waves, "total") > 1;
    std::string message = text_in(one, "message");
    if (flag_in(one, "set_aside"))
      message += (message.empty() ? "" : "; ") + std::string("set aside by a retry of others");
    table.add({{text_in(one, "id"), Colour::bold},
               {text_in(one, "kind")},
               {state, colour_of_status(state)},
               {progress_text(counts)},
               {failed_text(counts)},
               {rolls ? text_in(waves, "opened") + "/" + text_in(waves, "total") : ""},
               {cut_to(one_line(message.empty() ? text_in(one, "note") : message), kMessageWidth)}});
  }
  return table.text(console);
}

std::string status_text(const json& workflow) {
  const std::string outcome = text_in(workflow, "outcome");
  if (!outcome.empty()) return outcome;
  if (flag_in(workflow, "cancelling")) return "being cancelled";
  return flag_in(workflow, "paused") ? "paused" : text_in(workflow, "status");
}

std::string names_of(const json& list, const char* field) {
  std::string text;
  for (const auto& one : list) text += (text.empty() ? "" : ", ") + text_in(one, field);
  return text;
}

std::string facts(const json& workflow, std::uint64_t now_ms) {
  std::vector<std::pair<std::string, std::string>> out{
      {"workflow", text_in(workflow, "id")},
      {"kind", text_in(workflow, "kind")},
      {"status", status_text(workflow)},
      {"steps", progress_text(child_in(workflow, "counts")) + " done"},
      {"submitted", time_text(number_in(workflow, "submitted_ms")) + " by " + text_in(workflow, "initiator")},
      {"took", took_text(number_in(workflow, "submitted_ms"), number_in(workflow, "ended_ms"), now_ms)}};
  const std::pair<const char*, std::string> more[] = {
      {"name", text_in(workflow, "kind") == "batch" ? text_in(workflow, "name") : ""},
      {"undoes", text_in(workflow, "rolls_back")},
      {"undone by", text_in(workflow, "rolled_back_by")},
      {"checkpoints", names_of(child_in(workflow, "checkpoints"), "name")}};
  for (const auto& [name, value] : more) {
    if (!value.empty()) out.emplace_back(name, value);
  }
  return facts_text(out);
}

std::string asides(const json& workflow) {
  std::string text;
  for (const auto& note : child_in(workflow, "notes")) {
    if (note.is_string()) text += "note: " + one_line(note.get_ref<const std::string&>()) + "\n";
  }
  for (const auto& one : child_in(workflow, "awaiting_approval")) {
    text += "waits for a yes: " + one_line(text_in(one, "operation") + ": " + text_in(one, "prompt")) +
            "  (provisioning workflow approve " + text_in(one, "task") + ")\n";
  }
  return text;
}

}  // namespace

std::string took_text(std::uint64_t begin_ms, std::uint64_t end_ms, std::uint64_t now_ms) {
  if (begin_ms == 0) return {};
  const std::uint64_t until_ms = end_ms == 0 ? now_ms : end_ms;
  return until_ms >= begin_ms ? duration_text(until_ms - begin_ms) : std::string();
}

std::string progress_text(const json& counts) { return text_in(counts, "done") + "/" + text_in(counts, "total"); }

std::string workflow_page(const json& workflow, std::uint64_t now_ms, const Console& console) {
  const json& operations = child_in(workflow, "operations");
  std::string text = facts(workflow, now_ms) + asides(workflow) + "\n";
  if (operations.size() > 1) text += operations_table(operations, console) + "\n";
  return text + steps_table(child_in(workflow, "tasks"), now_ms, console);
}

}  // namespace prov::cli
