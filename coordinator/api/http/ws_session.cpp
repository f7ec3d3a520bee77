#include "coordinator/api/http/ws_session.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <deque>

namespace prov::api {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using beast::error_code;

namespace {

constexpr std::size_t kMaxMessageBytes = 64 << 10;
constexpr std::size_t kMaxReasonBytes = 120;  // a close frame has room for 123
constexpr std::chrono::milliseconds kFullPause(5);
constexpr std::chrono::seconds kHandshakeTime(10);

class WsSession final : public Channel, public Open, public std::enable_shared_from_this<WsSession> {
 public:
  WsSession(Shared& shared, SocketIo socket, std::shared_ptr<Stream> stream, std::function<void()> closed)
      : shared_(shared),
        socket_(std::move(socket)),
        stream_(std::move(stream)),
        closed_(std::move(closed)),
        ping_timer_(shared.context),
        read_timer_(shared.context) {
    shared_.open.insert(this);
  }
  ~WsSession() override { finish(); }

  void run(const RequestHead& request) {
    beast::get_lowest_layer(socket_).expires_never();  // the WebSocket has its own times
    const auto idle = std::chrono::milliseconds(shared_.config.ping_ms * 4);
    socket_.set_option(websocket::stream_base::timeout{kHandshakeTime, idle, true});
    socket_.read_message_max(kMaxMessageBytes);
    socket_.auto_fragment(false);
    socket_.async_accept(request, [self = shared_from_this()](error_code error) {
      if (error) return self->finish();
      self->accepted_ = true;
      if (self->closing_) return self->say_close();  // the server stopped meanwhile
      self->opened_ = true;
      self->stream_->on_open(*self);
      self->read();
      self->arm_ping();
    });
  }

  // ---- Channel
  void send_text(std::shared_ptr<const std::string> text) override { enqueue({std::move(text), false}); }
  void send_binary(std::string data) override { enqueue({std::make_shared<const std::string>(std::move(data)), true}); }
  std::size_t queued_bytes() const override { return queued_bytes_; }
  void close(std::uint16_t code, std::string reason) override {
    if (std::exchange(closing_, true)) return;
    if (reason.size() > kMaxReasonBytes) reason = reason.substr(0, kMaxReasonBytes - 3) + "...";
    close_reason_ = websocket::close_reason(static_cast<websocket::close_code>(code), beast::string_view(reason));
    if (!writing_ && accepted_) say_close();
  }

  // ---- Open
  void end() override { close(kCloseGoingAway, "the coordinator is stopping"); }
  void abort() override { finish(); }

 private:
  struct Message {
    std::shared_ptr<const std::string> data;
    bool binary;
  };

  void enqueue(Message message) {
    if (closing_ || finished_) return;
    queued_bytes_ += message.data->size();
    queue_.push_back(std::move(message));
    if (!writing_) write();
  }

  void write() {
    writing_ = true;
    socket_.binary(queue_.front().binary);
    socket_.async_write(asio::buffer(*queue_.front().data),
                        [self = shared_from_this()](error_code error, std::size_t) { self->on_written(error); });
  }

  void on_written(error_code error) {
    writing_ = false;
    if (error || finished_) return finish();
    queued_bytes_ -= queue_.front().data->size();
    queue_.pop_front();
    if (!queue_.empty()) return write();
    if (closing_) return say_close();
    stream_->on_drained();
  }

  void say_close() {
    if (finished_) return;
    socket_.async_close(close_reason_, [self = shared_from_this()](error_code) { self->finish(); });
  }

  void read() {
    if (finished_) return;
    if (!stream_->takes_more()) {
      read_timer_.expires_after(kFullPause);
      read_timer_.async_wait([self = shared_from_this()](error_code error) {
        if (!error) self->read();
      });
      return;
    }
    socket_.async_read(buffer_, [self = shared_from_this()](error_code error, std::size_t) { self->on_read(error); });
  }

  void on_read(error_code error) {
    if (error) {
      // While our own good-bye is on its way it ends the session; a message that was too large is told by Beast.
      if (!closing_ || error != websocket::error::closed) finish();
      return;
    }
    std::string data = beast::buffers_to_string(buffer_.data());
    buffer_.consume(buffer_.size());
    if (!closing_) stream_->on_message(socket_.got_binary(), std::move(data));
    read();
  }

  void arm_ping() {
    ping_timer_.expires_after(std::chrono::milliseconds(shared_.config.ping_ms));
    ping_timer_.async_wait([weak = weak_from_this()](error_code error) {
      const auto self = weak.lock();
      if (error || self == nullptr || self->finished_) return;
      if (!self->closing_) self->stream_->on_ping_due();
      self->arm_ping();
    });
  }

  void finish() {
    if (std::exchange(finished_, true)) return;
    if (opened_) stream_->on_closed();
    ping_timer_.cancel();
    read_timer_.cancel();
    beast::get_lowest_layer(socket_).close();
    shared_.open.erase(this);
    closed_();
  }

  Shared& shared_;
  websocket::stream<SocketIo> socket_;
  std::shared_ptr<Stream> stream_;
  std::function<void()> closed_;
  asio::steady_timer ping_timer_, read_timer_;
  beast::flat_buffer buffer_;
  std::deque<Message> queue_;
  std::size_t queued_bytes_ = 0;
  websocket::close_reason close_reason_;
  bool accepted_ = false, opened_ = false, writing_ = false, closing_ = false, finished_ = false;
};

}  // namespace

void run_websocket(Shared& shared, SocketIo socket, const RequestHead& request, std::shared_ptr<Stream> stream,
                   std::function<void()> closed) {
  std::make_shared<WsSession>(shared, std::move(socket), std::move(stream), std::move(closed))->run(request);
}

}  // namespace prov::api
