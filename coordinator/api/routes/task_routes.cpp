// Tasks, and what their steps print.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "coordinator/api/routes/handlers.h"
#include "coordinator/api/routes/words.h"
#include "coordinator/projection/workflows.h"

namespace prov::api {

using nlohmann::json;

namespace {

constexpr std::size_t kOutputBytes = 1 << 20;  // in one answer

struct AskedTask {
  const domain::Workflow* workflow = nullptr;
  const domain::Task* task = nullptr;
  Id id;
};

// The task that the path names, if the query's workspace is not another; answers where there is none. Owner's thread.
std::optional<AskedTask> asked_task(const CallPtr& call, const std::string& workspace) {
  const std::string& text = call->asked.params.at(0);
  AskedTask out;
  const auto& state = call->services.backend.state();
  if (const auto id = parse_id(text); id && task_index(*id)) {
    out.id = *id;
    out.workflow = domain::find_workflow(state, *id);
    out.task = domain::find_task(state, *id);
  }
  const bool there = out.task != nullptr && (workspace.empty() || workspace == out.workflow->workspace);
  if (there) return out;
  answer_durably(call, refusal(Error{Code::not_found, "there is no task " + text.substr(0, 64) + " in the working set",
                                     "see: provisioning workflow status ID; older ones: provisioning audit log"}));
  return std::nullopt;
}

struct OutputWish {
  Id task;
  std::uint32_t attempt = 0;
  std::uint64_t offset = 0;
  bool ended = false;  // nothing more will come of that attempt
};

void answer_output(const CallPtr& call, const OutputWish& wish) {  // reader's thread
  Archive& archive = call->services.archive;
  auto total = wish.attempt == 0 ? Result<std::uint64_t>(0) : archive.output_bytes(wish.task, wish.attempt);
  if (!total) return call->refuse(total.error());
  Response response;
  response.content_type = "application/octet-stream";
  if (wish.offset < *total) {
    auto data = archive.output(wish.task, wish.attempt, wish.offset, kOutputBytes);
    if (!data) return call->refuse(data.error());
    response.body = std::move(*data);
  }
  const bool complete = wish.ended && wish.offset + response.body.size() >= *total;
  response.headers = {{"X-Output-Total", std::to_string(*total)},
                      {"X-Output-Complete", complete ? "true" : "false"},
                      {"X-Output-Attempt", std::to_string(wish.attempt)}};
  call->answer(std::move(response));
}

}  // namespace

void get_tasks(const CallPtr& call) {
  QueryFields query(call->asked.target);
  projection::TaskFilter filter;
  filter.workspace = query.name("workspace");
  filter.status = query.text("status");
  filter.workflow = query.id("workflow");
  const auto& known = projection::kTaskStatuses;
  if (!filter.status.empty() && std::find(std::begin(known), std::end(known), filter.status) == std::end(known)) {
    query.refuse("status", "is Pending, Running, Completed, Failed or Cancelled");
  }
  const projection::Page page = page_of(query);
  if (query.error()) return call->refuse(*query.error());
  on_owner(call, [=] { answer_durably(call, ok(projection::tasks(view_of(*call), filter, page))); });
}

void get_task(const CallPtr& call) {
  QueryFields query(call->asked.target);
  const std::string workspace = query.name("workspace");
  if (query.error()) return call->refuse(*query.error());
  on_owner(call, [call, workspace] {
    const auto found = asked_task(call, workspace);
    if (!found) return;
    auto item = std::make_shared<json>(projection::task(*found->workflow, *task_index(found->id)));
    if (found->task->attempt == 0) return answer_durably(call, ok(std::move(*item)));
    when_durable(call, [call, item, id = found->id, attempt = found->task->attempt] {
      on_reader(call, [call, item, id, attempt] {
        auto text = output_tail(call->services.archive, id, attempt);
        if (!text) return call->refuse(text.error());
        (*item)["output"] = std::move(*text);
        call->answer(ok(std::move(*item)));
      });
    });
  });
}

void get_task_output(const CallPtr& call) {
  QueryFields query(call->asked.target);
  const std::string workspace = query.name("workspace");
  const auto attempt = static_cast<std::uint32_t>(query.number("attempt", 0, UINT32_MAX, 0));
  const std::uint64_t offset = query.number("offset", 0, UINT64_MAX / 2, 0);
  if (query.error()) return call->refuse(*query.error());
  on_owner(call, [=] {
    const auto found = asked_task(call, workspace);
    if (!found) return;
    const std::uint32_t last = found->task->attempt;
    OutputWish wish{found->id, attempt == 0 ? last : attempt, offset, false};
    if (wish.attempt > last) {
      return answer_durably(call, refusal(Error{Code::not_found, "there was no attempt " + std::to_string(attempt),
                                                "the last one is " + std::to_string(last)}));
    }
    wish.ended = wish.attempt < last || found->task->status == domain::TaskStatus::ended;
    when_durable(call, [call, wish] { on_reader(call, [call, wish] { answer_output(call, wish); }); });
  });
}

}  // namespace prov::api
