#include "common/io/zmq/zmq_enrol.h"

#include "common/io/zmq/socket.h"
#include "common/ports/link.h"

namespace prov::io {

Result<wire::EnrolAnswer> enrol(const wire::JoinToken& token, const KeyPair& keys, const Key& seal_key,
                                std::uint32_t timeout_ms) {
  auto context = ZmqContext::create();
  if (!context) return tl::unexpected(context.error());
  Socket socket(**context, ZMQ_DEALER);
  if (!socket) return fail(Code::exhausted, "cannot open a socket: no descriptor is left");
  act_as_curve_client(socket, keys, token.server_key);
  socket.set64(ZMQ_MAXMSGSIZE, kMaxEnrolFrameBytes + kCurveOverhead);
  socket.set(ZMQ_HANDSHAKE_IVL, static_cast<int>(timeout_ms));
  if (auto connected = socket.connect(token.enrol_endpoint); !connected) return tl::unexpected(connected.error());

  const std::string request = wire::encode(wire::EnrolRequest{token.id, token.secret, seal_key});
  PROV_ASSERT(socket.send(request, false) == Sent::yes);  // queued until the handshake is done
  zmq_pollitem_t item{socket.raw(), 0, ZMQ_POLLIN, 0};
  while (zmq_poll(&item, 1, static_cast<long>(timeout_ms)) < 0 && zmq_errno() == EINTR) {
  }
  const auto answer = socket.receive_all();
  if (!answer) {
    return fail(Code::unavailable,
                "no answer from " + token.enrol_endpoint + " within " + std::to_string(timeout_ms) + " ms",
                "check that the coordinator runs and is reached there, and that the join token is its own");
  }
  if (answer->size() != 1) return fail(Code::invalid, "the enrolment answer is not one frame");
  return wire::decode_enrol_answer(answer->front());
}

}  // namespace prov::io
