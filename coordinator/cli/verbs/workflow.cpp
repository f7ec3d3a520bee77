#include <algorithm>
#include <charconv>
#include <map>

#include "common/json/json.h"
#include "coordinator/cli/monitor.h"
#include "coordinator/cli/output_stream.h"
#include "coordinator/cli/verbs/verbs.h"
#include "coordinator/cli/views/monitor_view.h"
#include "coordinator/cli/views/render.h"
#include "coordinator/cli/views/workflow_page.h"
#include "coordinator/cli/workflow_list.h"

namespace prov::cli {

using nlohmann::json;

namespace {

constexpr std::size_t kMostSteps = 10'000;
constexpr std::size_t kMostAgents = 100'000;

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
  context.console.say("the step ended: " + one_line(outcome) + (end.exit_code == 0 ? "" : ", ") +
                      exit_text(end.exit_code));
  return exit;
}

bool waits_for_its_agent(const json& task) {
  const std::string command = text_in(task, "command");
  const bool by_provider = command == "server create" || command == "server delete" || command == "agent await";
  return text_in(task, "state") == "ready" && !by_provider && !text_in(task, "server").empty();
}

// Steps that could begin and whose host is away say so. Where agents cannot be listed nothing is said.
void say_who_is_away(Client& client, json& workflow) {
  if (!child_in(workflow, "tasks").is_array()) return;
  json& tasks = workflow["tasks"];
  if (std::none_of(tasks.begin(), tasks.end(), waits_for_its_agent)) return;
  const auto agents = client.list("/agents", {{"workspace", text_in(workflow, "workspace")}}, kMostAgents);
  if (!agents) return;
  std::map<std::string, bool> reachable;
  for (const auto& agent : *agents) reachable[text_in(agent, "server")] |= flag_in(agent, "reachable");
  for (auto& task : tasks) {
    const auto agent = reachable.find(text_in(task, "server"));
    if (!waits_for_its_agent(task) || agent == reachable.end() || agent->second) continue;
    task["message"] = "waits for its agent, which is lost: provisioning agent show " + agent->first;
  }
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

// Of a step that was named by its number and is not there: how many there are.
tl::unexpected<Error> no_such_step(Client& client, const std::string& asked, const std::string& task,
                                   const Error& error) {
  const auto id = parse_id(task);
  if (error.code != Code::not_found || asked == task || !id) return tl::unexpected(error);
  const std::string workflow = to_text(workflow_id(*id));
  const auto there = client.get("/workflows/" + path_segment(workflow), {{"limit", "1"}});
  if (!there) return tl::unexpected(error);
  const std::uint64_t steps = number_in(child_in(*there, "counts"), "total");
  const std::string number = asked.substr(asked.find('/') + 1);  // npos + 1: all of it
  return fail(Code::not_found,
              "there is no step " + number + ": workflow " + workflow + " has " + std::to_string(steps) +
                  (steps == 1 ? " step" : " steps"),
              "provisioning workflow status " + workflow);
}

}  // namespace

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

std::string workflow_table(const Context& context, const json& items) {
  Table table({"WORKFLOW", "KIND", "INFRA", "STATUS", "STEPS", "SUBMITTED", "TOOK", "NAME"});
  for (const auto& one : items) {
    const std::string outcome = text_in(one, "outcome");
    const std::string status = outcome.empty() ? text_in(one, "status") : outcome;
    table.add({{text_in(one, "id"), Colour::bold},
               {text_in(one, "kind")},
               {text_in(one, "infra")},
               {status, colour_of_status(status)},
               {progress_text(child_in(one, "counts"))},
               {time_text(number_in(one, "submitted_ms"))},
               {took_text(number_in(one, "submitted_ms"), number_in(one, "ended_ms"), context.world.now_ms())},
               {text_in(one, "name")}});
  }
  return table.text(context.console);
}

Result<Exit> workflow_list(Context& context) { return list_workflows(context, "/workflows"); }

Result<Exit> list_workflows(Context& context, const std::string& path) {
  auto workspace = context.workspace_name_or_all();
  if (!workspace) return tl::unexpected(workspace.error());
  auto limit = context.number("limit", 20, 1, 100'000);
  if (!limit) return tl::unexpected(limit.error());
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  auto items = (*client)->list(path, {{"workspace", *workspace}, {"status", context.call.value("status")}}, *limit);
  if (!items) return tl::unexpected(items.error());
  context.print({{"items", *items}, {"total", items->size()}}, [&] { return workflow_table(context, *items); });
  if (items->empty()) context.console.say("those of all time: provisioning workflow history");
  return Exit::ok;
}

Result<Exit> workflow_status(Context& context) {
  auto id = asked_workflow(context);
  if (!id) return tl::unexpected(id.error());
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  auto workflow = (*client)->get("/workflows/" + path_segment(*id), {{"limit", std::to_string(kMostSteps)}});
  if (!workflow) return tl::unexpected(workflow.error());
  say_who_is_away(**client, *workflow);
  context.print(*workflow, [&] { return workflow_page(*workflow, context.world.now_ms(), context.console); });
  return Exit::ok;
}

Result<Exit> workflow_monitor(Context& context) {
  auto id = asked_workflow(context);
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
    if (!end) return no_such_step(**client, context.call.args[0], *id, end.error());
    if (!raw) {
      context.print({{"task", *id}, {"output", kept}, {"complete", !end->interrupted}, {"outcome", end->outcome}},
                    [] { return std::string(); });
    }
    return told_end(context, *id, *end);
  }
  auto complete = read_output(context, **client, *id, show);
  if (!complete) return no_such_step(**client, context.call.args[0], *id, complete.error());
  const bool all = *complete == "true";
  if (!raw) context.print({{"task", *id}, {"output", kept}, {"complete", all}}, [] { return std::string(); });
  if (raw && !all) context.console.say("more may come: provisioning workflow output " + *id + " --follow");
  return Exit::ok;
}

Result<Exit> workflow_cancel(Context& context) {
  auto id = asked_workflow(context);
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
