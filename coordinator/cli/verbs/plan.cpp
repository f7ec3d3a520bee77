// `plan` and `apply`: what an infra's settings ask for against what is there, and doing exactly that.

#include "common/json/json.h"
#include "coordinator/cli/verbs/documents.h"
#include "coordinator/cli/verbs/host_fit.h"
#include "coordinator/cli/verbs/infra_plan.h"
#include "coordinator/cli/verbs/saved_plan.h"
#include "coordinator/cli/verbs/verbs.h"
#include "coordinator/cli/views/plan_view.h"
#include "coordinator/cli/views/render.h"

namespace prov::cli {

using nlohmann::json;

namespace {

Result<void> save(Context& context, const std::string& path, const SavedPlan& plan) {
  auto written = workspace::write_file_atomically(absolute_path(context.world, path), plan_file_text(plan), 0600);
  if (!written) return written;
  const bool empty = number_in(plan.answer, "plan_total") == 0;
  context.console.say(empty ? path + " is written; there is nothing to carry out"
                            : "carry it out: provisioning apply " + path);
  return {};
}

// The coordinator sees that something is to go, and not that the settings do not name it any more.
Result<json> checked(Context& context, const Submission& submission) {
  auto answer = check(context, submission);
  if (!answer || !answer->contains("plan")) return answer;
  for (auto& line : (*answer)["plan"]) {
    const std::string operation = text_in(line, "operation");
    if (operation == kGoneServers || operation == kGoneTaskservs) line["reason"] = "not in the settings any more";
  }
  return answer;
}

// Of a plan with more steps than it lists nobody sees what the others do.
bool may_remove(const json& plan) {
  return removes_something(plan) || number_in(plan, "plan_total") > child_in(plan, "plan").size();
}

// Why the plan does not hold: what would be done now against what was to be done.
void tell_what_moved(Context& context, const SavedPlan& plan) {
  Submission unbound = plan.submission;
  unbound.plan.clear();
  auto now = checked(context, unbound);
  if (!now) {
    context.console.warn("now: " + one_line(now.error().message));
    return;
  }
  constexpr std::size_t kShown = 50;
  const auto moved = plan_differences(plan.answer, *now);
  for (std::size_t i = 0; i < moved.size() && i < kShown; ++i) context.console.warn("  " + moved[i]);
  if (moved.size() > kShown) context.console.warn("  ... and " + std::to_string(moved.size() - kShown) + " more");
  if (moved.empty()) context.console.warn("  the same steps, but in what they do or in their order something differs");
}

}  // namespace

Result<Exit> plan_infra_verb(Context& context) {
  auto planned = plan_infra(context);
  if (!planned) return tl::unexpected(planned.error());
  if (planned->batch.operations.empty()) {
    context.print({{"plan", json::array()}, {"plan_total", 0}}, [] { return std::string("nothing to do\n"); });
    return Exit::ok;
  }
  if (auto fit = check_host_fit(context, planned->workspace, planned->batch); !fit) return tl::unexpected(fit.error());
  SavedPlan plan;
  plan.infra = planned->infra;
  plan.made_ms = context.world.now_ms();
  plan.submission = {planned->workspace, "/workflows/batch/submit", batch_body(planned->batch),
                     std::move(planned->batch.bundles)};
  auto answer = checked(context, plan.submission);
  if (!answer) return tl::unexpected(answer.error());
  plan.answer = std::move(*answer);
  plan.submission.plan = text_in(plan.answer, "digest");
  context.print(plan.answer, [&] { return plan_text(plan.answer, context.console); });
  const std::string file = context.out_file();
  if (file.empty()) {
    if (number_in(plan.answer, "plan_total") > 0) context.console.say("keep it: provisioning plan --out FILE");
    return Exit::ok;
  }
  if (auto saved = save(context, file, plan); !saved) return tl::unexpected(saved.error());
  return Exit::ok;
}

Result<Exit> apply_plan(Context& context) {
  if (auto fine = check_waiting(context); !fine) return tl::unexpected(fine.error());
  const std::string& file = context.call.args[0];
  auto text = workspace::read_file(absolute_path(context.world, file), kMaxPlanBytes);
  if (!text) return tl::unexpected(text.error());
  auto plan = parse_plan_file(*text, file);
  if (!plan) return tl::unexpected(plan.error());
  if (may_remove(plan->answer) && !context.call.has("yes")) {
    auto sure = agreed(context, plan->answer, {});
    if (!sure) return tl::unexpected(sure.error());
    if (!*sure) return Exit::failed;
  }
  auto answer = send(context, plan->submission);
  if (!answer && answer.error().code == Code::conflict) {
    tell_what_moved(context, *plan);
    Error error = answer.error();
    error.hint = "make a new plan and look at it: provisioning plan --infra " + plan->infra + " --out " + file;
    return tl::unexpected(error);
  }
  if (!answer) return tl::unexpected(answer.error());
  return go_on(context, *answer);
}

}  // namespace prov::cli
