#include "coordinator/api/ws_feed/make_stream.h"
#include "common/nearest.h"

#include <algorithm>

#include "common/wire/agent_wire.h"
#include "coordinator/api/routes/words.h"

namespace prov::api {
namespace {

std::set<projection::Topic> topics_of(QueryFields& query) {
  std::set<projection::Topic> out;
  const std::string text = query.text("events");
  const auto& names = projection::kTopicNames;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find(',', start), text.size());
    const std::string word = text.substr(start, end - start);
    start = end + 1;
    const auto found = std::find(std::begin(names), std::end(names), word);
    if (found == std::end(names)) {
      query.refuse("events", "names \"" + word + "\": " + did_you_mean(word, {std::begin(names), std::end(names)}));
      return out;
    }
    out.insert(static_cast<projection::Topic>(found - std::begin(names)));
  }
  return out;
}

Result<std::shared_ptr<Stream>> make_feed(QueryFields& query, const StreamServices& services) {
  FeedWish wish;
  wish.filter.topics = topics_of(query);
  wish.filter.workspace = query.name("workspace");
  wish.filter.workflow = query.id("workflow");
  if (query.has("from")) wish.from = query.number("from", 0, UINT64_MAX - 1, 0);
  const std::string output = query.text("output");
  if (!output.empty() && output != "tail") query.refuse("output", "can only be \"tail\"");
  if (!output.empty() && !wish.filter.workflow) query.refuse("output", "needs a \"workflow\"");
  wish.output_tail = !output.empty();
  if (query.error()) return tl::unexpected(*query.error());
  if (wish.from && *wish.from > services.hub.head()) {
    return fail(Code::conflict,
                "the log ends at sequence " + std::to_string(services.hub.head()) + ", before " +
                    std::to_string(*wish.from) + ": it is another log, or an older copy of it",
                "read the state anew, then follow from its sequence");
  }
  return std::make_shared<FeedClient>(std::move(wish), services.hub, services.feed, services.io, services.reader);
}

Result<std::shared_ptr<Stream>> make_follow(QueryFields& query, const StreamServices& services) {
  const auto task = query.id("task");
  const std::uint64_t offset = query.number("offset", 0, UINT64_MAX / 2, 0);
  const std::string workspace = query.name("workspace");
  if (!query.error() && (!task || !task_index(*task))) query.refuse("task", "must be the id of a task");
  if (query.error()) return tl::unexpected(*query.error());
  const OutputFollow::Reach reach{services.hub, services.backend, services.archive, services.history,
                                  services.io,  services.owner,   services.reader};
  return std::make_shared<OutputFollow>(*task, workspace, offset, reach);
}

Result<std::shared_ptr<Stream>> make_shell(const Admitted& asked, QueryFields& query, const StreamServices& services) {
  constexpr std::size_t kMaxArgvBytes = 64 << 10;
  ShellWish wish;
  wish.workspace = query.name("workspace");
  wish.server = query.hostname("server");
  wish.rows = static_cast<std::uint16_t>(query.number("rows", 1, 4096, wish.rows));
  wish.columns = static_cast<std::uint16_t>(query.number("columns", 1, 4096, wish.columns));
  wish.term = query.text("term", 64);
  wish.argv = query.all("arg");
  std::size_t total = 0;
  for (const auto& argument : wish.argv) total += argument.size();
  if (total > kMaxArgvBytes) query.refuse("arg", "has more than 64 KiB in all");
  if (wish.server.empty()) query.refuse("server", "is missing");
  if (query.error()) return tl::unexpected(*query.error());
  return std::make_shared<ShellStream>(std::move(wish), asked.who, services.shells, services.io, services.owner);
}

}  // namespace

Result<std::shared_ptr<Stream>> make_stream(const Admitted& asked, const StreamServices& services) {
  PROV_ASSERT(asked.route != nullptr);
  QueryFields query(asked.target);
  switch (asked.route->socket) {
    case Socket::feed: return make_feed(query, services);
    case Socket::output: return make_follow(query, services);
    case Socket::shell: return make_shell(asked, query, services);
    case Socket::none: break;
  }
  PROV_ASSERT(false);
  return fail(Code::internal, "not a WebSocket");
}

}  // namespace prov::api
