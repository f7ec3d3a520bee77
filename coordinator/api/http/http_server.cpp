#include "coordinator/api/http/http_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <thread>

#include "common/this_thread.h"
#include "coordinator/api/http/shared.h"
#include "coordinator/api/http/unix_socket.h"
#include "coordinator/auth/principal.h"

namespace prov::api {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::chrono::milliseconds kAcceptPause(100);  // after accept() failed, e.g. for want of descriptors

constexpr std::string_view kTooMany =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: "
    "102\r\n\r\n"
    R"({"success":false,"error":{"code":"unavailable","message":"too many connections","hint":"try again"}}  )";

}  // namespace

struct HttpServer::Impl {
  explicit Impl(HttpConfig with) : config(std::move(with)), shared(context, config) {
    shared.gate = std::make_shared<Gate>(context);
  }

  struct Listener {
    std::size_t connections = 0, max_connections = 0;
    bool is_unix = false;
  };

  template <class Acceptor>
  void accept(Acceptor& acceptor, Listener& listener) {
    acceptor.async_accept([this, &acceptor, &listener](error_code error, auto socket) {
      if (error == asio::error::operation_aborted || shared.stopping) return;
      if (!error) {
        take(RawSocket(std::move(socket)), listener);
        return accept(acceptor, listener);
      }
      pause.expires_after(kAcceptPause);
      pause.async_wait([this, &acceptor, &listener](error_code stopped) {
        if (!stopped && !shared.stopping) accept(acceptor, listener);
      });
    });
  }

  void take(RawSocket socket, Listener& listener) {
    if (listener.connections >= listener.max_connections) {
      static_cast<void>(::send(socket.native_handle(), kTooMany.data(), kTooMany.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
      return;  // whether it could be told or not, it is closed here
    }
    std::optional<domain::Principal> peer;
    if (listener.is_unix) {
      const auto uid = peer_uid(socket.native_handle());
      if (!uid) return;
      peer = auth::peer_principal(*uid);
    }
    ++listener.connections;
    serve(shared, std::move(socket), std::move(peer), [this, &listener] {
      --listener.connections;
      leave_when_done();
    });
  }

  Result<void> listen_unix() {
    auto file = UnixSocketFile::listen(config.socket_path);
    if (!file) return tl::unexpected(file.error());
    socket_file = std::move(*file);
    unix_acceptor.assign(asio::local::stream_protocol(), socket_file.release());
    unix_listener = {0, config.max_unix_connections, true};
    accept(unix_acceptor, unix_listener);
    return {};
  }

  Result<void> listen_tcp(std::uint16_t port) {
    const asio::ip::tcp::endpoint at(asio::ip::address_v4::loopback(), port);
    error_code error;
    tcp_acceptor.open(at.protocol(), error);
    if (!error) tcp_acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) tcp_acceptor.bind(at, error);
    if (!error) tcp_acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (!error) bound_port = tcp_acceptor.local_endpoint(error).port();
    if (error) {
      return fail(error == asio::error::address_in_use ? Code::conflict : Code::io,
                  "cannot listen at 127.0.0.1:" + std::to_string(port) + ": " + error.message(),
                  "choose another port, or 0 for any that is free");
    }
    tcp_listener = {0, config.max_tcp_connections, false};
    accept(tcp_acceptor, tcp_listener);
    return {};
  }

  void look_again() {
    looks.expires_after(std::chrono::milliseconds(config.look_ms));
    looks.async_wait([this](error_code stopped) {
      if (stopped || shared.stopping) return;
      each_open([](Open& one) { one.look(); });
      look_again();
    });
  }

  void end_all() {  // io thread
    shared.stopping = true;
    error_code ignored;
    unix_acceptor.close(ignored);
    tcp_acceptor.close(ignored);
    pause.cancel();
    looks.cancel();
    each_open([](Open& one) { one.end(); });
    grace.expires_after(std::chrono::milliseconds(config.grace_ms));
    grace.async_wait([this](error_code stopped) {
      if (!stopped) each_open([](Open& one) { one.abort(); });
    });
    leave_when_done();
  }

  template <class Do>
  void each_open(Do what) {
    const std::vector<Open*> now(shared.open.begin(), shared.open.end());
    for (Open* one : now) {
      if (shared.open.contains(one)) what(*one);
    }
  }

  void leave_when_done() {  // the io thread ends when nothing is left for it to do
    if (!shared.stopping || !shared.open.empty()) return;
    grace.cancel();
    work.reset();
  }

  HttpConfig config;
  asio::io_context context{1};
  Shared shared;
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work;
  asio::basic_socket_acceptor<asio::local::stream_protocol, IoExecutor> unix_acceptor{context};
  asio::basic_socket_acceptor<asio::ip::tcp, IoExecutor> tcp_acceptor{context};
  asio::steady_timer pause{context}, looks{context}, grace{context};
  Listener unix_listener, tcp_listener;
  UnixSocketFile socket_file;
  std::uint16_t bound_port = 0;
  std::thread thread;
};

HttpServer::HttpServer(HttpConfig config) : impl_(std::make_unique<Impl>(std::move(config))) {}

HttpServer::~HttpServer() {
  stop();
  impl_->shared.gate->shut();
}

Result<void> HttpServer::start(const Router& router, MakeStream make_stream) {
  impl_->shared.router = &router;
  impl_->shared.make_stream = std::move(make_stream);
  if (!impl_->config.socket_path.empty()) {
    if (auto up = impl_->listen_unix(); !up) return up;
  }
  if (impl_->config.tcp_port) {
    if (auto up = impl_->listen_tcp(*impl_->config.tcp_port); !up) return up;
  }
  impl_->look_again();
  impl_->work.emplace(impl_->context.get_executor());
  impl_->thread = std::thread([this] {
    this_thread::set_name("api");
    impl_->context.run();
  });
  return {};
}

void HttpServer::stop() {
  if (!impl_->thread.joinable()) return;
  PROV_ASSERT(std::this_thread::get_id() != impl_->thread.get_id());
  asio::post(impl_->context, [this] { impl_->end_all(); });
  impl_->thread.join();
  impl_->socket_file = UnixSocketFile();
}

void HttpServer::post(std::function<void()> work) { impl_->shared.gate->post(std::move(work)); }
std::uint16_t HttpServer::tcp_port() const { return impl_->bound_port; }

}  // namespace prov::api
