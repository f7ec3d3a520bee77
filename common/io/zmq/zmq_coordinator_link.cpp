#include "common/io/zmq/zmq_coordinator_link.h"

#include <algorithm>
#include <optional>

#include "common/io/zmq/socket.h"
#include "common/ports/alarm.h"
#include "common/wire/join_token.h"

namespace prov::io {
namespace {

constexpr int kQueuedFrames = 256;      // each way; what is beyond is dropped (out) or waits at the sender (in)
constexpr int kReconnectMs = 100;       // between libzmq's own attempts, growing
constexpr int kRecoveredMs = 1'000;     // the same for a socket that replaced a dead one
constexpr int kReconnectMaxMs = 4'000;  // plus as much again by chance, so that a fleet does not return as one
constexpr int kHandshakeMs = 30'000;    // longer than the coordinator's: who is slow there is told so by it
constexpr int kFramesInARow = 256;      // then others in the loop have their turn

}  // namespace

struct ZmqCoordinatorLink::Impl {
  ZmqCoordinatorLinkConfig config;
  std::shared_ptr<ZmqContext> context;
  FdWatcher& watcher;
  Timers& timers;
  Random& random;
  Handler handler{};
  Socket socket{};
  int fd = -1;
  std::size_t next_endpoint = 0;
  std::string current{};  // endpoint of the socket
  Alarm connecting{timers}, draining{timers}, recovering{timers};
  bool carries = false;          // what is sent went out when last looked at: a connection's handshake is through
  std::uint64_t generation = 0;  // rises with each socket, so that a callback notices when it is replaced under it

  ~Impl() { close(); }

  Result<Socket> opened(const std::string& endpoint, int reconnect_ms) {
    Socket out(*context, ZMQ_DEALER);
    if (!out) return fail(Code::exhausted, "no socket or descriptor is left for another link");
    act_as_curve_client(out, config.keys, config.server);
    out.set64(ZMQ_MAXMSGSIZE, kMaxFrameBytes + kCurveOverhead);
    out.set(ZMQ_SNDHWM, kQueuedFrames);
    out.set(ZMQ_RCVHWM, kQueuedFrames);
    out.set(ZMQ_IMMEDIATE, 1);
    out.set(ZMQ_HANDSHAKE_IVL, kHandshakeMs);
    out.set(ZMQ_RECONNECT_IVL, jittered(reconnect_ms));
    out.set(ZMQ_RECONNECT_IVL_MAX, jittered(kReconnectMaxMs));
    out.set(ZMQ_IPV6, 1);
    if (auto connected = out.connect(endpoint); !connected) return tl::unexpected(connected.error());
    return out;
  }

  int jittered(int ms) { return ms + static_cast<int>(random.below(static_cast<std::uint64_t>(ms))); }

  void connect(int reconnect_ms) {
    PROV_ASSERT(handler.frame);
    current = config.endpoints[next_endpoint++ % config.endpoints.size()];
    auto next = opened(current, reconnect_ms);
    if (!next) {  // descriptors or sockets ran out, which may pass
      connecting.set(1'000, [this] { connect(kRecoveredMs); });
      return;
    }
    socket = std::move(*next);
    ++generation;
    fd = socket.fd();
    watcher.watch(fd, [this] { drain(); });
    drain_later();
  }

  void close() {
    connecting.stop();
    draining.stop();
    recovering.stop();
    carries = false;
    if (fd >= 0) watcher.unwatch(std::exchange(fd, -1));
    socket = Socket();
  }

  void drain_later() {
    if (!draining.is_set()) draining.set(0, [this] { drain(); });
  }

  // The descriptor tells of a change once: everything must be taken, or a further turn be asked for.
  void drain() {
    const std::uint64_t mine = generation;
    for (int frames = 0; frames < kFramesInARow; ++frames) {
      Message message;
      if (!socket.receive(message)) return look_at_path();
      if (message.more()) {
        drop_rest();
        continue;
      }
      handler.frame(std::string(message.view()));
      if (generation != mine || !socket) return;  // the owner reconnected
    }
    drain_later();
  }

  // The descriptor also tells when a connection has been made or lost (ZMQ_IMMEDIATE: only one whose handshake is
  // through takes frames).
  void look_at_path() {
    const int events = socket.get(ZMQ_EVENTS);
    if ((events & ZMQ_POLLIN) != 0) drain_later();
    const bool carried = std::exchange(carries, (events & ZMQ_POLLOUT) != 0);
    if (carries && !carried && handler.connected) handler.connected();
  }

  void drop_rest() {  // no coordinator of ours sends parts
    Message part;
    while (socket.receive(part) && part.more()) {
    }
  }

  // libzmq gives a connection up for ever when its bytes were wrong (a flipped bit, a refusal). Nothing tells, except
  // that nothing can be sent.
  void recover() {
    close();
    connect(kRecoveredMs);
  }

  void send(std::string_view frame) {
    if (!socket || frame.size() > kMaxFrameBytes) return;
    carries = socket.send(frame, false) == Sent::yes;
    if (carries) {
      recovering.stop();
    } else if (!recovering.is_set()) {
      recovering.set(static_cast<std::uint64_t>(jittered(static_cast<int>(config.recover_ms))), [this] { recover(); });
    }
    // Sending may have swallowed the descriptor's edge for frames that came in meanwhile.
    if ((socket.get(ZMQ_EVENTS) & ZMQ_POLLIN) != 0) drain_later();
  }
};

ZmqCoordinatorLink::ZmqCoordinatorLink(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ZmqCoordinatorLink::~ZmqCoordinatorLink() = default;

Result<std::unique_ptr<ZmqCoordinatorLink>> ZmqCoordinatorLink::create(ZmqCoordinatorLinkConfig config,
                                                                       std::shared_ptr<ZmqContext> context,
                                                                       FdWatcher& watcher, Timers& timers,
                                                                       Random& random) {
  if (config.endpoints.empty()) return fail(Code::invalid, "the link has no endpoint of a coordinator");
  for (const auto& endpoint : config.endpoints) {
    if (wire::numeric_endpoint(endpoint)) continue;
    return fail(Code::invalid, "\"" + endpoint + "\" is not tcp://ADDRESS:PORT with a numeric address");
  }
  auto impl = std::unique_ptr<Impl>(new Impl{std::move(config), std::move(context), watcher, timers, random});
  return std::unique_ptr<ZmqCoordinatorLink>(new ZmqCoordinatorLink(std::move(impl)));
}

void ZmqCoordinatorLink::start(Handler handler) {
  PROV_ASSERT(!impl_->handler.frame && handler.frame);
  impl_->handler = std::move(handler);
  const std::uint64_t jitter = impl_->random.below(std::uint64_t{impl_->config.start_jitter_ms} + 1);
  impl_->connecting.set(jitter, [impl = impl_.get()] { impl->connect(kReconnectMs); });
}

void ZmqCoordinatorLink::send(std::string frame) { impl_->send(frame); }

void ZmqCoordinatorLink::set_endpoints(std::vector<std::string> endpoints) {
  PROV_ASSERT(!endpoints.empty() && std::all_of(endpoints.begin(), endpoints.end(), wire::numeric_endpoint));
  const auto used = std::find(endpoints.begin(), endpoints.end(), impl_->current);
  impl_->next_endpoint = used == endpoints.end() ? 0 : static_cast<std::size_t>(used - endpoints.begin()) + 1;
  impl_->config.endpoints = std::move(endpoints);
}

const std::string& ZmqCoordinatorLink::endpoint() const { return impl_->current; }

void ZmqCoordinatorLink::reconnect() {
  impl_->close();
  impl_->connect(kReconnectMs);
}

}  // namespace prov::io
