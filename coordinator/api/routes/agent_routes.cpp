// Agents: who they are, tokens for new ones, drain and removal.
#include <sodium.h>

#include <array>

#include "common/hash.h"
#include "common/json/json.h"
#include "common/wire/join_token.h"
#include "coordinator/api/routes/handlers.h"
#include "coordinator/api/routes/json_fields.h"
#include "coordinator/projection/inventory.h"

namespace prov::api {

using nlohmann::json;

namespace {

constexpr std::uint64_t kMaxTokenS = 7 * 24 * 3600;
constexpr std::size_t kSecretBytes = 32;

Error no_agent(const std::string& what) {
  return {Code::not_found, "there is no agent \"" + what.substr(0, 64) + "\"", "see: provisioning agent list"};
}

// By key, or by hostname where that says which one. Owner's thread.
Result<const domain::Agent*> find_agent(const domain::State& state, const std::string& what,
                                        const std::string& workspace) {
  if (const auto key = parse_hex<Key>(what)) {
    const auto found = state.agents.find(*key);
    const bool there = found != state.agents.end() && (workspace.empty() || found->second.workspace == workspace);
    if (!there) return tl::unexpected(no_agent(what));
    return &found->second;
  }
  const domain::Agent* only = nullptr;
  for (const auto& [key, agent] : state.agents) {
    if (agent.server != what || (!workspace.empty() && agent.workspace != workspace)) continue;
    if (only != nullptr) {
      return fail(Code::conflict, "more than one workspace has an agent on \"" + what.substr(0, 64) + "\"",
                  "say which: ?workspace=NAME, or use the agent's key");
    }
    only = &agent;
  }
  if (only == nullptr) return tl::unexpected(no_agent(what));
  return only;
}

bool workspace_of(const CallPtr& call, std::string& workspace) {
  QueryFields query(call->asked.target);
  workspace = query.name("workspace");
  if (query.error()) call->refuse(*query.error());
  return !query.error();
}

// Finds the agent on the owner's thread and submits make(agent) for it.
void change_agent(const CallPtr& call, std::function<domain::CommandBody(const domain::Agent&)> make) {
  Wish wish;
  if (!read_wish(call, wish)) return;
  on_owner(call, [call, wish, make = std::move(make)] {
    auto agent = find_agent(call->services.backend.state(), call->asked.params.at(0), wish.workspace);
    if (!agent) return answer_durably(call, refusal(agent.error()));
    change(call, command_of(*call, (*agent)->workspace, make(**agent)), wish, changed);
  });
}

bool at_address(const std::string& endpoint, const std::string& address) {
  return endpoint.find("://" + address + ":") != std::string::npos;
}

// Where a new host shall enrol: at the address that was asked for, else the first that other machines can reach.
Result<std::string> enrol_endpoint(const projection::LinkFacts& link, const std::string& address) {
  std::string known;
  const std::string* choice = link.enrol_endpoints.empty() ? nullptr : &link.enrol_endpoints.front();
  for (auto it = link.enrol_endpoints.rbegin(); it != link.enrol_endpoints.rend(); ++it) {
    const bool wanted = address.empty() ? !at_address(*it, "127.0.0.1") : at_address(*it, address);
    if (wanted) choice = &*it;
    known = *it + (known.empty() ? "" : ", ") + known;
  }
  const bool found = choice != nullptr && (address.empty() || at_address(*choice, address));
  if (found) return *choice;
  return fail(Code::invalid, "agents cannot enrol at \"" + address + "\"",
              known.empty() ? "the link is not up"
                            : "the coordinator listens at " + known + "; to add one: provisioning config set " +
                                  "link.addresses ADDRESS,ADDRESS, then start the coordinator anew");
}

struct TokenWish {
  std::string workspace, address;
  domain::CreateJoinToken command;
};

Result<TokenWish> read_token_wish(const Call& call, std::string workspace) {
  auto value = parse_json(call.body);
  if (!value) return tl::unexpected(value.error());
  std::optional<Error> error;
  Fields in(*value, "", error);
  TokenWish wish;
  wish.workspace = std::move(workspace);
  wish.command.server = in.hostname("server");
  wish.command.valid_s = static_cast<std::uint32_t>(in.number("valid_s", 1, kMaxTokenS, 3600));
  wish.address = in.text("address", 256, Need::optional);
  in.finish();
  if (error) return tl::unexpected(*error);
  return wish;
}

Response shown_once(const Backend& backend, const Id& id, wire::JoinToken token) {
  const auto found = backend.state().join_tokens.find(id);
  const TimeMs expires_ms = found == backend.state().join_tokens.end() ? 0 : found->second.expires_ms;
  token.id = id;
  std::string text = wire::encode_join_token(token);
  sodium_memzero(token.secret.data(), token.secret.size());
  return ok({{"id", to_text(id)}, {"token", std::move(text)}, {"expires_ms", expires_ms}});
}

void create_token(const CallPtr& call, TokenWish wish) {  // owner's thread
  Backend& backend = call->services.backend;
  const projection::LinkFacts link = backend.facts().link;
  auto endpoint = enrol_endpoint(link, wish.address);
  if (!endpoint) return call->refuse(endpoint.error());
  wire::JoinToken token;
  token.server_key = parse_hex<Key>(link.server_key).value_or(Key{});
  token.enrol_endpoint = *endpoint;
  std::array<std::uint8_t, kSecretBytes> secret{};
  call->services.random.fill(secret);
  token.secret.assign(reinterpret_cast<const char*>(secret.data()), secret.size());
  wish.command.secret_hash = digest_of(token.secret);
  const auto command = command_of(*call, wish.workspace, wish.command);
  backend.submit(
      command, call->asked.who,
      [call, token](Result<domain::Answer> answer) {
        if (!answer) return call->refuse(answer.error());
        if (answer->repeated) {
          return call->refuse(Error{Code::conflict, "this token was made and shown before; its secret is not kept",
                                    "make another one, with a new Idempotency-Key"});
        }
        call->answer(shown_once(call->services.backend, answer->made, token));
      },
      {});
}

}  // namespace

void get_agent(const CallPtr& call) {
  std::string workspace;
  if (!workspace_of(call, workspace)) return;
  on_owner(call, [call, workspace] {
    auto agent = find_agent(call->services.backend.state(), call->asked.params.at(0), workspace);
    answer_durably(call, agent ? ok(projection::agent(view_of(*call), **agent)) : refusal(agent.error()));
  });
}

void post_agent_token(const CallPtr& call) {
  std::string workspace;
  if (!required_workspace(call, workspace)) return;
  auto wish = read_token_wish(*call, std::move(workspace));
  if (!wish) return call->refuse(wish.error());
  on_owner(call, [call, wish = std::move(*wish)] { create_token(call, wish); });
}

void post_agent_drain(const CallPtr& call) {
  auto value = parse_json(call->body);
  if (!value) return call->refuse(value.error());
  std::optional<Error> error;
  Fields in(*value, "", error);
  const bool undo = in.flag("undo");
  in.finish();
  if (error) return call->refuse(*error);
  change_agent(call, [undo](const domain::Agent& agent) -> domain::CommandBody {
    return domain::DrainAgent{agent.key, !undo};
  });
}

void delete_agent(const CallPtr& call) {
  auto value = parse_json(call->body);
  if (!value) return call->refuse(value.error());
  std::optional<Error> error;
  Fields in(*value, "", error);
  const std::string reason = in.text("reason", kMaxReasonBytes, Need::optional);
  in.finish();
  if (error) return call->refuse(*error);
  change_agent(call, [reason](const domain::Agent& agent) -> domain::CommandBody {
    return domain::RemoveAgent{agent.key, reason};
  });
}

}  // namespace prov::api
