#include "coordinator/domain/batch_graph.h"

#include <queue>
#include <span>

#include "common/nearest.h"
#include "coordinator/domain/name_index.h"

namespace prov::domain {
namespace {

using Operations = std::vector<const BatchOperation*>;

// From each operation to others, all in one list.
struct Edges {
  std::vector<std::uint32_t> first;  // where those of an operation begin; one more at the end
  std::vector<std::uint32_t> to;

  std::span<const std::uint32_t> of(std::uint32_t operation) const {
    return std::span(to).subspan(first[operation], first[operation + 1] - first[operation]);
  }
  std::uint32_t count_of(std::uint32_t operation) const { return first[operation + 1] - first[operation]; }
};

Edges turned_round(const Edges& edges) {
  Edges out;
  out.first.assign(edges.first.size() + 1, 0);  // one place further, until each has been filled
  for (const std::uint32_t to : edges.to) ++out.first[to + 2];
  for (std::size_t i = 2; i < out.first.size(); ++i) out.first[i] += out.first[i - 1];
  out.to.resize(edges.to.size());
  for (std::uint32_t from = 0; from + 1 < edges.first.size(); ++from) {
    for (const std::uint32_t to : edges.of(from)) out.to[out.first[to + 1]++] = from;
  }
  out.first.pop_back();
  return out;
}

struct IdAt {
  const Operations& operations;
  std::string_view operator()(std::uint32_t place) const { return operations[place]->id; }
};

Result<NameIndex> places_of(const Operations& operations) {
  NameIndex places(operations.size());
  for (std::uint32_t i = 0; i < operations.size(); ++i) {
    const std::string& id = operations[i]->id;
    if (!valid_operation_id(id)) {
      return fail(Code::invalid, "operation " + std::to_string(i + 1) + " has the id \"" + id.substr(0, 64) + "\"",
                  "an id has 1 to 256 letters, digits and \"._/[]-\"");
    }
    if (!places.add(id, i, IdAt{operations})) return fail(Code::invalid, "two operations have the id \"" + id + "\"");
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
    for (const std::uint32_t next : before.of(at)) {
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
  const auto n = static_cast<std::uint32_t>(operations.size());
  Edges before;
  before.first.reserve(n + 1);
  for (const BatchOperation* operation : operations) {
    before.first.push_back(static_cast<std::uint32_t>(before.to.size()));
    for (const BatchDependency& dependency : operation->dependencies) {
      const auto at = places->find(dependency.id, IdAt{operations});
      if (at) {
        before.to.push_back(*at);
      } else if (dependency.kind == DependencyKind::hard) {
        return unknown(operations, *operation, dependency.id);
      }  // a soft one is order only: there is nothing to come after
    }
  }
  before.first.push_back(static_cast<std::uint32_t>(before.to.size()));
  const Edges behind = turned_round(before);
  std::vector<std::uint32_t> missing(n);
  for (std::uint32_t i = 0; i < n; ++i) missing[i] = before.count_of(i);
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
    for (const std::uint32_t i : behind.of(next)) {
      if (--missing[i] == 0) free.push(i);
    }
  }
  if (out.size() != n) return circle(operations, before, missing);
  return out;
}

}  // namespace prov::domain
