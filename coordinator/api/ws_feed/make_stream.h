#pragma once
// From an admitted WebSocket request to the stream that it asks for.
#include <memory>

#include "coordinator/api/routes/router.h"
#include "coordinator/api/ws_feed/feed_client.h"
#include "coordinator/api/ws_feed/output_follow.h"
#include "coordinator/api/ws_feed/shell_stream.h"
#include "coordinator/api/ws_feed/stream.h"

namespace prov::api {

struct StreamServices {  // outlives every stream
  FeedHub& hub;
  Backend& backend;
  Archive& archive;
  FeedArchive& feed;
  History& history;
  Shells& shells;
  Executor& io;
  Executor& owner;
  Executor& reader;
};

// Code::invalid for a wrong query; Code::conflict when a feed shall go on after an event that the log does not have.
// REQUIRES: asked.route is a WebSocket's. io thread.
Result<std::shared_ptr<Stream>> make_stream(const Admitted& asked, const StreamServices& services);

}  // namespace prov::api
