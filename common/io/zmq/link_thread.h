#pragma once
// Internal: the thread that owns the sockets of a ZmqAgentLink. One turn: wait, obey commands, answer ZAP, send,
// receive, hand everything to the owner at once.
#include <memory>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "common/alarm_gate.h"
#include "common/io/zmq/exchange.h"
#include "common/io/zmq/limits.h"
#include "common/io/zmq/server_socket.h"
#include "common/io/zmq/zmq_agent_link.h"

namespace prov::io {

class LinkThread {
 public:
  // `hand_over` runs on the link's thread when the inbound batch is no longer empty.
  static Result<std::unique_ptr<LinkThread>> create(const ZmqAgentLinkConfig& config, Exchange& exchange,
                                                    std::function<void()> hand_over);
  ~LinkThread();  // REQUIRES: not running
  LinkThread(const LinkThread&) = delete;
  LinkThread& operator=(const LinkThread&) = delete;

  std::uint16_t link_port() const { return link_.port(); }
  std::uint16_t enrol_port() const { return enrol_.port(); }
  Result<void> listen(const std::string& address);  // REQUIRES: not running, or on the thread
  void run();                                       // until a Stop command

 private:
  struct Agent {  // an allowed key
    TokenBucket handshakes;
    TokenBucket takeovers{1.0 / 60, 3};  // by a second connection that is open at the same time
    bool connected = false;
    RoutingId route = 0;
    int fd = -1;
  };
  struct Arrival {
    std::string route;
    std::optional<Key> key;
    int fd;
    std::string frame;
    bool one_part;
  };

  LinkThread(const ZmqAgentLinkConfig& config, Exchange& exchange, std::function<void()> hand_over,
             std::shared_ptr<ZmqContext> context, Socket zap, ServerSocket link, ServerSocket enrol);

  // Which sockets there is something to look at. libzmq's own poll asks each of them twice, with a system call each.
  struct Ready {
    bool zap = false, monitors = false, enrol = false;
  };
  Ready wait();
  void obey();
  void obey(const Allow& allow);
  void obey(const Forbid& forbid);
  void obey(const AnswerEnrolment& answer);
  void obey(const Listen& listen_to);
  void obey(const Stop&) { stopping_ = true; }

  void answer_zap();
  const char* verdict(const std::string& domain, const Key& key, const std::string& address);  // nullptr: come in
  void read_monitors();
  void send_frames();
  // `more`: it stopped at a limit, and there may be more.
  std::vector<Arrival> receive(Socket& router, std::size_t max_frames, std::size_t max_bytes, bool& more);
  void receive_frames(const Ready& ready);
  void receive_enrolments();
  bool accept(Arrival& arrival, RoutingId route);
  bool newest(Agent& agent, const Arrival& arrival, RoutingId route);
  void sweep();
  void alarm(std::string kind, std::string peer, std::string detail);
  void deliver(Inbound item, std::size_t bytes);
  void hand_over();

  const ZmqAgentLinkConfig config_;
  Exchange& exchange_;
  std::function<void()> post_;
  std::shared_ptr<ZmqContext> context_;
  Socket zap_;
  ServerSocket link_, enrol_;
  AlarmGate alarms_;
  TokenBucket enrolments_;
  std::unordered_map<Key, TokenBucket, IdHash> enrolling_;

  std::unordered_map<Key, Agent, IdHash> agents_;
  // When each connection had its one word. It outlives the connection: more words may wait in libzmq when it is cut.
  std::unordered_map<RoutingId, std::uint64_t> enrolled_ms_;
  std::unordered_set<RoutingId> answering_;  // enrolments that the owner has
  std::vector<Command> commands_;
  std::vector<OutFrame> frames_;
  std::vector<Inbound> batch_;
  std::size_t batch_bytes_ = 0;
  std::uint64_t now_ms_ = 0, swept_ms_ = 0;
  // What a descriptor does not tell (again): see wait().
  bool more_frames_ = false, more_enrolments_ = false;
  bool look_at_all_ = true;
  bool stopping_ = false;
};

}  // namespace prov::io
