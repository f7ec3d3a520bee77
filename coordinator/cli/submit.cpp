#include "coordinator/cli/submit.h"

#include <nlohmann/json.hpp>

#include "coordinator/cli/monitor.h"
#include "coordinator/cli/render.h"

namespace prov::cli {

using nlohmann::json;

namespace {

constexpr std::size_t kMostReasons = 20;

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

std::string item_text(const json& line) {
  const std::string name = text_in(line, "name"), server = text_in(line, "server");
  return one_line(server.empty() || server == name ? name : name + " on " + server);
}

std::string reason_text(const json& line) {
  const std::string reason = text_in(line, "reason");
  return reason.empty() ? "\n" : "  (" + one_line(reason) + ")\n";
}

// Who names a thing is told why nothing is done about it: it may be a typing error.
std::string left_alone_text(const json& answer) {
  std::string out;
  std::size_t shown = 0;
  for (const auto& line : child_in(answer, "unchanged")) {
    if (++shown > kMostReasons) return out + "= ...\n";
    out += "= " + item_text(line) + reason_text(line);
  }
  return out;
}

std::string asked_text(const Context& context, const json& answer) {
  return (context.call.args.empty() ? "" : left_alone_text(answer)) + plan_text(answer, context.console);
}

}  // namespace

std::string plan_text(const json& answer, const Console& console) {
  std::string out;
  const json& plan = child_in(answer, "plan");
  for (const auto& line : plan) {
    const std::string action = text_in(line, "action"), sign = sign_of(action);
    out +=
        console.out_paint(colour_of(sign), sign + " " + one_line(action) + " " + item_text(line)) + reason_text(line);
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
    context.print(*answer, [&] { return asked_text(context, *answer); });
    return Exit::ok;
  }
  if (context.call.has("wait")) {
    context.console.say("workflow " + workflow);
    return follow_workflow(context, workflow);
  }
  context.print(*answer, [&] { return asked_text(context, *answer) + "workflow " + workflow + "\n"; });
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
