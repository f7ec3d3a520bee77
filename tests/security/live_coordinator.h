#pragma once
// A coordinator as its main puts it together, over the real link with CURVE, on a log in memory that outlives it; and
// peers that hold whatever key a test gives them and say whatever it wants. All of it lives in one loop on one thread.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/io/loop/event_loop.h"
#include "common/io/posix/posix_world.h"
#include "common/io/zmq/zmq_agent_link.h"
#include "common/wire/agent_wire.h"
#include "coordinator/command_handler/core.h"
#include "tests/contract/link/raw_peer.h"
#include "tests/support/record_log/memory_record_log.h"

namespace prov::test {

class LiveCoordinator;

class Peer {  // connected by itself, again and again, as libzmq does
 public:
  Peer(LiveCoordinator& to, const io::KeyPair& keys, std::uint16_t port);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  void say(const std::string& frame);
  void say(const wire::FromAgent& message) { say(wire::encode(message)); }
  void say_in_parts(const std::vector<std::string>& parts);
  void pump();  // what came goes to `heard`
  // The coordinator has answered a heartbeat that went behind everything said so far, and logged what that led to.
  bool caught_up();
  std::vector<wire::ToAgent> messages() const;  // heard, decoded; without the answers to caught_up()

  Key key;
  std::vector<std::string> heard;

 private:
  bool answered_after(std::size_t from);
  LiveCoordinator& to_;
  RawPeer socket_;
};

struct Host {  // an agent's identity, and the tests' own record of what it may name
  std::string name;
  io::KeyPair keys;
  wire::EnrolRequest invitation;  // empty when it was never invited
};

inline const std::vector<std::string> kAdvertised{"tcp://192.0.2.1:9091", "tcp://192.0.2.2:9091"};

class LiveCoordinator {
 public:
  LiveCoordinator();
  ~LiveCoordinator();

  void start();
  void stop();  // as a crash does; keys, ports and what was synced stay
  bool until(const std::function<bool()>& condition, int limit_s = 20);
  bool all_logged();  // whatever was decided so far

  // ---- hosts
  static Host stranger(const std::string& name) { return {name, io::generate_key_pair(), {}}; }
  Host invited(const std::string& name);   // holds a join token
  Host enrolled(const std::string& name);  // and has used it
  std::unique_ptr<Peer> link(const Host& host);
  std::unique_ptr<Peer> door(const Host& host);       // on the enrolment endpoint
  std::unique_ptr<Peer> connected(const Host& host);  // on the link, welcomed

  // ---- what an operator does; a refusal fails the test
  Id submit(const std::string& workspace, domain::CommandBody body, std::vector<SideRecord> sides = {});
  Id exec(const Host& host);                               // one task on it, dispatched
  Id script(const Host& host, const std::string& bundle);  // the same with an extension's files
  Id shell(const Host& host);

  command_handler::Core& core();
  std::string output_of(const Id& task);  // of its first attempt, at most 1 MiB
  std::uint64_t output_bytes(const Id& task);
  const io::KeyPair& keys() const { return keys_; }
  std::uint16_t link_port() const { return link_port_; }
  std::uint16_t enrol_port() const { return enrol_port_; }

  std::vector<std::string> events;            // logged by any process of ours, by name, but alarms and checkpoints
  std::vector<domain::SecurityAlarm> alarms;  // that were logged
  std::string shell_output;
  io::EventLoop loop;
  io::SystemRandom random;

 private:
  friend class Peer;
  struct Parts;
  io::KeyPair keys_ = io::generate_key_pair();
  std::uint16_t link_port_ = 0, enrol_port_ = 0;
  std::shared_ptr<MemoryDisk> disk_ = std::make_shared<MemoryDisk>();
  std::unique_ptr<Parts> parts_;
  std::vector<Peer*> peers_;
};

wire::Hello hello_of(const std::string& name);
wire::Reports report_of(const Id& task, std::variant<wire::Accepted, wire::Started, wire::Output, wire::Ended> what);

}  // namespace prov::test
