#pragma once
// Internal: a libzmq socket that closes itself, and messages in parts. Everything is non-blocking. What can only fail
// by a mistake of ours (an option, a dead context) aborts.
#include <zmq.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/io/zmq/curve_keys.h"
#include "common/io/zmq/zmq_context.h"

namespace prov::io {

// What CURVE and ZMTP add to a frame before ZMQ_MAXMSGSIZE is applied to it.
inline constexpr std::size_t kCurveOverhead = 64;

class Message {
 public:
  Message() { zmq_msg_init(&raw_); }
  explicit Message(std::string_view bytes);
  ~Message() { zmq_msg_close(&raw_); }
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;

  std::string_view view() const { return {static_cast<const char*>(zmq_msg_data(&raw_)), zmq_msg_size(&raw_)}; }
  bool more() const { return zmq_msg_more(&raw_) != 0; }
  zmq_msg_t* raw() const { return &raw_; }

 private:
  mutable zmq_msg_t raw_;  // the getters of libzmq 4.3 are not all const
};

enum class Sent { yes, full, no_peer };

class Socket {
 public:
  Socket() = default;
  Socket(const ZmqContext& context, int type);
  Socket(Socket&& other) noexcept : raw_(std::exchange(other.raw_, nullptr)), fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept;
  ~Socket();

  void* raw() const { return raw_; }
  int fd() const { return fd_; }  // becomes readable when there may be something to receive (ZMQ_FD)
  explicit operator bool() const { return raw_ != nullptr; }

  void set(int option, int value);
  void set64(int option, std::int64_t value);
  void set(int option, std::string_view bytes);
  int get(int option) const;
  std::string endpoint() const;  // of the last bind
  Result<void> bind(const std::string& endpoint);
  Result<void> connect(const std::string& endpoint);

  bool receive(Message& into);                            // false: nothing there
  std::optional<std::vector<std::string>> receive_all();  // every part of one message
  Sent send(std::string_view bytes, bool more);

 private:
  void* raw_ = nullptr;
  int fd_ = -1;
};

void act_as_curve_server(Socket& socket, const KeyPair& keys, std::string_view zap_domain);
void act_as_curve_client(Socket& socket, const KeyPair& keys, const Key& server);

}  // namespace prov::io
