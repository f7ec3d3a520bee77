#pragma once
// What the connections of one server share. io thread only, but for the gate.
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <mutex>
#include <set>

#include "coordinator/api/http/http_server.h"

namespace prov::api {

// The way back to the io thread for those who may outlive it.
class Gate {
 public:
  explicit Gate(boost::asio::io_context& context) : context_(&context) {}
  void post(std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    if (context_ != nullptr) boost::asio::post(*context_, std::move(work));
  }
  void shut() {
    const std::lock_guard lock(mutex_);
    context_ = nullptr;
  }

 private:
  std::mutex mutex_;
  boost::asio::io_context* context_;
};

class Open {  // a connection or a WebSocket, as the server sees it
 public:
  virtual ~Open() = default;
  virtual void end() = 0;    // the server stops: finish what is under way, begin nothing
  virtual void abort() = 0;  // at once
  virtual void look() {}     // from time to time: whose other end has gone may go as well
};

struct Shared {
  Shared(boost::asio::io_context& io, const HttpConfig& with) : context(io), config(with) {}

  boost::asio::io_context& context;
  const HttpConfig& config;
  std::shared_ptr<Gate> gate;
  const Router* router = nullptr;
  HttpServer::MakeStream make_stream;
  std::set<Open*> open;
  std::size_t bodies_bytes = 0;  // set aside for bodies
  bool stopping = false;
};

// There is one context: a type that holds any executor is copied several times with each operation, for nothing.
using IoExecutor = boost::asio::io_context::executor_type;
using RawSocket = boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, IoExecutor>;

// Serves a connection that was accepted; it keeps itself alive. `peer`: of a Unix socket. `closed` runs at its end.
void serve(Shared& shared, RawSocket socket, std::optional<domain::Principal> peer, std::function<void()> closed);

}  // namespace prov::api
