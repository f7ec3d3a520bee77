#pragma once
// The one place where requests are let in: a table of all routes, from which both dispatch and the test of who may call
// what are made. Deny by default: what is not in the table is not there, and a route is open only where it says so.
#include <span>
#include <string_view>
#include <variant>

#include "coordinator/api/routes/call.h"

namespace prov::api {

enum class Access {
  open,   // everybody
  read,   // who may read the platform's state
  write,  // the same here; what exactly may be changed is asked again with the command itself
};
enum class Socket { none, feed, output, shell };  // none: plain HTTP
using Handler = void (*)(const CallPtr& call);    // begins on the caller's thread; answers from any

struct Route {
  Method method;
  std::string_view pattern;  // "/agents/{agent}/drain"
  Access access;
  std::string_view query;  // the fields it takes, apart by spaces; any other is refused
  std::size_t max_body = 0;
  Handler handler = nullptr;  // null for WebSockets
  Socket socket = Socket::none;
};

inline constexpr std::size_t kMaxBodyBytes = 16 << 20;
inline constexpr std::size_t kMaxBatchBytes = 64 << 20;  // a graph of 100,000 operations
inline constexpr std::size_t kMaxBlobBytes = 32 << 20;

std::span<const Route> routes();

// Who holds this bearer token; nullopt: nobody.
using Identify = std::function<std::optional<domain::Principal>(std::string_view token)>;

class Router {
 public:
  Router(Services& services, Identify identify) : services_(services), identify_(std::move(identify)) {}

  // From the head alone, before a byte of the body is read: finds the route, the caller and whether it may, in this
  // order of refusals: bad target, foreign host (DNS rebinding), 404, 405, 401, 403, 400. Any thread.
  std::variant<Admitted, Response> admit(const Head& head) const;

  // Runs the handler. REQUIRES: no WebSocket route. Any thread.
  void handle(Admitted what, std::string body, Reply reply) const;

 private:
  Services& services_;
  Identify identify_;
};

}  // namespace prov::api
