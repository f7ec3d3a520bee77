#pragma once
// The production coordinator (core, dispatcher, link) and production agents over real ZeroMQ with CURVE, each agent
// through a proxy of its own, in one loop. Their disks are in memory; what the hosts really did is in a ledger that our
// code does not write.
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/agent.h"
#include "common/io/loop/event_loop.h"
#include "common/io/posix/posix_world.h"
#include "common/io/zmq/zmq_agent_link.h"
#include "common/io/zmq/zmq_coordinator_link.h"
#include "coordinator/dispatcher/dispatcher.h"
#include "coordinator/event_log/log_writer.h"
#include "tests/faults/fault_proxy.h"
#include "tests/support/record_log/memory_record_log.h"
#include "tests/unit/agent_support/fakes.h"

namespace prov::test {

struct Pace {  // production's, divided; dead_ms = 20 s there
  std::uint32_t heartbeat_ms = 200, dead_ms = 1'000, resend_ms = 300;
};

class LinkPlatform {
 public:
  struct Host {
    io::KeyPair keys;
    std::string name;
    agent::fakes::Host ledger;
    agent::fakes::MemoryJournalFile journal;
    agent::fakes::MemoryBundles bundles;
    std::unique_ptr<FaultProxy> proxy;
    std::unique_ptr<io::ZmqCoordinatorLink> link;
    std::unique_ptr<agent::fakes::FakeRunner> runner;
    std::unique_ptr<agent::Agent> agent;
  };

  LinkPlatform(std::size_t hosts, Pace pace, std::uint64_t seed);
  ~LinkPlatform();

  void exec_everywhere();                     // one workflow with one step on each host
  void noop_everywhere(std::uint32_t count);  // one workflow of so many tasks
  bool until(const std::function<bool()>& condition, std::uint64_t limit_ms);
  void let_pass(std::uint64_t ms);
  std::uint64_t now_ms() { return clock_.monotonic_ms(); }

  bool sees(const Host& host) const;  // the coordinator takes it for connected
  std::size_t tasks() const { return tasks_; }
  std::size_t ended() const { return ends_.size(); }
  const std::map<std::pair<Id, std::uint32_t>, std::vector<Outcome>>& ends() const { return ends_; }  // as logged
  std::vector<std::unique_ptr<Host>>& hosts() { return hosts_; }
  io::EventLoop& loop() { return loop_; }

 private:
  struct Coordinator;
  void enrol(Host& host);
  void start_agent(Host& host);
  Id submit(domain::CommandBody body);
  void submit_and_forget(domain::CommandBody body);
  void work();  // on the hosts: steps print something and end

  io::EventLoop loop_;
  io::SystemClock clock_;
  io::SystemRandom random_;
  io::KeyPair keys_ = io::generate_key_pair();
  std::shared_ptr<io::ZmqContext> context_;
  std::unique_ptr<Coordinator> coordinator_;
  std::vector<std::unique_ptr<Host>> hosts_;
  std::size_t tasks_ = 0;
  std::map<std::pair<Id, std::uint32_t>, std::vector<Outcome>> ends_;
  TimerId work_timer_ = 0;
};

}  // namespace prov::test
