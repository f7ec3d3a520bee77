#include "tests/sim/network.h"

namespace prov::sim {
namespace {

constexpr std::uint64_t kLeastUs = 100, kMostUs = 8'000;

}  // namespace

void Network::cut(const Key& agent, Way way, bool is_cut) {
  if (is_cut) {
    cuts_.insert({way, agent});
  } else {
    cuts_.erase({way, agent});
  }
}

void Network::heal() {
  cuts_.clear();
  faults = {};
}

void Network::attach_coordinator(AgentLink::Handler handler) {
  coordinator_ = std::make_unique<AgentLink::Handler>(std::move(handler));
  ++coordinator_life_;
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
    kernel_.schedule.after(delay_us, deliver);
  }
}

void Network::send(Way way, Key agent, std::string frame) {
  if (on_send && !on_send(way, agent, frame)) return;
  if (tamper && way == Way::to_agent) tamper(agent, frame);
  carry(way, agent, [this, way, agent, frame] {
    if (is_cut(way, agent)) return;
    if (way == Way::to_coordinator) {
      if (coordinator_ != nullptr && admitted_.contains(agent)) coordinator_->frame(agent, frame);
      return;
    }
    const auto at = agents_.find(agent);
    if (at != agents_.end()) at->second.frame(frame);
  });
}

void Network::enrol(const Key& key, std::string request, std::function<void(std::string)> answer) {
  carry(Way::to_coordinator, key, [this, key, request, answer] {
    if (coordinator_ == nullptr || is_cut(Way::to_coordinator, key)) return;
    coordinator_->enrol(key, request, [this, key, answer](std::string text) {
      carry(Way::to_agent, key, [answer, text] { answer(text); });
    });
  });
}

}  // namespace prov::sim
