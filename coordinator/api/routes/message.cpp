#include "coordinator/api/routes/message.h"

#include "common/json/json.h"

namespace prov::api {

using nlohmann::json;

std::string_view name_of(Method method) {
  switch (method) {
    case Method::get: return "GET";
    case Method::head: return "HEAD";
    case Method::post: return "POST";
    case Method::put: return "PUT";
    case Method::del: return "DELETE";
    case Method::other: break;
  }
  return "?";
}

std::string_view reason_of(int status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 426: return "Upgrade Required";
    case 431: return "Request Header Fields Too Large";
    case 503: return "Service Unavailable";
    case 507: return "Insufficient Storage";
    default: return "Internal Server Error";
  }
}

Response ok(json data) {
  Response out;
  out.data = std::make_shared<const json>(object_of("success", true, "data", std::move(data)));
  return out;
}

Response ok_text(std::string data) {
  Response out;
  out.body = R"({"success":true,"data":)" + std::move(data) + "}";
  return out;
}

Response refusal(const Error& error) { return refusal(http_status(error.code), error); }

Response refusal(int status, const Error& error) {
  Response out;
  out.status = status;
  json shown = {{"code", name_of(error.code)}, {"message", error.message}, {"hint", error.hint}};
  out.data = std::make_shared<const json>(json{{"success", false}, {"error", std::move(shown)}});
  if (status == 401) out.headers.emplace_back("WWW-Authenticate", "Bearer");
  return out;
}

std::string body_text(const Response& response) {
  if (response.data == nullptr) return response.body;
  return response.data->dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace prov::api
