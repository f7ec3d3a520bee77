#include "coordinator/cli/submit.h"

#include "common/json/json.h"
#include "coordinator/cli/infra.h"
#include "coordinator/cli/monitor.h"
#include "coordinator/cli/views/plan_view.h"
#include "coordinator/cli/views/render.h"

namespace prov::cli {

using nlohmann::json;

namespace {

constexpr std::size_t kMostReasons = 20;

Result<void> prepare(Client& client, const Submission& submission) {
  if (submission.workspace.empty()) return {};
  auto registered = client.post("/workspaces", {}, {{"name", submission.workspace}});
  if (!registered) return tl::unexpected(registered.error());
  for (const auto& bundle : submission.bundles) {
    const Query query{{"workspace", submission.workspace}, {"kind", bundle.kind}, {"name", bundle.name}};
    if (auto there = client.ensure_blob(to_text(bundle.digest), query, bundle.bytes); !there) return there;
  }
  return {};
}

// Who names a thing is told why nothing is done about it: it may be a typing error.
std::string left_alone_text(const json& answer) {
  std::string out;
  std::size_t shown = 0;
  for (const auto& line : child_in(answer, "unchanged")) {
    if (++shown > kMostReasons) return out + "= ...\n";
    const std::string name = text_in(line, "name"), server = text_in(line, "server");
    out += "= " + one_line(server.empty() || server == name ? name : name + " on " + server) + "  (" +
           one_line(text_in(line, "reason")) + ")\n";
  }
  return out;
}

std::string asked_text(const Context& context, const json& answer) {
  return (context.call.args.empty() ? "" : left_alone_text(answer)) + plan_text(answer, context.console);
}

}  // namespace

Result<void> check_waiting(const Context& context) {
  if (!context.call.has("timeout") || context.call.has("wait")) return {};
  return fail(Code::invalid, "--timeout says how long to wait, so it goes with --wait", "add --wait");
}

Result<json> check(Context& context, const Submission& submission) {
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  return (*client)->post(submission.path, {{"workspace", submission.workspace}, {"check", "true"}}, submission.body);
}

Result<json> send(Context& context, const Submission& submission) {
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  if (auto ready = prepare(**client, submission); !ready) return tl::unexpected(ready.error());
  return (*client)->post(submission.path, {{"workspace", submission.workspace}, {"plan", submission.plan}},
                         submission.body);
}

Result<Exit> go_on(Context& context, const json& answer) {
  const std::string workflow = text_in(answer, "workflow");
  if (workflow.empty()) {
    context.print(answer, [&] { return asked_text(context, answer); });
    return Exit::ok;
  }
  if (context.call.has("wait")) {
    context.console.say("workflow " + workflow);
    return follow_workflow(context, workflow);
  }
  context.print(answer, [&] { return asked_text(context, answer) + "workflow " + workflow + "\n"; });
  context.console.say("follow it: provisioning workflow monitor " + workflow);
  return Exit::ok;
}

Result<Exit> submit(Context& context, const Submission& submission) {
  if (auto fine = check_waiting(context); !fine) return tl::unexpected(fine.error());
  auto answer = context.call.has("check") ? check(context, submission) : send(context, submission);
  if (!answer) return tl::unexpected(answer.error());
  return go_on(context, *answer);
}

Result<bool> agreed(Context& context, const json& plan, const std::string& question) {
  context.console.talk_raw(plan_text(plan, context.console));
  return context.confirmed(question.empty() ? "Do this? What is marked with - goes for good." : question);
}

Result<Exit> submit_asking(Context& context, Submission submission) {
  if (auto fine = check_waiting(context); !fine) return tl::unexpected(fine.error());
  if (context.call.has("check") || context.call.has("yes")) return submit(context, submission);
  auto plan = check(context, submission);
  if (!plan) return tl::unexpected(plan.error());
  const bool asks = !submission.question.empty() && number_in(*plan, "plan_total") > 0;
  if (asks || removes_something(*plan)) {
    auto sure = agreed(context, *plan, submission.question);
    if (!sure) return tl::unexpected(sure.error());
    if (!*sure) return Exit::failed;
    submission.plan = text_in(*plan, "digest");
  }
  return submit(context, submission);
}

Result<Loaded> load_infra_in_use(Context& context) { return load_infra_named(context, context.call.value("infra")); }

Result<Loaded> load_infra_named(Context& context, const std::string& name) {
  auto workspace = context.workspace();
  if (!workspace) return tl::unexpected(workspace.error());
  auto infra = load_infra(context, *workspace, name);
  if (!infra) return tl::unexpected(infra.error());
  auto finder = context.extensions(workspace->root, infra->folder);
  if (!finder) return tl::unexpected(finder.error());
  return Loaded{std::move(*workspace), std::move(*infra), std::move(*finder)};
}

}  // namespace prov::cli
