#include "coordinator/cli/client.h"

#include <algorithm>
#include <utility>

#include "common/code_names.h"
#include "common/json/json.h"
#include "coordinator/cli/views/render.h"

namespace prov::cli {

using nlohmann::json;

namespace {

constexpr int kFirstRetryMs = 100;
constexpr int kLongestRetryMs = 1000;
constexpr int kRestartPatienceMs = 15'000;  // a coordinator that was there is given so long to come back
constexpr std::size_t kListPage = 1000;

std::string encoded(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
    }
  }
  return out;
}

Error error_of(const Response& response) {
  const json body = json::parse(response.body, nullptr, false);
  const json& error = child_in(body, "error");
  std::string message = text_in(error, "message");
  if (message.empty()) message = "the coordinator answered with status " + std::to_string(response.status);
  return Error{code_named(text_in(error, "code")).value_or(code_of_http_status(response.status)), std::move(message),
               text_in(error, "hint")};
}

}  // namespace

std::string Response::header(std::string_view lower_case_name) const {
  const auto found =
      std::find_if(headers.begin(), headers.end(), [&](const auto& one) { return one.first == lower_case_name; });
  return found == headers.end() ? std::string() : found->second;
}

std::string path_segment(std::string_view text) { return encoded(text); }

std::string target_of(const std::string& path, const Query& query) {
  std::string out = path;
  char separator = '?';
  for (const auto& [name, value] : query) {
    if (value.empty()) continue;
    out += separator + encoded(name) + "=" + encoded(value);
    separator = '&';
  }
  return out;
}

Client::Client(std::unique_ptr<Transport> transport, World world)
    : transport_(std::move(transport)), world_(std::move(world)) {}

Error Client::unreachable(const Error& cause) const {
  const bool named = cause.message.find(world_.where) != std::string::npos;
  return Error{Code::unavailable, (named ? "" : "the coordinator at " + world_.where + ": ") + cause.message,
               cause.hint.empty() ? "provisioning platform start orchestrator" : cause.hint};
}

// The coordinator's own hint on tokens is for those who write requests by hand.
Error Client::refused(Error error) const {
  if (error.code == Code::unauthenticated && !world_.token_hint.empty()) error.hint = world_.token_hint;
  return error;
}

// Nobody there at the first request: said at once. Later the coordinator may be starting again, so it is given time;
// sending again is safe, since every request that changes something has its key.
Result<Response> Client::exchange_again(const Request& request) {
  auto answer = transport_->exchange(request);
  int waited_ms = 0;
  for (int pause_ms = kFirstRetryMs; !answer && answer.error().code == Code::unavailable;
       pause_ms = std::min(pause_ms * 2, kLongestRetryMs)) {
    if (!was_there_ || waited_ms >= kRestartPatienceMs) return tl::unexpected(unreachable(answer.error()));
    world_.sleep_ms(pause_ms);
    waited_ms += pause_ms;
    answer = transport_->exchange(request);
  }
  was_there_ = was_there_ || answer.has_value();
  return answer;
}

Result<json> Client::call(const Request& request) {
  auto answer = exchange_again(request);
  if (!answer) return tl::unexpected(answer.error());
  if (answer->status < 200 || answer->status > 299) return tl::unexpected(refused(error_of(*answer)));
  json body = json::parse(answer->body, nullptr, false);
  if (!body.is_object() || !flag_in(body, "success")) {
    return fail(Code::internal,
                "the coordinator's answer to " + request.method + " " + request.target + " is not what was agreed on",
                "are both of one version? provisioning platform status");
  }
  return std::move(body["data"]);
}

Result<json> Client::get(const std::string& path, const Query& query) {
  return call({"GET", target_of(path, query), {}, {}});
}

Result<json> Client::get_at_once(const std::string& path) {
  const bool was_there = std::exchange(was_there_, false);
  auto data = get(path);
  was_there_ = was_there;
  return data;
}

Result<json> Client::change(const char* method, const std::string& path, const Query& query, const json& body) {
  Request request{method, target_of(path, query), {{"Idempotency-Key", to_text(world_.new_id())}}, {}};
  if (!body.is_null()) {
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
  }
  return call(std::move(request));
}

Result<json> Client::post(const std::string& path, const Query& query, const json& body) {
  return change("POST", path, query, body);
}

Result<json> Client::remove(const std::string& path, const Query& query, const json& body) {
  return change("DELETE", path, query, body);
}

Result<void> Client::ensure_blob(const std::string& digest, const Query& query, const std::string& bytes) {
  const std::string path = "/blobs/" + digest;
  Query where;
  std::copy_if(query.begin(), query.end(), std::back_inserter(where),
               [](const auto& q) { return q.first == "workspace"; });
  auto there = exchange_again({"HEAD", target_of(path, where), {}, {}});
  if (!there) return tl::unexpected(there.error());
  if (there->status == 200) return {};
  auto sent = call({"PUT",
                    target_of(path, query),
                    {{"Content-Type", "application/octet-stream"}, {"Idempotency-Key", to_text(world_.new_id())}},
                    bytes});
  if (!sent) return tl::unexpected(sent.error());
  return {};
}

Result<Response> Client::get_bytes(const std::string& path, const Query& query) {
  auto answer = exchange_again({"GET", target_of(path, query), {}, {}});
  if (answer && answer->status != 200) return tl::unexpected(refused(error_of(*answer)));
  return answer;
}

Result<std::unique_ptr<Stream>> Client::open_stream(const std::string& path, const Query& query) {
  auto stream = transport_->open_stream(target_of(path, query));
  if (!stream && stream.error().code == Code::unavailable) return tl::unexpected(unreachable(stream.error()));
  if (!stream) return tl::unexpected(refused(stream.error()));
  return stream;
}

Result<json> Client::list(const std::string& path, const Query& query, std::size_t limit) {
  json items = json::array();
  for (std::size_t total = limit; items.size() < std::min(limit, total);) {
    Query page = query;
    page.emplace_back("limit", std::to_string(std::min(kListPage, limit - items.size())));
    page.emplace_back("offset", std::to_string(items.size()));
    auto data = get(path, page);
    if (!data) return tl::unexpected(data.error());
    const json& more = child_in(*data, "items");
    if (!more.is_array() || more.empty()) break;
    for (const auto& item : more) items.push_back(item);
    total = number_in(*data, "total");
  }
  return items;
}

}  // namespace prov::cli
