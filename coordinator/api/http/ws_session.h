#pragma once
// A WebSocket after its request was admitted. Includes Beast: for this folder alone.
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>

#include "coordinator/api/http/shared.h"
#include "coordinator/api/ws_feed/stream.h"

namespace prov::api {

using SocketIo = boost::beast::basic_stream<boost::asio::generic::stream_protocol, IoExecutor>;
using RequestHead = boost::beast::http::request<boost::beast::http::empty_body>;

// Answers the handshake and runs the stream until either side ends it; keeps itself alive.
void run_websocket(Shared& shared, SocketIo socket, const RequestHead& request, std::shared_ptr<Stream> stream,
                   std::function<void()> closed);

}  // namespace prov::api
