#pragma once
// A request and its answer, without any server: what the routes take and give. First stop of everything that an
// operator asks for: http reads it, router admits it, a handler makes a command or a projection of it.
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/code_names.h"
#include "common/result.h"
#include "coordinator/domain/events.h"

namespace prov::api {

enum class Method { get, head, post, put, del, other };
std::string_view name_of(Method method);

// What stands before a body; the views live as long as the request is being admitted.
struct Head {
  Method method = Method::other;
  std::string_view target;                // path and query, as sent
  std::optional<domain::Principal> peer;  // of a Unix socket; nullopt: TCP, where a token is needed
  std::string_view authorization, host, origin, idempotency_key;
  std::size_t hosts = 1;  // how many Host headers there were
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::shared_ptr<const nlohmann::json> data;  // not null: the body is this, written out where the answer is sent
  std::function<void()> after;                 // runs when the answer was sent, or could not be
};
using Reply = std::function<void(Response)>;

Response ok(nlohmann::json data);      // {"success": true, "data": ...}
Response ok_text(std::string data);    // the same, `data` being JSON text already
Response refusal(const Error& error);  // {"success": false, "error": ...} with the status of its code
Response refusal(int status, const Error& error);
std::string_view reason_of(int status);

std::string body_text(const Response& response);  // `data` written out; bytes that are no UTF-8 become U+FFFD

}  // namespace prov::api
