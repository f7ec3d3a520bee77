// One HTTP connection: request after request, each admitted by its head before its body is read.
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <cerrno>
#include <iterator>
#include <string>

#include "coordinator/api/http/shared.h"
#include "coordinator/api/http/ws_session.h"

namespace prov::api {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using beast::error_code;

namespace {

constexpr std::uint32_t kMaxHeadBytes = 16 << 10;
constexpr std::size_t kFirstReadBytes = 4096;
constexpr std::uint64_t kLingerMs = 2000;
constexpr std::size_t kMaxLingerBytes = 64 << 20;

Method method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get: return Method::get;
    case http::verb::head: return Method::head;
    case http::verb::post: return Method::post;
    case http::verb::put: return Method::put;
    case http::verb::delete_: return Method::del;
    default: return Method::other;
  }
}

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

Response too_large(std::size_t limit) {
  return refusal(413, Error{Code::exhausted, "the body is larger than " + std::to_string(limit) + " bytes", {}});
}

// A status line and fields, written out at once: a message of Beast's would be built and taken apart again for it.
std::string head_text(const Response& response, std::size_t body_bytes, bool keep) {
  std::string out;
  out.reserve(256);
  const auto add = [&](std::string_view name, std::string_view value) {
    out.append(name).append(": ");
    // A line's end in a value would begin another field.
    std::replace_copy_if(
        value.begin(), value.end(), std::back_inserter(out), [](char c) { return c == '\r' || c == '\n'; }, ' ');
    out.append("\r\n");
  };
  out.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ").append(reason_of(response.status));
  out.append("\r\n");
  add("Content-Type", response.content_type);
  add("Cache-Control", "no-store");
  add("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : response.headers) add(name, value);
  if (!keep) add("Connection", "close");
  add("Content-Length", std::to_string(body_bytes));
  out.append("\r\n");
  return out;
}

class Connection final : public Open, public std::enable_shared_from_this<Connection> {
 public:
  Connection(Shared& shared, RawSocket socket, std::optional<domain::Principal> peer, std::function<void()> closed)
      : shared_(shared), socket_(std::move(socket)), peer_(std::move(peer)), closed_(std::move(closed)) {
    shared_.open.insert(this);
  }
  ~Connection() override { finish(); }

  void begin() {  // the next request: its first bytes may take their time, the rest may not
    give_back_budget();
    if (shared_.stopping) return finish();
    waiting_ = true;
    if (buffer_.size() > 0) return read_head();
    expire(served_ ? shared_.config.idle_ms : shared_.config.head_ms);
    socket_.async_read_some(buffer_.prepare(kFirstReadBytes),
                            [self = shared_from_this()](error_code error, std::size_t bytes) {
                              if (error) return self->finish();
                              self->buffer_.commit(bytes);
                              self->read_head();
                            });
  }

  void end() override {
    if (waiting_) return finish();
    // The owner's thread waits for this server to stop: it answers nobody any more.
    if (self_) respond(refusal(Error{Code::unavailable, "the coordinator is stopping", "try again"}));
  }
  void abort() override { finish(); }

  // A request may be under way for long (?wait), and nothing is read meanwhile. Not at the first look: somebody may say
  // at once that he has no more to ask, and still want his answer.
  void look() override {
    if (self_ == nullptr || !std::exchange(was_under_way_, true)) return;
    char byte = 0;
    const ssize_t n = ::recv(socket_.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) finish();
  }

 private:
  void expire(std::uint64_t after_ms) { socket_.expires_after(std::chrono::milliseconds(after_ms)); }

  void read_head() {
    head_.emplace();
    head_->header_limit(kMaxHeadBytes);
    head_->body_limit(boost::none);  // the route says how much; see read_body
    expire(shared_.config.head_ms);
    http::async_read_header(socket_, buffer_, *head_,
                            [self = shared_from_this()](error_code error, std::size_t) { self->on_head(error); });
  }

  void on_head(error_code error) {
    if (error == http::error::end_of_stream || error == beast::error::timeout ||
        error == http::error::partial_message || (error && error.category() == asio::error::get_system_category())) {
      return finish();
    }
    waiting_ = false;
    keep_ = false;
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      return respond(refusal(431, Error{Code::exhausted, "the request's head is larger than 16 KiB", {}}));
    }
    if (error) return respond(refusal(Error{Code::invalid, "this is not HTTP/1.1: " + error.message(), {}}));
    admit();
  }

  void admit() {
    const auto& request = head_->get();
    keep_ = request.keep_alive();
    Head head;
    head.method = method_of(request.method());
    head_only_ = head.method == Method::head;  // refusals too have no body then
    head.target = view(request.target());
    head.peer = peer_;
    head.authorization = view(request[http::field::authorization]);
    head.host = view(request[http::field::host]);
    head.hosts = request.count(http::field::host);
    head.origin = view(request[http::field::origin]);
    head.idempotency_key = view(request["Idempotency-Key"]);
    auto admitted = shared_.router->admit(head);
    if (auto* refused = std::get_if<Response>(&admitted)) return respond_unread(std::move(*refused));
    asked_ = std::move(std::get<Admitted>(admitted));
    asked_.route->socket == Socket::none ? read_body() : upgrade();
  }

  bool has_body() const { return head_->chunked() || head_->content_length_remaining().value_or(0) > 0; }

  void respond_unread(Response response) {  // what stands in the way of the next request is not read
    if (has_body()) keep_ = false;
    linger_ = has_body();
    respond(std::move(response));
  }

  void upgrade() {
    const auto& request = head_->get();
    if (!beast::websocket::is_upgrade(request)) {
      Response response = refusal(426, Error{Code::invalid, "this path is a WebSocket", {}});
      response.headers.emplace_back("Upgrade", "websocket");
      return respond_unread(std::move(response));
    }
    if (has_body()) return respond_unread(refusal(Error{Code::invalid, "a WebSocket's request has no body", {}}));
    auto stream = shared_.make_stream(asked_);
    if (!stream) return respond(refusal(stream.error()));
    const RequestHead kept = head_->release();
    finished_ = true;  // the WebSocket goes on with the socket, and with telling when it is closed
    shared_.open.erase(this);
    run_websocket(shared_, std::move(socket_), kept, std::move(*stream), std::move(closed_));
  }

  void read_body() {
    if (!has_body()) return dispatch({});
    const std::size_t limit = asked_.route->max_body;
    const std::uint64_t announced = head_->content_length_remaining().value_or(limit);
    if (announced > limit) return respond_unread(too_large(limit));
    if (announced > shared_.config.max_bodies_bytes - shared_.bodies_bytes) {
      return respond_unread(refusal(Error{Code::unavailable, "too many large requests at once", "try again"}));
    }
    budget_ = announced;
    shared_.bodies_bytes += budget_;
    const bool expects = beast::iequals(head_->get()[http::field::expect], "100-continue");
    body_.emplace(std::move(*head_));
    body_->body_limit(limit);
    expire(shared_.config.body_ms);
    if (!expects) return read_rest();
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(socket_, asio::buffer(kContinue), [self = shared_from_this()](error_code error, std::size_t) {
      error ? self->finish() : self->read_rest();
    });
  }

  void read_rest() {
    http::async_read(socket_, buffer_, *body_, [self = shared_from_this()](error_code error, std::size_t) {
      if (!error) return self->dispatch(std::move(self->body_->get().body()));
      if (error != http::error::body_limit) return self->finish();
      self->keep_ = false;
      self->linger_ = true;
      self->respond(too_large(self->asked_.route->max_body));
    });
  }

  void dispatch(std::string body) {
    socket_.expires_never();
    // The answer may come from any thread, and long after the server is gone.
    auto reply = [weak = weak_from_this(), gate = shared_.gate](Response response) {
      auto held = std::make_shared<Response>(std::move(response));
      gate->post([weak, held] {
        const auto self = weak.lock();
        if (self != nullptr && self->self_ != nullptr) self->respond(std::move(*held));
      });
    };
    self_ = shared_from_this();  // until it is answered; nothing else holds it meanwhile
    was_under_way_ = false;
    shared_.router->handle(std::move(asked_), std::move(body), std::move(reply));
  }

  void respond(Response response) {
    const auto self = shared_from_this();
    self_.reset();
    if (finished_) return;
    if (shared_.stopping) keep_ = false;
    if (!head_only_) body_out_ = response.data == nullptr ? std::move(response.body) : body_text(response);
    head_out_ = head_text(response, body_out_.size(), keep_);
    after_ = std::move(response.after);
    expire(shared_.config.write_ms);
    asio::async_write(socket_, std::array{asio::buffer(head_out_), asio::buffer(body_out_)},
                      [self](error_code error, std::size_t) { self->on_written(error); });
  }

  void on_written(error_code error) {
    if (const auto after = std::exchange(after_, nullptr)) after();
    if (error) return finish();
    body_out_ = {};
    asked_ = {};
    served_ = true;
    if (keep_) return begin();
    linger_ ? linger() : finish();
  }

  // Takes what the client still sends, for a while: closing over unread bytes could take the answer from it.
  void linger() {
    error_code ignored;
    socket_.socket().shutdown(RawSocket::shutdown_send, ignored);
    expire(kLingerMs);
    drain(0);
  }
  void drain(std::size_t before) {
    buffer_.clear();
    socket_.async_read_some(buffer_.prepare(64 << 10),
                            [self = shared_from_this(), before](error_code error, std::size_t bytes) {
                              const std::size_t total = before + bytes;
                              error || total > kMaxLingerBytes ? self->finish() : self->drain(total);
                            });
  }

  void give_back_budget() {
    shared_.bodies_bytes -= std::exchange(budget_, 0);
    body_.reset();
  }

  void finish() {
    if (std::exchange(finished_, true)) return;
    give_back_budget();
    socket_.close();
    shared_.open.erase(this);
    self_.reset();
    closed_();
  }

  Shared& shared_;
  SocketIo socket_;
  std::optional<domain::Principal> peer_;
  std::function<void()> closed_;
  beast::flat_buffer buffer_;
  bool head_only_ = false;
  std::optional<http::request_parser<http::empty_body>> head_;
  std::optional<http::request_parser<http::string_body>> body_;
  Admitted asked_;
  std::string head_out_, body_out_;
  std::function<void()> after_;
  std::shared_ptr<Connection> self_;
  std::size_t budget_ = 0;
  bool waiting_ = true, keep_ = false, linger_ = false, served_ = false, finished_ = false;
  bool was_under_way_ = false;  // the same request, at the last look
};

}  // namespace

void serve(Shared& shared, RawSocket socket, std::optional<domain::Principal> peer, std::function<void()> closed) {
  std::make_shared<Connection>(shared, std::move(socket), std::move(peer), std::move(closed))->begin();
}

}  // namespace prov::api
