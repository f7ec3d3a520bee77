#include "coordinator/cli/submit.h"

#include <nlohmann/json.hpp>

#include "coordinator/cli/monitor.h"
#include "coordinator/cli/render.h"

namespace prov::cli {

using nlohmann::json;

namespace {

std::string sign_of(const std::string& action) {
  if (action == "create" || action == "install") return "+";
  if (action == "delete" || action == "uninstall") return "-";
  return action == "await" ? "." : ">";
}

Colour colour_of(const std::string& sign) {
  return sign == "+" ? Colour::green : sign == "-" ? Colour::red : Colour::plain;
}

Result<void> prepare(Client& client, const Submission& submission) {
  auto registered = client.post("/workspaces", {}, {{"name", submission.workspace}});
  if (!registered) return tl::unexpected(registered.error());
  for (const auto& bundle : submission.bundles) {
    const Query query{{"workspace", submission.workspace}, {"kind", bundle.kind}, {"name", bundle.name}};
    if (auto there = client.ensure_blob(to_text(bundle.digest), query, bundle.bytes); !there) return there;
  }
  return {};
}

std::string submitted_text(const json& answer, const Console& console) {
  return plan_text(answer, console) + "workflow " + text_in(answer, "workflow") + "\n";
}

}  // namespace

std::string plan_text(const json& answer, const Console& console) {
  std::string out;
  const json& plan = child_in(answer, "plan");
  for (const auto& line : plan) {
    const std::string action = text_in(line, "action"), sign = sign_of(action), server = text_in(line, "server");
    const std::string name = text_in(line, "name"), reason = text_in(line, "reason");
    std::string text = sign + " " + action + " " + name;
    if (!server.empty() && server != name) text += " on " + server;
    out += console.out_paint(colour_of(sign), one_line(text)) + (reason.empty() ? "" : "  (" + one_line(reason) + ")") +
           "\n";
  }
  if (const auto total = number_in(answer, "plan_total"); total > plan.size()) {
    out += "... and " + std::to_string(total - plan.size()) + " more\n";
  }
  const std::size_t unchanged = child_in(answer, "unchanged").size();
  if (plan.empty()) out += "nothing to do";
  if (unchanged > 0) out += (plan.empty() ? ": " : "") + std::to_string(unchanged) + " unchanged";
  return out + (plan.empty() || unchanged > 0 ? "\n" : "");
}

Result<Exit> submit(Context& context, const Submission& submission) {
  if (context.call.has("timeout") && !context.call.has("wait")) {
    return fail(Code::invalid, "--timeout says how long to wait, so it goes with --wait", "add --wait");
  }
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  const bool check = context.call.has("check");
  if (!check) {
    if (auto ready = prepare(**client, submission); !ready) return tl::unexpected(ready.error());
  }
  auto answer = (*client)->post(submission.path, {{"workspace", submission.workspace}, {"check", check ? "true" : ""}},
                                submission.body);
  if (!answer) return tl::unexpected(answer.error());
  const std::string workflow = text_in(*answer, "workflow");
  if (check || workflow.empty()) {
    context.print(*answer, [&] { return plan_text(*answer, context.console); });
    return Exit::ok;
  }
  if (context.call.has("wait")) {
    context.console.say("workflow " + workflow);
    return follow_workflow(context, workflow);
  }
  context.print(*answer, [&] { return submitted_text(*answer, context.console); });
  context.console.say("follow it: provisioning workflow monitor " + workflow);
  return Exit::ok;
}

Result<Loaded> load_infra_in_use(Context& context) {
  auto workspace = context.workspace();
  if (!workspace) return tl::unexpected(workspace.error());
  auto infra = workspace::load_infra(*workspace, context.call.value("infra"));
  if (!infra) return tl::unexpected(infra.error());
  auto finder = context.extensions(workspace->root, infra->folder);
  return Loaded{std::move(*workspace), std::move(*infra), std::move(finder)};
}

}  // namespace prov::cli
