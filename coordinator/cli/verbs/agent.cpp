
#include "common/json/json.h"
#include "coordinator/cli/context.h"
#include "coordinator/cli/verbs/verbs.h"
#include "coordinator/cli/views/render.h"

namespace prov::cli {

using nlohmann::json;

namespace {

constexpr std::size_t kMostListedAgents = 100'000;
constexpr std::uint64_t kWeekS = 7 * 24 * 3600;

std::string word_of(const json& agent) {
  if (flag_in(agent, "draining")) return flag_in(agent, "reachable") ? "draining" : "draining, lost";
  return flag_in(agent, "reachable") ? "ready" : "lost";
}

std::string heard_text(const json& agent, std::uint64_t now_ms) {
  const std::uint64_t heard_ms = number_in(agent, "last_heard_ms");
  if (heard_ms == 0) return "-";
  return heard_ms > now_ms ? "now" : duration_text(now_ms - heard_ms) + " ago";
}

// The path of one agent, and the query that tells which workspace's host is meant.
struct NamedAgent {
  Client* client;
  std::string path;
  Query query;
};
Result<NamedAgent> named_agent(Context& context) {
  auto workspace = context.workspace_name_or_all();
  if (!workspace) return tl::unexpected(workspace.error());
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  return NamedAgent{*client, "/agents/" + path_segment(context.call.args[0]), {{"workspace", *workspace}}};
}

}  // namespace

Result<Exit> agent_list(Context& context) {
  auto workspace = context.workspace_name_or_all();
  if (!workspace) return tl::unexpected(workspace.error());
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  auto items = (*client)->list("/agents", {{"workspace", *workspace}}, kMostListedAgents);
  if (!items) return tl::unexpected(items.error());
  context.print({{"items", *items}, {"total", items->size()}}, [&] {
    Table table({"HOST", "STATE", "HEARD", "OS", "ARCH", "CORES", "MEMORY", "ORDERS", "KEY"});
    for (const auto& one : *items) {
      const std::string word = word_of(one);
      table.add({{text_in(one, "server"), Colour::bold},
                 {word, word == "ready"      ? Colour::green
                        : word == "draining" ? Colour::yellow
                                             : Colour::red},
                 {heard_text(one, context.world.now_ms())},
                 {text_in(one, "os")},
                 {text_in(one, "arch")},
                 {text_in(one, "cores")},
                 {bytes_text(number_in(one, "memory_bytes"))},
                 {text_in(one, "orders_out")},
                 {text_in(one, "key").substr(0, 16)}});
    }
    return table.text(context.console);
  });
  if (items->empty()) context.console.say("none yet: a host that is created brings its agent along");
  return Exit::ok;
}

Result<Exit> agent_show(Context& context) {
  auto one = named_agent(context);
  if (!one) return tl::unexpected(one.error());
  auto agent = one->client->get(one->path, one->query);
  if (!agent) return tl::unexpected(agent.error());
  context.print(*agent, [&] {
    return facts_text({{"host", text_in(*agent, "server")},
                       {"workspace", text_in(*agent, "workspace")},
                       {"state", word_of(*agent)},
                       {"heard", heard_text(*agent, context.world.now_ms())},
                       {"key", text_in(*agent, "key")},
                       {"agent version", text_in(*agent, "version")},
                       {"os", text_in(*agent, "os")},
                       {"arch", text_in(*agent, "arch")},
                       {"cores", text_in(*agent, "cores")},
                       {"memory", bytes_text(number_in(*agent, "memory_bytes"))},
                       {"disk", bytes_text(number_in(*agent, "disk_bytes"))},
                       {"interpreters", text_in(*agent, "interpreters")},
                       {"addresses", text_in(*agent, "addresses")},
                       {"init", text_in(*agent, "init")},
                       {"orders out", text_in(*agent, "orders_out")},
                       {"enrolled", time_text(number_in(*agent, "enrolled_ms"))}});
  });
  return Exit::ok;
}

Result<Exit> agent_token(Context& context) {
  const std::string& host = context.call.args[0];
  if (auto fine = check_hostname(host); !fine) return tl::unexpected(fine.error());
  auto valid_s = context.number("valid", 3600, 1, kWeekS);
  if (!valid_s) return tl::unexpected(valid_s.error());
  auto workspace = context.workspace();
  if (!workspace) return tl::unexpected(workspace.error());
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  auto registered = (*client)->post("/workspaces", {}, {{"name", workspace->name}});
  if (!registered) return tl::unexpected(registered.error());
  json body{{"server", host}, {"valid_s", *valid_s}};
  if (context.call.has("address")) body["address"] = context.call.value("address");
  auto made = (*client)->post("/agents/token", {{"workspace", workspace->name}}, body);
  if (!made) return tl::unexpected(made.error());
  context.print(*made, [&] { return text_in(*made, "token") + "\n"; });
  context.console.say("one use, until " + time_text(number_in(*made, "expires_ms")) +
                      "; it is shown only now. On the host: write it into "
                      "/var/lib/provisioning-agent/join-token (mode 0600), then start, also when it runs already: "
                      "provisioning-agent run --state-dir /var/lib/provisioning-agent");
  return Exit::ok;
}

Result<Exit> agent_drain(Context& context) {
  auto one = named_agent(context);
  if (!one) return tl::unexpected(one.error());
  const bool undo = context.call.has("undo");
  auto done = one->client->post(one->path + "/drain", one->query, {{"undo", undo}});
  if (!done) return tl::unexpected(done.error());
  const std::string state = undo ? "gets work again" : "gets no new work; what runs goes on to its end";
  context.print(
      *done, [&] { return context.call.args[0] + " " + (flag_in(*done, "changed") ? "" : "already ") + state + "\n"; });
  return Exit::ok;
}

Result<Exit> agent_remove(Context& context) {
  auto one = named_agent(context);
  if (!one) return tl::unexpected(one.error());
  auto sure = context.confirmed("Remove the agent of " + context.call.args[0] + "? Its host must enrol anew.");
  if (!sure) return tl::unexpected(sure.error());
  if (!*sure) return Exit::failed;
  auto done = one->client->remove(one->path, one->query, {{"reason", context.call.value("reason", "asked for")}});
  if (!done) return tl::unexpected(done.error());
  context.print(*done, [&] {
    return "agent of " + context.call.args[0] +
           (flag_in(*done, "changed") ? " is removed\n" : " was removed already\n");
  });
  context.console.say("it still runs on its host, and is not heard; to have it back: provisioning agent token HOST");
  return Exit::ok;
}

}  // namespace prov::cli
