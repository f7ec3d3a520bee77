#include "coordinator/api/routes/call.h"

#include <nlohmann/json.hpp>

namespace prov::api {

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

}  // namespace prov::api
