#include "tests/sim/network.h"

namespace prov::sim {
namespace {

constexpr std::uint64_t kLeastUs = 100, kMostUs = 8'000;
constexpr std::uint64_t kHeldUs = 2'000'000;  // a frame that nothing overtakes goes on after that
constexpr std::uint64_t kConnectUs = 3'000'000;
constexpr std::size_t kMostClogged = 2'000;  // of a line; what is more is lost, as at a queue's high water mark

}  // namespace

void Network::cut(const Key& agent, Way way, bool is_cut) {
  if (is_cut) {
    cuts_.insert({way, agent});
  } else {
    cuts_.erase({way, agent});
  }
}

void Network::clog(const Key& agent, Way way) { clogged_[{way, agent}]; }

void Network::unclog(const Key& agent, Way way) {
  const auto found = clogged_.find({way, agent});
  if (found == clogged_.end()) return;
  std::uint64_t at_us = kLeastUs;
  for (auto& deliver : found->second) arrive_after(at_us += kernel_.rng.range(0, 20), std::move(deliver));
  clogged_.erase(found);
}

void Network::echo(const Key& agent, Way way, std::uint64_t later_us) { echoed_[{way, agent}] = later_us; }

void Network::lose_what_is_under_way() {
  ++connections_;
  held_.clear();
  for (auto& [line, waiting] : clogged_) waiting.clear();
  connect_all();
}

// One after the other, as handshakes take their time; who is gone by then, or cut off, notices nothing.
void Network::connect_all() {
  for (const auto& [key, handler] : agents_) {
    arrive_after(kernel_.rng.range(0, kConnectUs), [this, key] {
      const auto at = agents_.find(key);
      const bool reaches = coordinator_ != nullptr && !is_cut(Way::to_agent, key) && !is_cut(Way::to_coordinator, key);
      if (at != agents_.end() && reaches && at->second.connected) at->second.connected();
    });
  }
}

void Network::heal() {
  while (!clogged_.empty()) unclog(clogged_.begin()->first.second, clogged_.begin()->first.first);
  cuts_.clear();
  faults = {};
}

void Network::attach_coordinator(AgentLink::Handler handler) {
  coordinator_ = std::make_unique<AgentLink::Handler>(std::move(handler));
  ++coordinator_life_;
  connect_all();
}

void Network::detach_coordinator() {
  coordinator_.reset();
  admitted_.clear();
}

void Network::admit(const Key& agent, bool admitted) {
  if (admitted) {
    admitted_.insert(agent);
  } else {
    admitted_.erase(agent);
  }
}

// Each frame goes its own way, so a later one may overtake it.
void Network::carry(Way way, const Key& agent, std::function<void()> deliver) {
  ++counts.sent;
  Rng& rng = kernel_.rng;
  if (is_cut(way, agent) || rng.chance(faults.drop)) {
    ++counts.lost;
    return;
  }
  if (const auto again = echoed_.extract({way, agent}); !again.empty()) {
    ++counts.repeated;
    arrive_after(again.mapped(), deliver);
  }
  int copies = 1;
  if (rng.chance(faults.duplicate)) {
    ++counts.repeated;
    ++copies;
  }
  for (; copies > 0; --copies) {
    std::uint64_t delay_us = rng.range(kLeastUs, kMostUs);
    if (rng.chance(faults.slow)) {
      ++counts.late;
      delay_us = rng.range(kMostUs, faults.slow_most_us);
    }
    put({way, agent}, delay_us, copies > 1 ? deliver : std::move(deliver));
  }
}

void Network::put(const Line& line, std::uint64_t delay_us, std::function<void()> deliver) {
  if (const auto clogged = clogged_.find(line); clogged != clogged_.end()) {
    if (clogged->second.size() == kMostClogged) {
      ++counts.lost;
      return;
    }
    return clogged->second.push_back(std::move(deliver));
  }
  const auto held = held_.find(line);
  if (held == held_.end() && kernel_.rng.chance(faults.reorder)) {
    held_.emplace(line, std::move(deliver));
    kernel_.schedule.after(kHeldUs, [this, line] {
      const auto late = held_.extract(line);
      if (!late.empty()) arrive_after(0, late.mapped());
    });
    return;
  }
  arrive_after(delay_us, std::move(deliver));
  if (held == held_.end()) return;
  ++counts.overtaken;
  arrive_after(delay_us + kernel_.rng.range(1, 500), std::move(held->second));
  held_.erase(held);
}

void Network::arrive_after(std::uint64_t delay_us, std::function<void()> deliver) {
  ++under_way_;
  kernel_.schedule.after(delay_us, [this, deliver = std::move(deliver), connections = connections_] {
    --under_way_;
    for (int echo = 0; echoes && echo < 2; ++echo) arrive_after(1'000'000, deliver);
    if (connections == connections_) return deliver();
    ++counts.lost;
  });
}

void Network::send(Way way, Key agent, std::string frame) {
  if (on_send && !on_send(way, agent, frame)) return;
  if (tamper && way == Way::to_agent) tamper(agent, frame);
  struct Sent {  // in one piece of memory, whatever handles it on its way
    Way way;
    Key agent;
    std::string frame;
  };
  carry(way, agent, [this, sent = std::make_shared<const Sent>(Sent{way, agent, std::move(frame)})] {
    if (is_cut(sent->way, sent->agent)) return;
    if (sent->way == Way::to_coordinator) {
      if (coordinator_ != nullptr && admitted_.contains(sent->agent)) coordinator_->frame(sent->agent, sent->frame);
      return;
    }
    const auto at = agents_.find(sent->agent);
    if (at != agents_.end()) at->second.frame(sent->frame);
  });
}

void Network::enrol(const Key& key, std::string request, std::function<void(std::string)> answer) {
  if (on_enrol) on_enrol(request);
  carry(Way::to_coordinator, key, [this, key, request, answer] {
    if (coordinator_ == nullptr || is_cut(Way::to_coordinator, key)) return;
    coordinator_->enrol(key, request, [this, key, answer](std::string text) {
      carry(Way::to_agent, key, [answer, text] { answer(text); });
    });
  });
}

}  // namespace prov::sim
