#include "common/io/zmq/link_thread.h"

#include <poll.h>

#include <cerrno>
#include <chrono>
#include <utility>

namespace prov::io {
namespace {

constexpr const char* kAgentsDomain = "agents";
constexpr const char* kEnrolDomain = "enrol";
constexpr long kSweepMs = 1'000;
constexpr std::size_t kFramesPerTurn = 2'048;  // then ZAP, commands and the owner have their turn
constexpr std::size_t kBytesPerTurn = 8 << 20;
constexpr std::size_t kEnrolmentsPerTurn = 64;
constexpr int kQueuedIn = 32;  // per agent; libzmq holds them, and behind them TCP holds the agent
constexpr int kQueuedOut = 256;
constexpr std::uint64_t kEnrolMs = 10'000;  // an enrolment's connection lives so long at most
constexpr std::size_t kMaxAnswering = 1'024;
constexpr std::size_t kMaxEnrolling = 4'096;  // keys whose rate is remembered

std::uint64_t monotonic_ms() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

// The key that ZAP noted on the connection that a message came through. Without a ZAP handler libzmq lets anybody in,
// but notes nothing: what has no key is refused everywhere here.
std::optional<Key> authenticated_key(const Message& message) {
  const char* noted = zmq_msg_gets(message.raw(), "User-Id");
  return noted == nullptr ? std::nullopt : parse_hex<Key>(noted);
}

ServerSocketConfig link_config(const ZmqAgentLinkConfig& config) {
  // Twice the limit passes libzmq, so that who exceeds it a little can be named; beyond, the connection just ends.
  return {kAgentsDomain,
          config.link_port,
          2 * kMaxFrameBytes,
          kQueuedIn,
          kQueuedOut,
          static_cast<int>(config.handshake_ms),
          config.max_connections};
}

ServerSocketConfig enrol_config(const ZmqAgentLinkConfig& config) {
  return {kEnrolDomain,
          config.enrol_port,
          kMaxEnrolFrameBytes,
          2,
          2,
          static_cast<int>(config.handshake_ms),
          config.max_enrol_connections};
}

}  // namespace

Result<std::unique_ptr<LinkThread>> LinkThread::create(const ZmqAgentLinkConfig& config, Exchange& exchange,
                                                       std::function<void()> hand_over) {
  if (config.addresses.empty()) return fail(Code::invalid, "the link has no address to listen on");
  auto context = ZmqContext::create();
  if (!context) return tl::unexpected(context.error());
  Socket zap(**context, ZMQ_REP);
  if (!zap) return fail(Code::exhausted, "cannot open the link's sockets: no descriptor is left");
  if (auto bound = zap.bind("inproc://zeromq.zap.01"); !bound) return tl::unexpected(bound.error());
  auto link = ServerSocket::open(**context, config.keys, link_config(config), config.addresses.front());
  if (!link) return tl::unexpected(link.error());
  auto enrol = ServerSocket::open(**context, config.keys, enrol_config(config), config.addresses.front());
  if (!enrol) return tl::unexpected(enrol.error());
  auto out = std::unique_ptr<LinkThread>(new LinkThread(config, exchange, std::move(hand_over), std::move(*context),
                                                        std::move(zap), std::move(*link), std::move(*enrol)));
  for (const auto& address : config.addresses) {
    if (auto bound = out->listen(address); !bound) return tl::unexpected(bound.error());
  }
  return out;
}

LinkThread::LinkThread(const ZmqAgentLinkConfig& config, Exchange& exchange, std::function<void()> hand_over,
                       std::shared_ptr<ZmqContext> context, Socket zap, ServerSocket link, ServerSocket enrol)
    : config_(config),
      exchange_(exchange),
      post_(std::move(hand_over)),
      context_(std::move(context)),
      zap_(std::move(zap)),
      link_(std::move(link)),
      enrol_(std::move(enrol)),
      alarms_([this](std::string kind, std::string peer, std::string detail, std::uint32_t count) {
        if (count > 1) detail += " (" + std::to_string(count) + " times)";
        deliver(InAlarm{std::move(kind), std::move(peer), std::move(detail)}, 0);
      }),
      enrolments_(config.enrol_per_s, config.enrol_burst) {}

LinkThread::~LinkThread() = default;

Result<void> LinkThread::listen(const std::string& address) {
  auto bound = link_.listen(address);
  return bound ? enrol_.listen(address) : bound;
}

void LinkThread::run() {
  while (!stopping_) {
    const Ready ready = wait();
    now_ms_ = monotonic_ms();
    obey();
    if (ready.zap) answer_zap();
    send_frames();
    receive_frames(ready);
    if (ready.enrol || more_enrolments_) receive_enrolments();
    sweep();
    hand_over();
  }
}

// A socket's descriptor tells once that something has come, and whatever is done with the socket may hear that. So each
// is read until nothing is left; the link's router in every turn, as frames are sent through it; and all of them once
// in a while.
LinkThread::Ready LinkThread::wait() {
  pollfd fds[] = {{exchange_.wake.get(), POLLIN, 0}, {zap_.fd(), POLLIN, 0},
                  {link_.monitor().fd(), POLLIN, 0}, {enrol_.monitor().fd(), POLLIN, 0},
                  {link_.router().fd(), POLLIN, 0},  {enrol_.router().fd(), POLLIN, 0}};
  // Nothing is read from agents while the owner is behind; it wakes this thread when it has caught up.
  const bool behind = exchange_.inbound.full();
  const bool at_once = look_at_all_ || ((more_frames_ || more_enrolments_) && !behind);
  if (poll(fds, behind ? 4 : 6, at_once ? 0 : static_cast<int>(kSweepMs)) < 0) PROV_ASSERT(errno == EINTR);
  if (fds[0].revents != 0) exchange_.wake.clear();
  if (std::exchange(look_at_all_, false)) return {true, true, true};
  return {fds[1].revents != 0, fds[2].revents != 0 || fds[3].revents != 0, fds[5].revents != 0};
}

// ---- commands

void LinkThread::obey() {
  exchange_.commands.take(commands_);
  for (auto& command : commands_) {
    std::visit([this](auto& one) { obey(one); }, command);
  }
}

void LinkThread::obey(const Allow& allow) {
  agents_.try_emplace(allow.agent, Agent{TokenBucket(config_.handshakes_per_s, config_.handshakes_burst)});
}

void LinkThread::obey(const Forbid& forbid) {
  const auto at = agents_.find(forbid.agent);
  if (at == agents_.end()) return;
  if (at->second.connected) link_.connections().cut_if(at->second.fd, at->second.route);
  agents_.erase(at);
}

void LinkThread::obey(const AnswerEnrolment& answer) {
  const auto route = parse_routing_id(answer.route);
  if (!route || answering_.erase(*route) == 0 || answer.answer.empty()) return;
  more_enrolments_ = true;
  if (enrol_.router().send(answer.route, true) != Sent::yes) return;  // it has gone: it will ask again
  static_cast<void>(enrol_.router().send(answer.answer, false));
}

void LinkThread::obey(const Listen& listen_to) {
  look_at_all_ = true;
  listen_to.done->set_value(listen(listen_to.address));
}

// ---- who may come in (ZAP 1.0, RFC 27)

void LinkThread::answer_zap() {
  while (const auto request = zap_.receive_all()) {
    obey();  // allow() that returned before this connection came is known by now
    const auto& parts = *request;
    const bool curve = parts.size() == 7 && parts[0] == "1.0" && parts[5] == "CURVE";
    const auto key = curve ? Key::from(parts[6]) : std::nullopt;
    const char* refused = key ? verdict(parts[2], *key, parts[3]) : "not CURVE";
    // 300: the connection just ends, and its libzmq tries again later. After a 400 it never would, although a key may
    // be allowed in a moment.
    const std::string status = refused == nullptr ? "200" : "300";
    const std::string user = refused == nullptr ? to_text(*key) : "";
    const std::string id = parts.size() > 1 ? parts[1] : "";
    const std::string_view answer[] = {"1.0", id, status, refused == nullptr ? "OK" : refused, user, ""};
    for (std::size_t i = 0; i < std::size(answer); ++i) {
      static_cast<void>(zap_.send(answer[i], i + 1 < std::size(answer)));
    }
  }
}

const char* LinkThread::verdict(const std::string& domain, const Key& key, const std::string& address) {
  if (domain == kEnrolDomain) {
    if (enrolling_.size() >= kMaxEnrolling) enrolling_.clear();
    auto& of_key = enrolling_.try_emplace(key, config_.handshakes_per_s, config_.handshakes_burst).first->second;
    if (of_key.take(now_ms_) && enrolments_.take(now_ms_)) return nullptr;
    alarm("enrol_flood", address, "too many enrolments, the last with key " + to_text(key));
    return "too many";
  }
  const auto at = agents_.find(key);
  if (at == agents_.end()) {
    alarm("unknown_key", address, "key " + to_text(key) + " is not that of an agent");
    return "unknown key";
  }
  if (at->second.handshakes.take(now_ms_)) return nullptr;
  alarm("handshake_flood", to_text(key), "it connects again and again, now from " + address);
  return "too many";
}

void LinkThread::read_monitors() {
  link_.read_monitor(now_ms_, [this](const char* kind, std::string detail) { alarm(kind, "link", std::move(detail)); });
  enrol_.read_monitor(now_ms_,
                      [this](const char* kind, std::string detail) { alarm(kind, "enrol", std::move(detail)); });
}

// ---- to the agents

void LinkThread::send_frames() {
  exchange_.frames.take(frames_);
  for (const auto& out : frames_) {
    const auto at = agents_.find(out.agent);
    if (at == agents_.end() || !at->second.connected) continue;
    const Sent sent = link_.router().send(routing_id_bytes(at->second.route), true);
    if (sent == Sent::yes) static_cast<void>(link_.router().send(out.frame, false));
    if (sent == Sent::no_peer) at->second.connected = false;
  }
  frames_.clear();
}

// ---- from the agents

std::vector<LinkThread::Arrival> LinkThread::receive(Socket& router, std::size_t max_frames, std::size_t max_bytes,
                                                     bool& there_is_more) {
  std::vector<Arrival> arrivals;
  std::size_t bytes = 0;
  there_is_more = true;
  while (arrivals.size() < max_frames && bytes < max_bytes) {
    Message route, body;
    if (!router.receive(route)) {
      there_is_more = false;
      break;
    }
    PROV_ASSERT(route.more() && router.receive(body));  // libzmq gives whole messages
    Arrival arrival{std::string(route.view()), authenticated_key(body), zmq_msg_get(body.raw(), ZMQ_SRCFD),
                    std::string(body.view()), !body.more()};
    for (bool more = body.more(); more;) {
      Message part;
      PROV_ASSERT(router.receive(part));
      more = part.more();
    }
    bytes += arrival.frame.size();
    arrivals.push_back(std::move(arrival));
  }
  // A connection is told of before its first frame is there; only now is every one of these known.
  if (!arrivals.empty()) read_monitors();
  return arrivals;
}

void LinkThread::receive_frames(const Ready& ready) {
  if (ready.monitors) read_monitors();
  if (exchange_.inbound.full()) return;
  for (auto& arrival : receive(link_.router(), kFramesPerTurn, kBytesPerTurn, more_frames_)) {
    const auto route = parse_routing_id(arrival.route);
    if (!route) {
      alarm("routing_id", arrival.key ? to_text(*arrival.key) : "", "it chose its own routing id");
      link_.connections().cut(arrival.fd);
    } else if (!accept(arrival, *route)) {
      link_.connections().cut_if(arrival.fd, *route);  // the frame may be older than who has that descriptor now
    }
  }
}

// Whether this frame's connection may go on.
bool LinkThread::accept(Arrival& arrival, RoutingId route) {
  if (!arrival.key) return false;
  const auto at = agents_.find(*arrival.key);
  if (at == agents_.end() || !newest(at->second, arrival, route)) return false;
  link_.connections().spoke(arrival.fd, route, now_ms_);
  if (arrival.frame.size() > kMaxFrameBytes) {
    alarm("frame_too_large", to_text(*arrival.key), std::to_string(arrival.frame.size()) + " bytes");
    return false;
  }
  if (!arrival.one_part) {
    alarm("malformed_frame", to_text(*arrival.key), "a message of several parts");
    return false;
  }
  const std::size_t bytes = arrival.frame.size();
  deliver(InFrame{*arrival.key, std::move(arrival.frame)}, bytes);
  return true;
}

// An agent's connection is the newest that spoke; routing ids rise with each connection.
bool LinkThread::newest(Agent& agent, const Arrival& arrival, RoutingId route) {
  if (agent.connected && route == agent.route) return true;
  if (agent.connected && static_cast<std::int32_t>(route - agent.route) < 0) return false;
  if (agent.connected && link_.connections().is_open(agent.fd, agent.route)) {
    link_.connections().cut(agent.fd);
    if (!agent.takeovers.take(now_ms_)) {
      alarm("duplicate_key", to_text(*arrival.key), "several connections take turns with the key of one agent");
    }
  }
  agent.connected = true;
  agent.route = route;
  agent.fd = arrival.fd;
  return true;
}

void LinkThread::receive_enrolments() {
  for (auto& arrival : receive(enrol_.router(), kEnrolmentsPerTurn, kBytesPerTurn, more_enrolments_)) {
    const auto route = parse_routing_id(arrival.route);
    const bool once = route && enrolled_ms_.try_emplace(*route, now_ms_).second;
    if (!arrival.key || !once || !arrival.one_part || arrival.frame.size() > kMaxEnrolFrameBytes ||
        answering_.size() >= kMaxAnswering) {
      alarm("enrol_flood", arrival.key ? to_text(*arrival.key) : "", "it says more than one small frame");
      enrol_.connections().cut(arrival.fd);
      continue;
    }
    enrol_.connections().spoke(arrival.fd, *route, now_ms_);
    answering_.insert(*route);
    deliver(InEnrolment{*arrival.key, std::move(arrival.route), std::move(arrival.frame)}, kMaxEnrolFrameBytes);
  }
}

// ---- to the owner

void LinkThread::sweep() {
  if (now_ms_ - swept_ms_ < static_cast<std::uint64_t>(kSweepMs)) return;
  swept_ms_ = now_ms_;
  look_at_all_ = true;
  if (now_ms_ > config_.silence_ms) link_.connections().cut_silent(now_ms_ - config_.silence_ms);
  if (now_ms_ > kEnrolMs) enrol_.connections().cut_all(now_ms_ - kEnrolMs);
  std::erase_if(enrolled_ms_, [&](const auto& one) { return one.second + 2 * kEnrolMs < now_ms_; });
  alarms_.sweep(now_ms_);
}

void LinkThread::alarm(std::string kind, std::string peer, std::string detail) {
  alarms_.raise(now_ms_, std::move(kind), std::move(peer), std::move(detail));
}

void LinkThread::deliver(Inbound item, std::size_t bytes) {
  batch_.push_back(std::move(item));
  batch_bytes_ += bytes;
}

void LinkThread::hand_over() {
  if (batch_.empty()) return;
  const bool first = exchange_.inbound.push_all(batch_, batch_bytes_);
  batch_bytes_ = 0;
  if (first) post_();
}

}  // namespace prov::io
