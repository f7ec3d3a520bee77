#include "coordinator/api/routes/call.h"

#include <algorithm>

#include "common/json/json.h"

namespace prov::api {

using nlohmann::json;

Call::~Call() {
  if (!answered_) answer(refusal(Error{Code::unavailable, "the coordinator is stopping", "try again"}));
}

void Call::answer(Response response) {
  if (answered_.exchange(true)) return;
  reply_(std::move(response));
}

void on_owner(const CallPtr& call, std::function<void()> work) { call->services.owner.post(std::move(work)); }
void on_reader(const CallPtr& call, std::function<void()> work) { call->services.reader.post(std::move(work)); }

void when_durable(const CallPtr& call, std::function<void()> work) {
  if (auto flows = call->services.backend.flowing(); !flows) return call->refuse(flows.error());
  call->services.backend.when_durable(std::move(work));
}

void answer_durably(const CallPtr& call, Response response) {
  auto held = std::make_shared<Response>(std::move(response));
  when_durable(call, [call, held] { call->answer(std::move(*held)); });
}

projection::View view_of(const Call& call) {
  const Backend& backend = call.services.backend;
  return {backend.state(), [&backend](const Key& key) { return backend.agent_now(key); }};
}

projection::Page page_of(QueryFields& query, std::size_t otherwise, std::size_t most) {
  projection::Page page;
  page.limit = query.number("limit", 1, most, otherwise);
  page.offset = query.number("offset", 0, UINT32_MAX, 0);
  return page;
}

domain::Command command_of(const Call& call, std::string workspace, domain::CommandBody body) {
  const Id id = call.asked.command_id.is_zero() ? call.services.random.id() : call.asked.command_id;
  return {id, std::move(workspace), std::move(body)};
}

bool required_workspace(const CallPtr& call, std::string& workspace) {
  QueryFields query(call->asked.target);
  workspace = query.name("workspace");
  if (workspace.empty()) query.refuse("workspace", "is missing: say which workspace this is for (?workspace=NAME)");
  if (query.error()) call->refuse(*query.error());
  return !query.error();
}

Result<std::string> output_tail(Archive& archive, const Id& task, std::uint32_t attempt) {
  auto bytes = archive.output_bytes(task, attempt);
  if (!bytes) return tl::unexpected(bytes.error());
  return archive.output(task, attempt, *bytes - std::min<std::uint64_t>(*bytes, kTailBytes), kTailBytes);
}

bool read_wish(const CallPtr& call, Wish& wish) {
  QueryFields query(call->asked.target);
  wish.workspace = query.name("workspace");
  wish.check = query.flag("check");
  wish.plan = query.digest("plan");
  wish.wait_s = query.number("wait", 0, kMaxWaitS, 0);
  if (wish.check && wish.plan) query.refuse("plan", "binds what is done; \"check\" does nothing");
  if (wish.check && wish.wait_s > 0) query.refuse("wait", "is for the end of what is done; \"check\" does nothing");
  if (query.error()) call->refuse(*query.error());
  return !query.error();
}

json binding(const event_log::Planned& planned) {
  return {{"position", {{"log_id", to_text(planned.log_id)}, {"sequence", planned.sequence}}},
          {"digest", to_text(planned.digest)}};
}

void change(const CallPtr& call, domain::Command command, const Wish& wish,
            std::function<json(const domain::Answer&)> done) {
  Backend& backend = call->services.backend;
  if (wish.check) {
    auto planned = backend.check(command, call->asked.who);
    if (!planned) return answer_durably(call, refusal(planned.error()));
    json events = json::array();
    for (const auto& body : planned->events) events.push_back(domain::name_of(body));
    json answer = binding(*planned);
    answer["changed"] = !events.empty();
    answer["events"] = std::move(events);
    return answer_durably(call, ok(std::move(answer)));
  }
  command.plan = wish.plan;
  backend.submit(command, call->asked.who,
                 [call, done = std::move(done)](Result<domain::Answer> answer) {
                   if (!answer) return call->refuse(answer.error());
                   call->answer(ok(done(*answer)));
                 },
                 {});
}

json changed(const domain::Answer& answer) { return {{"changed", answer.sequence != 0}}; }

}  // namespace prov::api
