#include "coordinator/api/routes/router.h"
#include "common/json/json.h"
#include "common/nearest.h"

#include <algorithm>

#include "coordinator/api/routes/words.h"
#include "coordinator/auth/principal.h"

namespace prov::api {
namespace {

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(at), text.size());
    if (end > 0) out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

bool is_place(std::string_view part) { return !part.empty() && part.front() == '{'; }

// 0: no match; more: the more fixed parts match, so that /agents/token goes before /agents/{agent}. Each request asks
// this of every route.
std::size_t match(std::string_view pattern, const std::vector<std::string>& path) {
  std::size_t fixed = 1;
  for (const std::string& part : path) {
    if (pattern.empty()) return 0;
    pattern.remove_prefix(1);  // the slash
    const std::string_view expected = pattern.substr(0, pattern.find('/'));
    pattern.remove_prefix(expected.size());
    if (is_place(expected)) continue;
    if (expected != part) return 0;
    ++fixed;
  }
  return pattern.empty() ? fixed : 0;
}

struct Found {
  const Route* route = nullptr;
  std::string allow;  // of the methods that the path knows
};

Found find(const Target& target, Method method) {
  Found out;
  std::size_t best = 0;
  for (const Route& route : routes()) {
    const std::size_t matched = match(route.pattern, target.path);
    if (matched == 0 || matched < best) continue;
    if (matched > best) out = {};
    best = matched;
    if (route.method == method) out.route = &route;
    out.allow += (out.allow.empty() ? "" : ", ") + std::string(name_of(route.method));
  }
  return out;
}

// "localhost:1234" and the like: whoever names another host was led here by a foreign page's name server.
bool is_local(std::string_view host) {
  if (host.starts_with("[")) {
    const auto end = host.find(']');
    return end != std::string_view::npos && host.substr(0, end + 1) == "[::1]" &&
           (end + 1 == host.size() || host[end + 1] == ':');
  }
  const std::string_view name = host.substr(0, host.find(':'));
  return name == "localhost" || name == "127.0.0.1";
}

bool is_local_origin(std::string_view origin) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme)) return is_local(origin.substr(scheme.size()));
  }
  return false;
}

std::optional<Error> foreign(const Head& head) {
  if (head.peer) return std::nullopt;
  if (head.hosts != 1 || !is_local(head.host)) {
    return Error{Code::denied, "the Host header must name this machine: localhost, 127.0.0.1 or [::1]", {}};
  }
  if (!head.origin.empty() && !is_local_origin(head.origin)) {
    return Error{Code::denied, "a page of another host may not ask here (Origin)", {}};
  }
  return std::nullopt;
}

std::optional<Error> unknown_query(const Route& route, const Target& target) {
  const auto known = split(route.query, ' ');
  for (std::size_t i = 0; i < target.query.size(); ++i) {
    const std::string& name = target.query[i].first;
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return Error{Code::invalid, "\"" + name.substr(0, 64) + "\" of the query is not known here",
                   did_you_mean(name, {known.begin(), known.end()})};
    }
    for (std::size_t j = 0; j < i && name != "arg"; ++j) {
      if (target.query[j].first == name) return Error{Code::invalid, "\"" + name + "\" stands twice in the query", {}};
    }
  }
  return std::nullopt;
}

std::vector<std::string> params_of(std::string_view pattern, const std::vector<std::string>& path) {
  std::vector<std::string> out;
  const auto parts = split(pattern, '/');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (is_place(parts[i])) out.push_back(path[i]);
  }
  return out;
}

Response not_there(const Target& target) {
  std::string path;
  for (const auto& part : target.path) path += "/" + part;
  return refusal(Error{Code::not_found, "there is no " + path.substr(0, 256), "docs/formats/rest.md lists the routes"});
}

Response wrong_method(const Found& found) {
  Response out = refusal(405, Error{Code::invalid, "this path takes " + found.allow, {}});
  out.headers.emplace_back("Allow", found.allow);
  return out;
}

std::string_view token_of(const Head& head, const Route& route, const Target& target) {
  if (const auto bearer = auth::bearer_token(head.authorization)) return *bearer;
  if (route.socket == Socket::none) return {};
  for (const auto& [name, value] : target.query) {  // browsers cannot set headers on a WebSocket
    if (name == "token") return value;
  }
  return {};
}

}  // namespace

std::variant<Admitted, Response> Router::admit(const Head& head) const {
  auto target = parse_target(head.target);
  if (!target) return refusal(target.error());
  if (const auto error = foreign(head)) return refusal(*error);
  const Found found = find(*target, head.method);
  if (found.allow.empty()) return not_there(*target);
  if (found.route == nullptr) return wrong_method(found);
  Admitted out;
  out.route = found.route;
  if (found.route->access != Access::open) {
    const auto who = head.peer ? head.peer : identify_(token_of(head, *found.route, *target));
    if (!who) {
      return refusal(Error{Code::unauthenticated, "this needs a valid bearer token",
                           "send \"Authorization: Bearer TOKEN\", or use the Unix socket"});
    }
    if (auto may = domain::authorize_read(services_.policy, *who); !may) return refusal(may.error());
    out.who = *who;
  }
  if (const auto error = unknown_query(*found.route, *target)) return refusal(*error);
  if (!head.idempotency_key.empty()) {
    const auto id = parse_id(head.idempotency_key);
    if (!id || id->is_zero()) return refusal(Error{Code::invalid, "the Idempotency-Key is no UUID", {}});
    out.command_id = *id;
  }
  out.params = params_of(found.route->pattern, target->path);
  out.target = std::move(*target);
  return out;
}

void Router::handle(Admitted what, std::string body, Reply reply) const {
  PROV_ASSERT(what.route != nullptr && what.route->handler != nullptr);
  const Handler handler = what.route->handler;
  handler(std::make_shared<Call>(std::move(what), std::move(body), services_, std::move(reply)));
}

}  // namespace prov::api
