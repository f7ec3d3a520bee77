// A command on many hosts, and which hosts an expression means.
#include <set>

#include "common/json/json.h"
#include "coordinator/cli/limits.h"
#include "coordinator/cli/monitor.h"
#include "coordinator/cli/submit.h"
#include "coordinator/cli/verbs/step_outputs.h"
#include "coordinator/cli/verbs/verbs.h"
#include "coordinator/cli/views/monitor_view.h"
#include "coordinator/cli/views/plan_view.h"
#include "coordinator/cli/views/render.h"
#include "coordinator/expression/limit.h"

namespace prov::cli {

using nlohmann::json;

namespace {

constexpr std::size_t kMostOutputs = 1000;  // hosts whose output is shown

// A number of hosts, or a percentage; none failing may also be 0.
Result<std::string> hosts_in(const Context& context, const std::string& flag) {
  std::string text = context.call.value(flag);
  if (flag == "max-failures" && text == "0") return text;
  if (auto right = expression::Limit::parse(text); !right) {
    return fail(Code::invalid, "--" + flag + ": " + right.error().message, right.error().hint);
  }
  return text;
}

Result<json> exec_body(const Context& context) {
  json body{{"targets", context.call.value("target")}, {"argv", context.call.after_dashes}};
  const std::pair<const char*, const char*> kTexts[] = {
      {"limit", "limit"}, {"batch", "batch"}, {"max-failures", "max_failures"}};
  for (const auto& [flag, field] : kTexts) {
    if (!context.call.has(flag)) continue;
    auto hosts = hosts_in(context, flag);
    if (!hosts) return tl::unexpected(hosts.error());
    body[field] = *hosts;
  }
  const std::tuple<const char*, const char*, std::uint64_t, std::uint64_t> kNumbers[] = {
      {"limit-seed", "seed", 0, UINT64_MAX},
      {"batch-sleep", "batch_pause_s", 0, kDayS},
      {"canary", "canary", 1, 10'000},
      {"timeout", "timeout_s", 1, kDayS}};
  for (const auto& [flag, field, low, high] : kNumbers) {
    if (!context.call.has(flag)) continue;
    auto value = context.number(flag, low, low, high);
    if (!value) return tl::unexpected(value.error());
    body[field] = *value;
  }
  return body;
}

std::string heading(const json& task, const Console& console) {
  const std::string outcome = text_in(task, "outcome");
  std::string text = console.out_paint(Colour::bold, one_line(text_in(task, "server"))) + ": " +
                     console.out_paint(colour_of_status(outcome), one_line(outcome));
  const json& exit_code = child_in(task, "exit_code");
  const std::string how = exit_text(exit_code.is_number_integer() ? exit_code.get<std::int64_t>() : 0);
  return text + (how.empty() ? "" : ", ") + how + "\n";
}

std::string lines_of(const std::string& output) {
  std::string out;
  for (std::size_t begin = 0; begin < output.size();) {
    const std::size_t end = std::min(output.find('\n', begin), output.size());
    out += "  " + one_line(std::string_view(output).substr(begin, end - begin)) + "\n";
    begin = end + 1;
  }
  return out;
}

// Every host with what the command printed there; how it went stands on standard error.
Result<Exit> show_outputs(Context& context, const std::string& workflow, Exit exit) {
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  auto whole = whole_workflow(**client, workflow);
  if (!whole) return tl::unexpected(whole.error());
  std::size_t shown = 0;
  for (auto& task : (*whole)["tasks"]) {
    if (shown++ == kMostOutputs) break;
    auto output = output_of_step(**client, task);
    if (!output) return tl::unexpected(output.error());
    if (context.format() == Format::table) {
      const std::string message = number_in(task, "attempt") == 0 ? text_in(task, "message") : "";
      context.console.result(heading(task, context.console) + lines_of(*output + message));
    } else {
      task["output"] = std::move(*output);
    }
  }
  if (context.format() != Format::table) context.print(*whole, [] { return std::string(); });
  MonitorModel model;
  model.load(*whole);
  context.console.say(counts_line(model.counts()));
  if ((*whole)["tasks"].size() > kMostOutputs) {
    context.console.say("of other hosts: provisioning workflow output " + workflow + "/NUMBER");
  }
  for (const auto& command : next_commands(workflow, model)) context.console.say("next: " + command);
  return exit;
}

// Why nothing may come for a while, as far as the platform knows it.
void say_whom_it_waits_for(Context& context, Client& client, const std::string& workspace,
                           const std::string& workflow) {
  const auto begun = client.get("/workflows/" + path_segment(workflow), {{"limit", std::to_string(kMostOutputs)}});
  if (!begun || !text_in(*begun, "outcome").empty()) return;
  const auto agents = client.list("/agents", {{"workspace", workspace}}, kMostServers);
  if (!agents) return;
  std::set<std::string> reachable, draining;
  for (const auto& agent : *agents) {
    if (flag_in(agent, "reachable")) reachable.insert(text_in(agent, "server"));
    if (flag_in(agent, "draining")) draining.insert(text_in(agent, "server"));
  }
  std::vector<std::string> away, drained;
  for (const auto& task : child_in(*begun, "tasks")) {
    const std::string host = text_in(task, "server");
    if (!text_in(task, "outcome").empty()) continue;
    if (draining.contains(host)) {
      drained.push_back(host);
    } else if (!reachable.contains(host)) {
      away.push_back(host);
    }
  }
  if (!away.empty()) {
    context.console.say("waiting for " + names_text(away) + ", which cannot be reached now (Ctrl-C lets go)");
  }
  if (!drained.empty()) {
    context.console.say("waiting for " + names_text(drained) +
                        ", drained: no new work (provisioning agent drain HOST --undo; Ctrl-C lets go)");
  }
}

std::string why_text(const json& reasons) {
  std::string text;
  for (const auto& reason : reasons) {
    if (reason.is_string()) text += (text.empty() ? "" : "; ") + reason.get<std::string>();
  }
  return text;
}

}  // namespace

Result<Exit> exec_everywhere(Context& context) {
  if (context.call.after_dashes.empty()) {
    return fail(Code::invalid, "which command?", "provisioning exec --target 'role:web' -- uptime");
  }
  if (!context.call.has("target")) {
    return fail(Code::invalid, "on which hosts? --target EXPRESSION is missing",
                "--target all for every host; see: provisioning targets explain 'role:web'");
  }
  auto workspace = context.workspace();
  if (!workspace) return tl::unexpected(workspace.error());
  auto body = exec_body(context);
  if (!body) return tl::unexpected(body.error());
  const Submission submission{workspace->name, "/workflows/exec", std::move(*body), {}};
  auto answer = context.call.has("check") ? check(context, submission) : send(context, submission);
  if (!answer) return tl::unexpected(answer.error());
  const std::string workflow = text_in(*answer, "workflow");
  if (workflow.empty()) return go_on(context, *answer);
  context.console.say("workflow " + workflow);
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  say_whom_it_waits_for(context, **client, workspace->name, workflow);
  return follow_to_end(context, workflow,
                       [&](const std::string& id, Exit exit) { return show_outputs(context, id, exit); });
}

Result<Exit> targets_explain(Context& context) {
  auto workspace = context.workspace();
  if (!workspace) return tl::unexpected(workspace.error());
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  json body{{"expression", context.call.args[0]}};
  if (context.call.has("limit")) {
    auto hosts = hosts_in(context, "limit");
    if (!hosts) return tl::unexpected(hosts.error());
    body["limit"] = *hosts;
  }
  auto seed = context.number("limit-seed", 0, 0, UINT64_MAX);
  if (!seed) return tl::unexpected(seed.error());
  if (*seed != 0) body["seed"] = *seed;
  auto answer = (*client)->post("/targets/explain", {{"workspace", workspace->name}, {"limit", "10000"}}, body);
  if (!answer) return tl::unexpected(answer.error());
  context.print(*answer, [&] {
    Table table({"HOST", "MEANT", "WHY"});
    for (const auto& one : child_in(*answer, "items")) {
      const bool matched = flag_in(one, "matched"), chosen = flag_in(one, "chosen");
      const std::string word = !matched ? "no" : chosen ? "yes" : "not chosen";
      table.add({{text_in(one, "name"), Colour::bold},
                 {word, chosen ? Colour::green : Colour::plain},
                 {why_text(child_in(one, "reasons"))}});
    }
    return table.text(context.console) + std::to_string(number_in(*answer, "chosen")) + " of " +
           std::to_string(number_in(*answer, "total")) + " hosts\n";
  });
  if (number_in(*answer, "total") == 0) {
    context.console.say("the workspace has no hosts yet: provisioning server create");
  }
  return Exit::ok;
}

}  // namespace prov::cli
