// Which hosts an expression means, and why.
#include <set>

#include "common/json/json.h"
#include "coordinator/api/routes/handlers.h"
#include "coordinator/api/routes/json_fields.h"
#include "coordinator/domain/scope.h"
#include "coordinator/expression/limit.h"
#include "coordinator/expression/targets.h"

namespace prov::api {

using nlohmann::json;

namespace {

constexpr std::size_t kMaxLimitBytes = 64;
constexpr std::size_t kDefaultHosts = 1000;
constexpr std::size_t kMaxHosts = 10'000;

struct Question {
  expression::Targets targets;
  std::optional<expression::Limit> limit;
  std::string seed;
};

Result<Question> read_question(const Call& call) {
  auto value = parse_json(call.body);
  if (!value) return tl::unexpected(value.error());
  std::optional<Error> error;
  Fields in(*value, "", error);
  const std::string text = in.text("expression", kMaxExpressionBytes);
  const std::string limit = in.text("limit", kMaxLimitBytes, Need::optional);
  const std::uint64_t seed = in.number("seed", 0, UINT64_MAX, 0);
  in.finish();
  if (error) return tl::unexpected(*error);
  auto targets = expression::Targets::parse(text);
  if (!targets) return tl::unexpected(targets.error());
  Question out{std::move(*targets), std::nullopt, std::to_string(seed)};
  if (limit.empty()) return out;
  auto parsed = expression::Limit::parse(limit);
  if (!parsed) return tl::unexpected(parsed.error());
  out.limit = *parsed;
  return out;
}

std::set<std::string> chosen_of(const Question& question, const std::vector<expression::HostView>& hosts) {
  std::vector<std::string> names;
  for (const auto& host : hosts) {
    if (question.targets.matches(host)) names.push_back(host.name);
  }
  if (question.limit) names = expression::select(*question.limit, question.seed, std::move(names));
  return {names.begin(), names.end()};
}

json explained(const Question& question, const std::vector<expression::HostView>& hosts, const projection::Page& page) {
  const auto chosen = chosen_of(question, hosts);
  json items = json::array();
  std::size_t matched = 0;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    if (question.targets.matches(hosts[i])) ++matched;
    if (i < page.offset || items.size() >= page.limit) continue;
    const auto explanation = question.targets.explain(hosts[i]);
    json reasons = json::array();
    for (const auto& reason : explanation.reasons) reasons.push_back(reason.text());
    items.push_back({{"name", hosts[i].name},
                     {"matched", explanation.matched},
                     {"chosen", chosen.contains(hosts[i].name)},
                     {"reasons", std::move(reasons)}});
  }
  return {{"expression", question.targets.text()},
          {"items", std::move(items)},
          {"total", hosts.size()},
          {"matched", matched},
          {"chosen", chosen.size()}};
}

}  // namespace

void post_explain(const CallPtr& call) {
  std::string workspace;
  if (!required_workspace(call, workspace)) return;
  QueryFields query(call->asked.target);
  const projection::Page page = page_of(query, kDefaultHosts, kMaxHosts);
  if (query.error()) return call->refuse(*query.error());
  auto question = read_question(*call);
  if (!question) return call->refuse(question.error());
  on_owner(call, [call, workspace, page, question = std::move(*question)] {
    const auto hosts = domain::host_views(call->services.backend.state(), workspace);
    answer_durably(call, ok(explained(question, hosts, page)));
  });
}

}  // namespace prov::api
