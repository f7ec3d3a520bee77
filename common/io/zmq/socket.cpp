#include "common/io/zmq/socket.h"

#include <cstring>

namespace prov::io {
namespace {

std::string_view raw_bytes(const SecretKey& key) { return {reinterpret_cast<const char*>(key.data()), key.size()}; }

}  // namespace

Message::Message(std::string_view bytes) {
  PROV_ASSERT(zmq_msg_init_size(&raw_, bytes.size()) == 0);
  if (!bytes.empty()) std::memcpy(zmq_msg_data(&raw_), bytes.data(), bytes.size());
}

Socket::Socket(const ZmqContext& context, int type) : raw_(zmq_socket(context.raw(), type)) {
  if (raw_ == nullptr) return;
  set(ZMQ_LINGER, 0);
  fd_ = get(ZMQ_FD);
}

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    if (raw_ != nullptr) zmq_close(raw_);
    raw_ = std::exchange(other.raw_, nullptr);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

Socket::~Socket() {
  if (raw_ != nullptr) zmq_close(raw_);
}

void Socket::set(int option, int value) { PROV_ASSERT(zmq_setsockopt(raw_, option, &value, sizeof value) == 0); }

void Socket::set64(int option, std::int64_t value) {
  PROV_ASSERT(zmq_setsockopt(raw_, option, &value, sizeof value) == 0);
}

void Socket::set(int option, std::string_view bytes) {
  PROV_ASSERT(zmq_setsockopt(raw_, option, bytes.data(), bytes.size()) == 0);
}

int Socket::get(int option) const {
  int value = 0;
  std::size_t size = sizeof value;
  PROV_ASSERT(zmq_getsockopt(raw_, option, &value, &size) == 0);
  return value;
}

std::string Socket::endpoint() const {
  char text[256] = {};
  std::size_t size = sizeof text;
  PROV_ASSERT(zmq_getsockopt(raw_, ZMQ_LAST_ENDPOINT, text, &size) == 0);
  return text;
}

Result<void> Socket::bind(const std::string& endpoint) {
  if (zmq_bind(raw_, endpoint.c_str()) == 0) return {};
  const int error = zmq_errno();
  return fail(error == EADDRINUSE ? Code::conflict : Code::io,
              "cannot listen on " + endpoint + ": " + zmq_strerror(error),
              "choose an address of this machine and a port that is free");
}

Result<void> Socket::connect(const std::string& endpoint) {
  if (zmq_connect(raw_, endpoint.c_str()) == 0) return {};
  return fail(Code::invalid, "cannot connect to " + endpoint + ": " + zmq_strerror(zmq_errno()),
              "an endpoint looks like tcp://10.0.0.1:7442");
}

bool Socket::receive(Message& into) {
  for (;;) {
    if (zmq_msg_recv(into.raw(), raw_, ZMQ_DONTWAIT) >= 0) return true;
    const int error = zmq_errno();
    if (error == EAGAIN) return false;
    PROV_ASSERT(error == EINTR);
  }
}

std::optional<std::vector<std::string>> Socket::receive_all() {
  std::vector<std::string> parts;
  for (Message message; receive(message);) {
    parts.emplace_back(message.view());
    if (!message.more()) return parts;
  }
  return std::nullopt;
}

Sent Socket::send(std::string_view bytes, bool more) {
  Message message(bytes);
  for (;;) {
    if (zmq_msg_send(message.raw(), raw_, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)) >= 0) return Sent::yes;
    const int error = zmq_errno();
    if (error == EAGAIN) return Sent::full;
    if (error == EHOSTUNREACH) return Sent::no_peer;
    PROV_ASSERT(error == EINTR);
  }
}

void act_as_curve_server(Socket& socket, const KeyPair& keys, std::string_view zap_domain) {
  socket.set(ZMQ_CURVE_SERVER, 1);
  socket.set(ZMQ_CURVE_SECRETKEY, raw_bytes(keys.secret_key));
  socket.set(ZMQ_ZAP_DOMAIN, zap_domain);
}

void act_as_curve_client(Socket& socket, const KeyPair& keys, const Key& server) {
  socket.set(ZMQ_CURVE_SERVERKEY, server.view());
  socket.set(ZMQ_CURVE_PUBLICKEY, keys.public_key.view());
  socket.set(ZMQ_CURVE_SECRETKEY, raw_bytes(keys.secret_key));
}

}  // namespace prov::io
