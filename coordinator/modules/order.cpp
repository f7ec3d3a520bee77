#include "coordinator/modules/order.h"

#include <algorithm>
#include <map>
#include <queue>
#include <set>

namespace prov::workspace {
namespace {

using Index = std::uint32_t;

class Orderer {
 public:
  explicit Orderer(const std::vector<OrderItem>& items) : items_(items) {
    for (Index i = 0; i < items.size(); ++i) {
      by_host_[{items[i].host, items[i].name}] = i;
      by_name_[items[i].name].push_back(i);
      auto& names = required_names_[items[i].name];
      names.insert(items[i].requires_.begin(), items[i].requires_.end());
    }
    order_.after.resize(items.size());
    order_.hard.resize(items.size());
  }

  Result<Order> run() {
    for (Index i = 0; i < items_.size(); ++i) {
      if (auto fine = check_conflicts(items_[i]); !fine) return tl::unexpected(fine.error());
      if (auto fine = add_hard(i); !fine) return tl::unexpected(fine.error());
      if (auto fine = add_soft(i); !fine) return tl::unexpected(fine.error());
      auto& after = order_.after[i];
      std::sort(after.begin(), after.end());
      after.erase(std::unique(after.begin(), after.end()), after.end());
    }
    return sort();
  }

 private:
  static std::string shown(const OrderItem& item) { return item.name + " on " + item.host; }

  Result<void> check_conflicts(const OrderItem& item) {
    for (const auto& name : item.conflicts) {
      if (by_host_.count({item.host, name}) == 0) continue;
      return fail(Code::invalid, shown(item) + " conflicts with " + name + ", which is on the same host",
                  "put one of them on another host");
    }
    return {};
  }

  Result<void> add_hard(Index i) {
    for (const auto& name : items_[i].requires_) {
      const auto found = by_host_.find({items_[i].host, name});
      if (found == by_host_.end()) {
        return fail(Code::invalid, shown(items_[i]) + " requires " + name + ", which is not on that host",
                    "add \"- name: " + name + "\" to the taskservs of " + items_[i].host);
      }
      order_.hard[i].push_back(found->second);
      order_.after[i].push_back(found->second);
    }
    std::sort(order_.hard[i].begin(), order_.hard[i].end());
    return {};
  }

  Result<void> add_soft(Index i) {
    for (const auto& name : items_[i].optional) {
      const auto found = by_name_.find(name);
      if (found == by_name_.end() || requires_by_others(name, items_[i].name)) continue;
      soft_edges_ += found->second.size();
      if (soft_edges_ > kMaxOrderEdges) {
        return fail(Code::exhausted,
                    "the infra has more than " + std::to_string(kMaxOrderEdges) + " relations between task services",
                    "split it into several infras");
      }
      order_.after[i].insert(order_.after[i].end(), found->second.begin(), found->second.end());
    }
    return {};
  }

  // Whether `name` needs `target`, directly or through others.
  bool requires_by_others(const std::string& name, const std::string& target) {
    const auto known = reaches_.find({name, target});
    if (known != reaches_.end()) return known->second;
    std::set<std::string> seen{name};
    std::vector<std::string> open{name};
    while (!open.empty()) {
      const std::string at = open.back();
      open.pop_back();
      const auto needed = required_names_.find(at);
      if (needed == required_names_.end()) continue;
      for (const auto& next : needed->second) {
        if (seen.insert(next).second) open.push_back(next);
      }
    }
    return reaches_[{name, target}] = name != target && seen.count(target) > 0;
  }

  Result<Order> sort() {
    std::vector<std::vector<Index>> before(items_.size());
    std::vector<std::size_t> waiting(items_.size());
    std::priority_queue<Index, std::vector<Index>, std::greater<>> ready;
    for (Index i = 0; i < items_.size(); ++i) {
      waiting[i] = order_.after[i].size();
      for (const Index j : order_.after[i]) before[j].push_back(i);
      if (waiting[i] == 0) ready.push(i);
    }
    while (!ready.empty()) {
      const Index done = ready.top();
      ready.pop();
      order_.sequence.push_back(done);
      for (const Index next : before[done]) {
        if (--waiting[next] == 0) ready.push(next);
      }
    }
    if (order_.sequence.size() == items_.size()) return std::move(order_);
    return fail(Code::invalid, "the task services wait for each other in a circle: " + circle(waiting),
                "take one of these out of \"requires\" or \"optional\" in its manifest");
  }

  // REQUIRES: some item waits. Each one that waits has one before it that waits too, so the walk comes round.
  std::string circle(const std::vector<std::size_t>& waiting) const {
    Index at = 0;
    while (waiting[at] == 0) ++at;
    std::vector<Index> walk;
    while (std::find(walk.begin(), walk.end(), at) == walk.end()) {
      walk.push_back(at);
      const auto& after = order_.after[at];
      at = *std::find_if(after.begin(), after.end(), [&](Index j) { return waiting[j] > 0; });
    }
    std::string text;
    for (auto i = std::find(walk.begin(), walk.end(), at); i != walk.end(); ++i) {
      const Index next = i + 1 == walk.end() ? at : *(i + 1);
      const auto& hard = order_.hard[*i];
      const bool is_hard = std::find(hard.begin(), hard.end(), next) != hard.end();
      text += shown(items_[*i]) + (is_hard ? " requires " : " goes after ");
    }
    return text + shown(items_[at]);
  }

  const std::vector<OrderItem>& items_;
  std::map<std::pair<std::string, std::string>, Index> by_host_;
  std::map<std::string, std::vector<Index>> by_name_;
  std::map<std::string, std::set<std::string>> required_names_;
  std::map<std::pair<std::string, std::string>, bool> reaches_;
  std::size_t soft_edges_ = 0;
  Order order_;
};

}  // namespace

Result<Order> order_items(const std::vector<OrderItem>& items) { return Orderer(items).run(); }

}  // namespace prov::workspace
