// What there is: workspaces, servers, task services.
#include "common/json/json.h"
#include "coordinator/projection/inventory.h"

#include "coordinator/api/routes/handlers.h"
#include "coordinator/api/routes/json_fields.h"

namespace prov::api {

using nlohmann::json;

namespace {

using List = json (*)(const projection::View&, const projection::InventoryFilter&, const projection::Page&);

void answer_list(const CallPtr& call, List list) {
  QueryFields query(call->asked.target);
  projection::InventoryFilter filter;
  filter.workspace = query.name("workspace");
  filter.infra = query.name("infra");
  filter.server = query.hostname("server");
  const projection::Page page = page_of(query);
  if (query.error()) return call->refuse(*query.error());
  on_owner(call, [=] { answer_durably(call, ok(list(view_of(*call), filter, page))); });
}

}  // namespace

void get_servers(const CallPtr& call) { answer_list(call, projection::servers); }
void get_taskservs(const CallPtr& call) { answer_list(call, projection::taskservs); }
void get_agents(const CallPtr& call) { answer_list(call, projection::agents); }

void get_workspaces(const CallPtr& call) {
  QueryFields query(call->asked.target);
  const projection::Page page = page_of(query);
  if (query.error()) return call->refuse(*query.error());
  on_owner(call, [=] { answer_durably(call, ok(projection::workspaces(view_of(*call), page))); });
}

void post_workspace(const CallPtr& call) {
  auto value = parse_json(call->body);
  if (!value) return call->refuse(value.error());
  std::optional<Error> error;
  Fields in(*value, "", error);
  const std::string name = in.name("name");
  in.finish();
  if (error) return call->refuse(*error);
  Wish wish;
  if (!read_wish(call, wish)) return;
  on_owner(call, [call, name, wish] {
    change(call, command_of(*call, name, domain::RegisterWorkspace{}), wish, [name](const domain::Answer& answer) {
      return json{{"name", name}, {"changed", answer.sequence != 0}};
    });
  });
}

}  // namespace prov::api
