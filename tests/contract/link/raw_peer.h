#pragma once
// A peer that does as it likes: a bare DEALER, with a routing id of its choice and messages in as many parts as it
// wants.
#include <optional>
#include <string>
#include <vector>

#include "common/io/zmq/socket.h"

namespace prov::test {

class RawPeer {
 public:
  enum class AfterCut { connects_again, stays_away };  // what it has queued goes out over the next connection

  RawPeer(const io::KeyPair& keys, const Key& server, const std::string& routing_id, const std::string& endpoint,
          AfterCut after_cut = AfterCut::connects_again)
      : context_(*io::ZmqContext::create()), socket_(*context_, ZMQ_DEALER) {
    io::act_as_curve_client(socket_, keys, server);
    if (after_cut == AfterCut::stays_away) socket_.set(ZMQ_RECONNECT_IVL, -1);
    if (!routing_id.empty()) socket_.set(ZMQ_ROUTING_ID, routing_id);
    PROV_ASSERT(socket_.connect(endpoint).has_value());
  }
  void send(const std::vector<std::string>& parts) {
    for (std::size_t i = 0; i < parts.size(); ++i) static_cast<void>(socket_.send(parts[i], i + 1 < parts.size()));
  }
  std::optional<std::string> receive() {
    auto parts = socket_.receive_all();
    return parts ? std::optional(parts->front()) : std::nullopt;
  }

 private:
  std::shared_ptr<io::ZmqContext> context_;
  io::Socket socket_;
};

}  // namespace prov::test
