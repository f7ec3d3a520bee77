#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "common/time.h"
#include "coordinator/cli/monitor.h"
#include "coordinator/cli/monitor_view.h"
#include "coordinator/cli/output_stream.h"
#include "coordinator/cli/render.h"
#include "coordinator/cli/verbs.h"

namespace prov::cli {

using nlohmann::json;

namespace {

constexpr std::size_t kMostSteps = 10'000;

std::string progress_text(const json& counts) { return text_in(counts, "done") + "/" + text_in(counts, "total"); }

std::string took(std::uint64_t begin_ms, std::uint64_t end_ms, std::uint64_t now_ms) {
  if (begin_ms == 0) return {};
  const std::uint64_t until_ms = end_ms == 0 ? now_ms : end_ms;
  return until_ms >= begin_ms ? duration_text(until_ms - begin_ms) : std::string();
}

std::string state_word(const json& task) {
  const std::string outcome = text_in(task, "outcome");
  return outcome.empty() ? text_in(task, "state") : outcome;
}

std::string steps_table(Context& context, const json& tasks) {
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
               {took(begin_ms, end_ms, context.world.now_ms())},
               {text_in(task, "exit_code")},
               {cut_to(one_line(message), 100)}});
  }
  return table.text(context.console);
}

// A task by its id; a number is that step of the newest workflow, and "ID/NUMBER" of that workflow.
Result<std::string> task_in_question(Context& context, const std::string& asked) {
  const std::size_t slash = asked.find('/');
  const std::string number = slash == std::string::npos ? asked : asked.substr(slash + 1);
  std::uint32_t step = 0;
  const auto read = std::from_chars(number.data(), number.data() + number.size(), step);
  const bool whole = read.ec == std::errc() && read.ptr == number.data() + number.size() && number.size() < 8;
  if (!whole || step == 0) {
    const auto id = parse_id(asked);
    if (id && task_index(*id)) return asked;
    return fail(Code::invalid, "\"" + asked + "\" is not a step: give its id, or its number in \"workflow status\"",
                "provisioning workflow status" + std::string(id ? " " + asked : ""));
  }
  auto workflow = workflow_in_question(context, slash == std::string::npos ? "" : asked.substr(0, slash));
  if (!workflow) return workflow;
  const auto id = parse_id(*workflow);
  if (!id) return fail(Code::internal, "the coordinator's workflow id is none: " + *workflow);
  return to_text(task_id(*id, step - 1));
}

Exit exit_of_step(const std::string& outcome) {
  if (outcome == "done" || outcome == "unchanged") return Exit::ok;
  return outcome == "in doubt" || outcome == "in_doubt" ? Exit::in_doubt : Exit::failed;
}

// Says how a step that was followed ended, unless all is well.
Exit told_end(Context& context, const std::string& task, const OutputEnd& end) {
  if (end.interrupted) {
    context.console.warn("interrupted; the step goes on");
    context.console.warn("come back: provisioning workflow output " + task + " --follow");
    return Exit::interrupted;
  }
  const Exit exit = exit_of_step(end.outcome);
  if (exit == Exit::ok) return exit;
  std::string outcome = end.outcome;
  std::replace(outcome.begin(), outcome.end(), '_', ' ');
  context.console.say("the step ended: " + one_line(outcome) +
                      (end.exit_code == 0 ? "" : ", exit " + std::to_string(end.exit_code)));
  return exit;
}

// What is stored so far, in pieces.
Result<std::string> read_output(Context& context, Client& client, const std::string& task,
                                const std::function<void(std::string_view)>& show) {
  std::uint64_t offset = 0;
  std::string complete;
  for (;;) {
    auto piece = client.get_bytes("/tasks/" + path_segment(task) + "/output",
                                  {{"attempt", context.call.value("attempt")}, {"offset", std::to_string(offset)}});
    if (!piece) return tl::unexpected(piece.error());
    show(piece->body);
    offset += piece->body.size();
    complete = piece->header("x-output-complete");
    std::uint64_t total = 0;
    const std::string text = piece->header("x-output-total");
    std::from_chars(text.data(), text.data() + text.size(), total);
    if (piece->body.empty() || offset >= total) return complete;
  }
}

}  // namespace

Result<Exit> workflow_list(Context& context) {
  auto workspace = context.workspace_name_or_all();
  if (!workspace) return tl::unexpected(workspace.error());
  auto limit = context.number("limit", 20, 1, 100'000);
  if (!limit) return tl::unexpected(limit.error());
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  auto items =
      (*client)->list("/workflows", {{"workspace", *workspace}, {"status", context.call.value("status")}}, *limit);
  if (!items) return tl::unexpected(items.error());
  context.print({{"items", *items}, {"total", items->size()}}, [&] {
    Table table({"WORKFLOW", "KIND", "INFRA", "STATUS", "STEPS", "SUBMITTED", "TOOK"});
    for (const auto& one : *items) {
      const std::string outcome = text_in(one, "outcome");
      const std::string status = outcome.empty() ? text_in(one, "status") : outcome;
      table.add({{text_in(one, "id"), Colour::bold},
                 {text_in(one, "kind")},
                 {text_in(one, "infra")},
                 {status, colour_of_status(status)},
                 {progress_text(child_in(one, "counts"))},
                 {time_text(number_in(one, "submitted_ms"))},
                 {took(number_in(one, "submitted_ms"), number_in(one, "ended_ms"), context.world.now_ms())}});
    }
    return table.text(context.console);
  });
  return Exit::ok;
}

Result<Exit> workflow_status(Context& context) {
  auto id = workflow_in_question(context, context.call.args.empty() ? "" : context.call.args[0]);
  if (!id) return tl::unexpected(id.error());
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  auto workflow = (*client)->get("/workflows/" + path_segment(*id), {{"limit", std::to_string(kMostSteps)}});
  if (!workflow) return tl::unexpected(workflow.error());
  context.print(*workflow, [&] {
    const std::string outcome = text_in(*workflow, "outcome");
    return facts_text({{"workflow", *id},
                       {"kind", text_in(*workflow, "kind")},
                       {"status", outcome.empty() ? text_in(*workflow, "status") : outcome},
                       {"steps", progress_text(child_in(*workflow, "counts")) + " done"},
                       {"submitted",
                        time_text(number_in(*workflow, "submitted_ms")) + " by " + text_in(*workflow, "initiator")},
                       {"took", took(number_in(*workflow, "submitted_ms"), number_in(*workflow, "ended_ms"),
                                     context.world.now_ms())}}) +
           "\n" + steps_table(context, child_in(*workflow, "tasks"));
  });
  return Exit::ok;
}

Result<Exit> workflow_monitor(Context& context) {
  auto id = workflow_in_question(context, context.call.args.empty() ? "" : context.call.args[0]);
  if (!id) return tl::unexpected(id.error());
  return follow_workflow(context, *id);
}

Result<Exit> workflow_output(Context& context) {
  if (context.call.has("follow") && context.call.has("attempt")) {
    return fail(Code::invalid, "--follow shows the newest attempt, and every later one", "leave out --attempt");
  }
  auto id = task_in_question(context, context.call.args[0]);
  if (!id) return tl::unexpected(id.error());
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  const bool raw = context.format() == Format::table;
  std::string kept;
  const auto show = [&](std::string_view bytes) {
    if (raw) {
      context.console.result(bytes);
    } else {
      kept += bytes;
    }
  };
  if (context.call.has("follow")) {
    const auto waiting = [&] { context.console.say("nothing yet; waiting (Ctrl-C stops looking, the step goes on)"); };
    auto end = follow_output(context, **client, *id, show, waiting);
    if (!end) return tl::unexpected(end.error());
    if (!raw) {
      context.print({{"task", *id}, {"output", kept}, {"complete", !end->interrupted}, {"outcome", end->outcome}},
                    [] { return std::string(); });
    }
    return told_end(context, *id, *end);
  }
  auto complete = read_output(context, **client, *id, show);
  if (!complete) return tl::unexpected(complete.error());
  const bool all = *complete == "true";
  if (!raw) context.print({{"task", *id}, {"output", kept}, {"complete", all}}, [] { return std::string(); });
  if (raw && !all) context.console.say("more may come: provisioning workflow output " + *id + " --follow");
  return Exit::ok;
}

Result<Exit> workflow_cancel(Context& context) {
  auto id = workflow_in_question(context, context.call.args[0]);
  if (!id) return tl::unexpected(id.error());
  auto sure = context.confirmed("Cancel workflow " + *id + "? What runs is stopped.");
  if (!sure) return tl::unexpected(sure.error());
  if (!*sure) return Exit::failed;
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  auto done = (*client)->post("/workflows/" + path_segment(*id) + "/cancel", {}, nullptr);
  if (!done) return tl::unexpected(done.error());
  context.print(*done, [&] {
    return "workflow " + *id +
           (flag_in(*done, "changed") ? " is being cancelled\n" : " was cancelled or ended already\n");
  });
  context.console.say("see how it ends: provisioning workflow monitor " + *id);
  return Exit::ok;
}

}  // namespace prov::cli
