#include "coordinator/batch/graph.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <set>

#include "common/nearest.h"

namespace prov::batch {
namespace {

using Index = std::uint32_t;
constexpr std::size_t kMaxLinksShown = 12;
constexpr std::size_t kMaxNeighbours = 2'000;  // among which a near word is looked for

std::string shown(const BatchOperation& operation, const std::string& file) {
  const std::string elsewhere = operation.file == file ? "" : operation.file + ", ";
  return "\"" + operation.id + "\" (" + elsewhere + "line " + std::to_string(operation.place.line) + ")";
}

// What may be meant, or why a name that exists elsewhere cannot be used here.
std::string hint_for(const NamedDependency& need, const std::vector<UnrolledOperation>& operations,
                     const OperationIndex& index) {
  const std::string& prefix = need.site->prefix;
  if (!prefix.empty() && index.count(need.written.id) > 0) {
    return "inside a nested batch a dependency names an operation beside it; put this one on \"" +
           prefix.substr(0, prefix.size() - 1) + "\"";
  }
  std::vector<std::string> known;
  for (const auto& other : operations) {
    const std::string& id = other.operation.id;
    const bool beside = id.size() > prefix.size() && id.compare(0, prefix.size(), prefix) == 0 &&
                        id.find_first_of("/[", prefix.size()) == std::string::npos;
    if (beside && known.size() < kMaxNeighbours) known.push_back(id.substr(prefix.size()));
  }
  return did_you_mean(need.written.id, known);
}

// Whether the operation, or one that it stands in ("outer/inner", "loop[item]"), could not be read, which was said.
bool is_left_out(const Unrolled& unrolled, const std::string& id) {
  if (unrolled.left_out.empty()) return false;
  for (std::size_t end = id.find_first_of("/["); end != std::string::npos; end = id.find_first_of("/[", end + 1)) {
    if (unrolled.left_out.contains(id.substr(0, end))) return true;
  }
  return unrolled.left_out.contains(id);
}

class Sorter {
 public:
  Sorter(std::vector<UnrolledOperation>& operations, const OperationIndex& index)
      : operations_(operations), index_(index), waiting_(operations.size()), behind_(operations.size()) {
    for (Index i = 0; i < operations_.size(); ++i) {
      for (const Index before : before_of(i)) {
        behind_[before].push_back(i);
        ++waiting_[i];
      }
    }
  }

  Result<std::vector<BatchOperation>> run() {
    std::priority_queue<Index, std::vector<Index>, std::greater<>> ready;
    for (Index i = 0; i < operations_.size(); ++i) {
      if (waiting_[i] == 0) ready.push(i);
    }
    std::vector<BatchOperation> sorted;
    sorted.reserve(operations_.size());
    while (!ready.empty()) {
      const Index done = ready.top();
      ready.pop();
      for (const Index next : behind_[done]) {
        if (--waiting_[next] == 0) ready.push(next);
      }
      sorted.push_back(std::move(operations_[done].operation));
    }
    if (sorted.size() == operations_.size()) return sorted;
    return tl::unexpected(circle());
  }

 private:
  // REQUIRES: some operation waits. Each one that waits has one before it that waits too, so the walk comes round.
  Error circle() const {
    Index at = 0;
    while (waiting_[at] == 0) ++at;
    std::vector<Index> walk;
    std::vector<std::size_t> place(operations_.size(), SIZE_MAX);
    while (place[at] == SIZE_MAX) {
      place[at] = walk.size();
      walk.push_back(at);
      at = waiting_before(at);
    }
    walk.erase(walk.begin(), walk.begin() + static_cast<std::ptrdiff_t>(place[at]));
    const auto first = std::min_element(walk.begin(), walk.end());  // told from the one that stands first
    std::rotate(walk.begin(), first, walk.end());
    return told(walk);
  }

  std::vector<Index> before_of(Index at) const {
    std::vector<Index> out;
    const auto add = [&](const std::string& id) {
      const auto found = index_.find(id);
      if (found != index_.end()) out.push_back(found->second);  // else a soft one, to something that is not there
    };
    for (const auto& need : operations_[at].operation.dependencies) add(need.id);
    for (const auto& id : operations_[at].reads_later) add(id);
    return out;
  }

  Index waiting_before(Index at) const {
    const std::vector<Index> before = before_of(at);
    return *std::find_if(before.begin(), before.end(), [&](Index i) { return waiting_[i] > 0; });
  }

  Error told(const std::vector<Index>& walk) const {
    const BatchOperation& head = operations_[walk.front()].operation;
    std::string text = walk.size() == 1 ? "this operation waits for itself, so it could never begin:"
                                        : "these operations wait for each other in a circle, so none could begin:";
    for (std::size_t i = 0; i < walk.size(); ++i) {
      if (walk.size() > kMaxLinksShown && i == kMaxLinksShown / 2) {
        const std::size_t left_out = walk.size() - kMaxLinksShown;
        text += "\n  ... " + std::to_string(left_out) + " more ...";
        i += left_out;
      }
      const Index before = walk[(i + 1) % walk.size()];
      text += "\n  " + shown(operations_[walk[i]].operation, head.file) + " " + verb(walk[i], before) + " " +
              shown(operations_[before].operation, head.file);
    }
    return at(head.file, head.place, text, "take one of these dependencies out");
  }

  std::string verb(Index from, Index before) const {
    const std::string& id = operations_[before].operation.id;
    for (const auto& need : operations_[from].operation.dependencies) {
      if (need.id == id) return need.hard ? "needs" : "goes after";
    }
    return "waits until something holds of";
  }

  std::vector<UnrolledOperation>& operations_;
  const OperationIndex& index_;
  std::vector<std::size_t> waiting_;
  std::vector<std::vector<Index>> behind_;
};

}  // namespace

OperationIndex index_of(const std::vector<UnrolledOperation>& operations) {
  OperationIndex index;
  index.reserve(operations.size());
  for (Index i = 0; i < operations.size(); ++i) index.emplace(operations[i].operation.id, i);
  return index;
}

void add_soft_dependency(BatchOperation& operation, const std::string& id) {
  auto& list = operation.dependencies;
  const bool known = std::any_of(list.begin(), list.end(), [&](const auto& one) { return one.id == id; });
  if (!known) list.push_back({id, false});
}

void link_dependencies(Unrolled& unrolled, const OperationIndex& index, Problems& problems) {
  for (auto& one : unrolled.operations) {
    std::unordered_map<std::string, std::size_t> seen;  // of this operation; a join may need thousands
    auto& list = one.operation.dependencies;
    for (const auto& need : one.dependencies) {
      std::string id = need.site->prefix + need.written.id;
      if (index.count(id) == 0) {
        if (is_left_out(unrolled, id)) continue;
        const Error why = at(need.site->file, need.written.place, "there is no operation \"" + need.written.id + "\"",
                             hint_for(need, unrolled.operations, index));
        if (need.written.hard) {
          problems.add(why);
        } else {
          unrolled.notes.push_back(why.message + ", so a soft dependency on it means nothing");
        }
        continue;
      }
      const auto [known, fresh] = seen.emplace(id, list.size());
      if (fresh) {
        list.push_back({std::move(id), need.written.hard});
      } else if (need.written.hard) {
        list[known->second].hard = true;
      }
    }
    std::stable_partition(list.begin(), list.end(), [](const auto& need) { return need.hard; });
    one.dependencies = {};
    if (problems.full()) return;
  }
}

Result<std::vector<BatchOperation>> in_order(std::vector<UnrolledOperation> operations, const OperationIndex& index) {
  return Sorter(operations, index).run();
}

}  // namespace prov::batch
