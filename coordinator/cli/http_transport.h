#pragma once
// The real transport: HTTP and WebSocket over the coordinator's socket.
#include "common/io/http_client/socket_stream.h"
#include "coordinator/cli/transport.h"

namespace prov::cli {

std::unique_ptr<Transport> make_http_transport(io::Endpoint endpoint);

// "/path/to.sock", "unix:/path/to.sock", or "http://ADDRESS[:PORT]" (default port 8080; ADDRESS is not looked up).
Result<io::Endpoint> parse_endpoint(const std::string& text);

}  // namespace prov::cli
