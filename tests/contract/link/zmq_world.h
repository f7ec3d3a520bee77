#pragma once
// The link over ZeroMQ on loopback, with one event loop for the coordinator and all agents.
#include <sodium.h>

#include <chrono>
#include <deque>
#include <map>

#include "common/io/loop/event_loop.h"
#include "common/io/zmq/zmq_agent_link.h"
#include "common/io/zmq/zmq_coordinator_link.h"
#include "tests/contract/link/link_contract.h"

namespace prov::test {

class SodiumRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override { randombytes_buf(out.data(), out.size()); }
};

class ZmqWorld {
 public:
  struct Agent {
    std::unique_ptr<io::ZmqCoordinatorLink> owner;
    CoordinatorLink* link = nullptr;
    std::vector<std::string> heard;
    int connections = 0;                 // that it was told of
    std::function<void()> then = [] {};  // after each frame
  };
  using Enrol = std::function<void(const Key&, std::string, std::function<void(std::string)>)>;

  ZmqWorld() { open_coordinator(); }

  AgentLink& coordinator() { return *coordinator_; }
  const std::vector<Heard>& heard() const { return heard_; }
  const std::vector<Alarmed>& alarms() const { return alarms_; }
  Enrol enrol = [](const Key&, std::string, const std::function<void(std::string)>& answer) { answer(""); };

  Key new_agent() {
    const io::KeyPair pair = io::generate_key_pair();
    agents_[pair.public_key] = pair;
    return pair.public_key;
  }
  const io::KeyPair& pair_of(const Key& key) const { return agents_.at(key); }

  std::unique_ptr<Agent> agent(const Key& key) { return agent(key, server_.public_key, {endpoint()}); }
  std::unique_ptr<Agent> agent(const Key& key, const Key& server, std::vector<std::string> endpoints) {
    io::ZmqCoordinatorLinkConfig config{pair_of(key), server, std::move(endpoints), 0, 300};
    auto link = io::ZmqCoordinatorLink::create(std::move(config), context_, loop_, loop_, random_);
    PROV_ASSERT(link.has_value());
    auto out = std::make_unique<Agent>();
    out->owner = std::move(*link);
    out->link = out->owner.get();
    out->link->start({[to = out.get()](std::string frame) {
                        to->heard.push_back(std::move(frame));
                        to->then();
                      },
                      [to = out.get()] { ++to->connections; }});
    return out;
  }

  bool until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      loop_.turn(10);
    }
    return true;
  }

  void restart_coordinator() {
    coordinator_.reset();
    open_coordinator();
  }

  std::string endpoint() const { return "tcp://127.0.0.1:" + std::to_string(config_.link_port); }
  std::string enrol_endpoint() const { return "tcp://127.0.0.1:" + std::to_string(config_.enrol_port); }
  std::uint16_t port() const { return config_.link_port; }
  const Key& server_key() const { return server_.public_key; }
  io::EventLoop& loop() { return loop_; }
  io::ZmqAgentLinkConfig& config() { return config_; }  // for the next restart_coordinator()

 private:
  void open_coordinator() {
    config_.keys = server_;
    auto link = io::ZmqAgentLink::create(config_, loop_);
    PROV_ASSERT(link.has_value());
    coordinator_ = std::move(*link);
    config_.link_port = coordinator_->link_port();
    config_.enrol_port = coordinator_->enrol_port();
    coordinator_->start({[this](const Key& agent, std::string frame) {
                           heard_.push_back({agent, std::move(frame)});
                         },
                         [this](const Key& key, std::string request, std::function<void(std::string)> answer) {
                           enrol(key, std::move(request), std::move(answer));
                         },
                         [this](std::string kind, std::string peer, std::string detail) {
                           alarms_.push_back({std::move(kind), std::move(peer), std::move(detail)});
                         }});
  }

  io::EventLoop loop_;
  SodiumRandom random_;
  io::KeyPair server_ = io::generate_key_pair();
  io::ZmqAgentLinkConfig config_{.keys = {}, .addresses = {"127.0.0.1"}, .handshake_ms = 2'000};
  std::shared_ptr<io::ZmqContext> context_ = *io::ZmqContext::create();
  std::map<Key, io::KeyPair> agents_;
  std::vector<Heard> heard_;
  std::vector<Alarmed> alarms_;
  std::unique_ptr<io::ZmqAgentLink> coordinator_;
};

}  // namespace prov::test
