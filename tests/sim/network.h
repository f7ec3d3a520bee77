#pragma once
// The network as a model: frames are lost, repeated, late and out of order; directions are cut, or clogged, when what
// is sent waits and comes all at once. Who a frame is from stays true, as CURVE sees to it. Nobody hears what was said
// to somebody else.
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/ports/link.h"
#include "tests/sim/kernel.h"

namespace prov::sim {

struct NetworkFaults {
  std::uint32_t drop = 0, duplicate = 0, slow = 0, reorder = 0;  // per mille of the frames
  std::uint64_t slow_most_us = 3'000'000;
};

enum class Way { to_agent, to_coordinator };

class Network {
 public:
  explicit Network(Kernel& kernel) : kernel_(kernel) {}

  NetworkFaults faults;
  struct Counts {
    std::uint64_t sent = 0, lost = 0, repeated = 0, late = 0, overtaken = 0;
  } counts;

  // Sees each frame when its sender hands it over; false: it is lost at once.
  std::function<bool(Way way, const Key& agent, const std::string& frame)> on_send;
  // A planted fault in the network itself: may change or redirect what is sent to an agent.
  std::function<void(Key& agent, std::string& frame)> tamper;

  std::function<void(const std::string& request)> on_enrol;
  bool echoes = false;  // planted: what arrives comes again, twice

  void cut(const Key& agent, Way way, bool is_cut);
  void clog(const Key& agent, Way way);
  void unclog(const Key& agent, Way way);
  void echo(const Key& agent, Way way, std::uint64_t later_us);  // the next frame comes once more, so much later
  void lose_what_is_under_way();                                 // all connections are dead: what they carried is gone
  std::size_t under_way() const { return under_way_; }
  void heal();

  // What the links call.
  void send(Way way, Key agent, std::string frame);
  void enrol(const Key& key, std::string request, std::function<void(std::string)> answer);
  void attach_coordinator(AgentLink::Handler handler);
  void detach_coordinator();
  void attach_agent(const Key& agent, CoordinatorLink::Handler handler) { agents_[agent] = std::move(handler); }
  void detach_agent(const Key& agent) { agents_.erase(agent); }
  void admit(const Key& agent, bool admitted);

 private:
  using Line = std::pair<Way, Key>;
  void carry(Way way, const Key& agent, std::function<void()> deliver);
  void put(const Line& line, std::uint64_t delay_us, std::function<void()> deliver);
  void arrive_after(std::uint64_t delay_us, std::function<void()> deliver);
  void connect_all();
  bool is_cut(Way way, const Key& agent) const { return cuts_.contains({way, agent}); }

  Kernel& kernel_;
  std::unique_ptr<AgentLink::Handler> coordinator_;
  std::uint64_t coordinator_life_ = 0;
  std::set<Key> admitted_;
  std::map<Key, CoordinatorLink::Handler> agents_;
  std::set<Line> cuts_;
  std::map<Line, std::vector<std::function<void()>>> clogged_;
  std::map<Line, std::uint64_t> echoed_;        // of the next frame: after so many microseconds
  std::map<Line, std::function<void()>> held_;  // to be overtaken by the next one
  std::uint64_t connections_ = 0;               // how often all of them died
  std::size_t under_way_ = 0;
};

class SimAgentLink final : public AgentLink {
 public:
  explicit SimAgentLink(Network& network) : network_(network) {}
  ~SimAgentLink() override { network_.detach_coordinator(); }
  void start(Handler handler) override { network_.attach_coordinator(std::move(handler)); }
  Result<void> listen(const std::string&) override { return {}; }
  void send(const Key& agent, std::string frame) override { network_.send(Way::to_agent, agent, std::move(frame)); }
  void allow(const Key& agent) override { network_.admit(agent, true); }
  void forbid(const Key& agent) override { network_.admit(agent, false); }

 private:
  Network& network_;
};

class SimCoordinatorLink final : public CoordinatorLink {
 public:
  SimCoordinatorLink(Network& network, const Key& key, std::function<void()> on_reconnect)
      : network_(network), key_(key), on_reconnect_(std::move(on_reconnect)) {}
  ~SimCoordinatorLink() override { network_.detach_agent(key_); }
  void start(Handler handler) override { network_.attach_agent(key_, std::move(handler)); }
  void send(std::string frame) override { network_.send(Way::to_coordinator, key_, std::move(frame)); }
  void reconnect() override { on_reconnect_(); }  // what was lost with the connection is lost frame by frame here

 private:
  Network& network_;
  Key key_;
  std::function<void()> on_reconnect_;
};

}  // namespace prov::sim
