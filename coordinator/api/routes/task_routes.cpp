// Tasks, and what their steps print.
#include <algorithm>

#include "common/json/json.h"
#include "coordinator/api/routes/handlers.h"
#include "coordinator/api/routes/past.h"
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

std::optional<AskedTask> task_in(const domain::State& state, const Id& id) {
  const AskedTask out{domain::find_workflow(state, id), domain::find_task(state, id), id};
  return out.task == nullptr ? std::nullopt : std::optional(out);
}

// Goes on with the task that the path names, if the query's workspace is not another: here with one of the working set,
// on the reader's thread with one whose workflow left it. Answers where there is none. Owner's thread.
void with_task(const CallPtr& call, const std::string& workspace, const std::function<void(const AskedTask&)>& present,
               const std::function<void(const AskedTask&)>& past) {
  const std::string& text = call->asked.params.at(0);
  const Error none{Code::not_found, "there is no task " + text.substr(0, 64),
                   "see: provisioning workflow status ID; workflows of all time: provisioning workflow history"};
  const auto id = parse_id(text);
  const bool is_task = id && task_index(*id);
  const auto* workflow = is_task ? domain::find_workflow(call->services.backend.state(), *id) : nullptr;
  if (workflow != nullptr && (workspace.empty() || workspace == workflow->workspace)) {
    if (const auto found = task_in(call->services.backend.state(), *id)) return present(*found);
  }
  if (!is_task || workflow != nullptr) return answer_durably(call, refusal(none));
  with_past(call, *id, workspace, none, [=, id = *id](const domain::State& state) {
    const auto found = task_in(state, id);
    found ? past(*found) : call->refuse(none);
  });
}

struct OutputWish {
  Id task;
  std::uint32_t attempt = 0;
  std::uint64_t offset = 0;
  bool ended = false;  // nothing more will come of that attempt
};

// `attempt` 0: the last one.
Result<OutputWish> output_wish(const AskedTask& asked, std::uint32_t attempt, std::uint64_t offset) {
  const std::uint32_t last = asked.task->attempt;
  if (attempt > last) {
    return fail(Code::not_found, "there was no attempt " + std::to_string(attempt),
                "the last one is " + std::to_string(last));
  }
  OutputWish wish{asked.id, attempt == 0 ? last : attempt, offset, false};
  wish.ended = wish.attempt < last || asked.task->status == domain::TaskStatus::ended;
  return wish;
}

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

void answer_task(const CallPtr& call, const std::shared_ptr<json>& item, const Id& id, std::uint32_t attempt) {
  if (attempt > 0) {  // reader's thread
    auto text = output_tail(call->services.archive, id, attempt);
    if (!text) return call->refuse(text.error());
    (*item)["output"] = std::move(*text);
  }
  call->answer(ok(std::move(*item)));
}

// The tasks of a workflow that is not in the working set; none where the log has no such workflow.
void past_tasks(const CallPtr& call, const projection::TaskFilter& filter, const projection::Page& page) {
  when_durable(call, [=] {
    on_reader(call, [=] {
      auto past = call->services.history.one(workflow_id(*filter.workflow));
      if (!past) return call->refuse(past.error());
      const domain::State nothing;
      const projection::View view{*past == nullptr ? nothing : **past, {}};
      call->answer(ok(projection::tasks(view, filter, page)));
    });
  });
}

std::shared_ptr<json> shown(const AskedTask& asked) {
  return std::make_shared<json>(projection::task(*asked.workflow, *task_index(asked.id)));
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
  on_owner(call, [=] {
    const auto& state = call->services.backend.state();
    if (!filter.workflow || domain::find_workflow(state, *filter.workflow) != nullptr) {
      return answer_durably(call, ok(projection::tasks(view_of(*call), filter, page)));
    }
    past_tasks(call, filter, page);
  });
}

void get_task(const CallPtr& call) {
  QueryFields query(call->asked.target);
  const std::string workspace = query.name("workspace");
  if (query.error()) return call->refuse(*query.error());
  const auto present = [call](const AskedTask& found) {
    when_durable(call, [call, item = shown(found), id = found.id, attempt = found.task->attempt] {
      if (attempt == 0) return answer_task(call, item, id, 0);
      on_reader(call, [=] { answer_task(call, item, id, attempt); });
    });
  };
  const auto past = [call](const AskedTask& found) { answer_task(call, shown(found), found.id, found.task->attempt); };
  on_owner(call, [=] { with_task(call, workspace, present, past); });
}

void get_task_output(const CallPtr& call) {
  QueryFields query(call->asked.target);
  const std::string workspace = query.name("workspace");
  const auto attempt = static_cast<std::uint32_t>(query.number("attempt", 0, UINT32_MAX, 0));
  const std::uint64_t offset = query.number("offset", 0, UINT64_MAX / 2, 0);
  if (query.error()) return call->refuse(*query.error());
  const auto present = [=](const AskedTask& found) {
    const auto wish = output_wish(found, attempt, offset);
    if (!wish) return answer_durably(call, refusal(wish.error()));
    when_durable(call, [call, wish = *wish] { on_reader(call, [call, wish] { answer_output(call, wish); }); });
  };
  const auto past = [=](const AskedTask& found) {
    const auto wish = output_wish(found, attempt, offset);
    wish ? answer_output(call, *wish) : call->refuse(wish.error());
  };
  on_owner(call, [=] { with_task(call, workspace, present, past); });
}

}  // namespace prov::api
