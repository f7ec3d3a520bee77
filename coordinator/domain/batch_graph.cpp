#include "coordinator/domain/batch_graph.h"

#include <queue>
#include <unordered_map>

#include "common/nearest.h"

namespace prov::domain {
namespace {

using Operations = std::vector<const BatchOperation*>;
using Places = std::unordered_map<std::string_view, std::uint32_t>;
using Edges = std::vector<std::vector<std::uint32_t>>;

Result<Places> places_of(const Operations& operations) {
  Places places;
  places.reserve(operations.size());
  for (std::uint32_t i = 0; i < operations.size(); ++i) {
    const std::string& id = operations[i]->id;
    if (!valid_operation_id(id)) {
      return fail(Code::invalid, "operation " + std::to_string(i + 1) + " has the id \"" + id.substr(0, 64) + "\"",
                  "an id has 1 to 256 letters, digits and \"._/[]-\"");
    }
    if (!places.emplace(id, i).second) return fail(Code::invalid, "two operations have the id \"" + id + "\"");
  }
  return places;
}

tl::unexpected<Error> unknown(const Operations& operations, const BatchOperation& of, const std::string& id) {
  std::vector<std::string> known;
  for (const BatchOperation* operation : operations) known.push_back(operation->id);
  return fail(Code::invalid, "operation \"" + of.id + "\" depends on \"" + id + "\", which is none",
              did_you_mean(id, known));
}

// From any operation that is left, always to one that it waits for: that must come back.
tl::unexpected<Error> circle(const Operations& operations, const Edges& before,
                             const std::vector<std::uint32_t>& missing) {
  std::uint32_t at = 0;
  while (missing[at] == 0) ++at;
  std::vector<std::uint32_t> path, place(operations.size(), 0);
  while (place[at] == 0) {
    path.push_back(at);
    place[at] = static_cast<std::uint32_t>(path.size());
    for (const std::uint32_t next : before[at]) {
      if (missing[next] == 0) continue;
      at = next;
      break;
    }
  }
  constexpr std::size_t kShown = 12;
  std::string text = "\"" + operations[at]->id + "\"";
  for (std::size_t i = place[at]; i < path.size(); ++i) {
    if (i - place[at] == kShown) {
      text += " needs ... (" + std::to_string(path.size() - i) + " more)";
      break;
    }
    text += " needs \"" + operations[path[i]]->id + "\"";
  }
  return fail(Code::invalid,
              "the operations depend on each other in a circle: " + text + " needs \"" + operations[at]->id + "\"",
              "take one of these dependencies out");
}

}  // namespace

bool valid_operation_id(const std::string& id) {
  if (id.empty() || id.size() > 256) return false;
  for (const char c : id) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && std::string_view("._/[]-").find(c) == std::string_view::npos) return false;
  }
  return true;
}

Result<std::vector<std::uint32_t>> order_of(const Operations& operations) {
  auto places = places_of(operations);
  if (!places) return tl::unexpected(places.error());
  const std::size_t n = operations.size();
  Edges before(n), behind(n);
  std::vector<std::uint32_t> missing(n, 0);
  for (std::uint32_t i = 0; i < n; ++i) {
    for (const BatchDependency& dependency : operations[i]->dependencies) {
      const auto at = places->find(dependency.id);
      if (at == places->end()) {
        if (dependency.kind == DependencyKind::soft) continue;  // order only: there is nothing to come after
        return unknown(operations, *operations[i], dependency.id);
      }
      before[i].push_back(at->second);
      behind[at->second].push_back(i);
      ++missing[i];
    }
  }
  std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> free;
  for (std::uint32_t i = 0; i < n; ++i) {
    if (missing[i] == 0) free.push(i);
  }
  std::vector<std::uint32_t> out;
  out.reserve(n);
  while (!free.empty()) {
    const std::uint32_t next = free.top();
    free.pop();
    out.push_back(next);
    for (const std::uint32_t i : behind[next]) {
      if (--missing[i] == 0) free.push(i);
    }
  }
  if (out.size() != n) return circle(operations, before, missing);
  return out;
}

}  // namespace prov::domain
