#include "common/io/zmq/zmq_context.h"

#include <zmq.h>

namespace prov::io {

Result<std::shared_ptr<ZmqContext>> ZmqContext::create(Options options) {
  int major = 0, minor = 0, patch = 0;
  zmq_version(&major, &minor, &patch);
  if (ZMQ_MAKE_VERSION(major, minor, patch) < ZMQ_MAKE_VERSION(4, 3, 4)) {
    return fail(Code::unsupported, "libzmq is older than 4.3.4, which has known holes before authentication",
                "install libzmq5 4.3.4 or later");
  }
  if (zmq_has("curve") != 1) {
    return fail(Code::unsupported, "this libzmq has no CURVE, and nothing is sent in clear",
                "install Debian's libzmq5");
  }
  void* raw = zmq_ctx_new();
  PROV_ASSERT(raw != nullptr);
  const bool ok = zmq_ctx_set(raw, ZMQ_IO_THREADS, options.io_threads) == 0 &&
                  zmq_ctx_set(raw, ZMQ_MAX_SOCKETS, options.max_sockets) == 0;
  PROV_ASSERT(ok);
  return std::shared_ptr<ZmqContext>(new ZmqContext(raw));
}

ZmqContext::~ZmqContext() {
  while (zmq_ctx_term(raw_) != 0 && zmq_errno() == EINTR) {
  }
}

}  // namespace prov::io
