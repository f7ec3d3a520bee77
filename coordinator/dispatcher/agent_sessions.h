#pragma once
// Who is connected, and which orders are on their way: sends them packed, and again until the agent has them in its
// journal. Nothing here is durable; after a restart it is made anew from the state and the agents' hellos.
#include <deque>
#include <map>
#include <unordered_map>

#include "common/rising_map.h"
#include "coordinator/dispatcher/desk.h"
#include "coordinator/dispatcher/order_renderer.h"

namespace prov::dispatcher {

class AgentSessions {
 public:
  AgentSessions(Desk& desk, OrderRenderer& renderer) : desk_(desk), renderer_(renderer) {}
  ~AgentSessions();
  void start();  // the heartbeat watch and the re-sending
  void on_gone(std::function<void(const Key& agent)> listener) { gone_listener_ = std::move(listener); }

  void send(const Key& agent, decltype(wire::ToAgent::body) body);

  // Whether a boot of its host says hello after which another one has: no host goes back to an earlier boot, so this
  // one is a copy of that host, or of its disk's and memory's past. Two that share a key would both run what it is
  // given.
  bool is_a_copy(const Key& agent, const std::string& boot_id);
  void connected(const Key& agent, const wire::Hello& hello);  // after its AgentConnected is durable
  void heard(const Key& agent);
  void gone(const Key& agent, const std::string& reason);
  bool is_connected(const Key& agent) const;
  AgentView view(const Key& agent) const;

  void add_order(const Id& task, std::uint32_t attempt);
  enum class Known { attempt, order };  // what a report says that the agent has: where a loss was accepted they differ
  void accepted(const Key& agent, const Id& task, std::uint32_t attempt, Known known);
  void send_again(const Key& agent, const Id& task);  // its order, if that is out
  void ended(const Key& agent, const Id& task);
  bool may_have_bundle(const Key& agent, const Digest& bundle);  // a task that it was ever given names it

 private:
  struct Pending {
    std::uint32_t attempt = 0;
    TimeMs sent_ms = 0;  // monotonic; 0: not yet
    bool accepted = false;
    bool queued = false;
    bool anew = false;  // the agent knows the attempt as another order: it has to learn of this one
  };
  using Orders = RisingMap<Id, Pending>;
  struct Session {
    bool connected = false;
    bool knows_modes = false;               // it may be sent orders that are not for real
    std::map<Id, wire::Attempt> otherwise;  // by task: what its journal holds by another number than the log's
    std::size_t capacity = 0;               // orders that it takes before one of them ends
    std::size_t sent = 0;                   // of `orders`, those that went out
    TimeMs heard_ms = 0;                    // monotonic
    TimeMs heard_wall_ms = 0;
    Orders orders;
    std::deque<Id> queue;
    std::deque<std::string> boots;  // of its host, the present one last
    std::deque<Digest> bundles;     // the last that orders to it named; such an order may have ended, or be in doubt
    TimeMs look_again_ms = 0;       // monotonic: when a bundle that is not there is worth a look at the state
    TimerId flush = 0;
    std::uint64_t settled = 0;                    // what the agent may be told: its end is on disk
    std::uint64_t settling = 0, settling_at = 0;  // what it may be told when that sequence is; 0: nothing waits
  };

  void enqueue(const Key& agent, Session& session, const Id& task, Pending& pending);
  Orders::iterator forget(const Key& agent, Session& session, Orders::iterator at);  // the one behind it
  void flush(const Key& agent);
  std::optional<wire::Order> render(const Id& task, std::uint32_t attempt);
  static bool still_out(const domain::Task* task, std::uint32_t attempt);  // nullptr: it is not known
  void watch();
  void resend();
  std::uint64_t settled_through(const Key& agent);
  bool was_given(const Key& agent, const Digest& bundle) const;
  std::uint64_t settled_in_state(const Key& agent) const;
  bool is_that_order(const wire::Attempt& attempt) const;
  static bool is_known_otherwise(const Session& session, const Id& task, std::uint32_t attempt);

  Desk& desk_;
  OrderRenderer& renderer_;
  std::unordered_map<Key, Session, IdHash> sessions_;
  std::function<void(const Key& agent)> gone_listener_;
  TimerId watch_timer_ = 0, resend_timer_ = 0;
};

}  // namespace prov::dispatcher
