#include "agent/step/by_sequence.h"

#include <algorithm>

#include "agent/step/book.h"

namespace prov::agent {
namespace {

bool before(const BySequence::Item& a, const Entry& b) {
  return a.sequence != b.sequence ? a.sequence < b.sequence : a.entry->step < b.step;
}

}  // namespace

void BySequence::add(const Entry& entry) {
  const Item item{entry.sequence, &entry};
  if (items_.empty() || before(items_.back(), entry)) {
    items_.push_back(item);
  } else {
    items_.insert(std::lower_bound(items_.begin(), items_.end(), entry, before), item);
  }
}

void BySequence::remove(const Entry& entry) {
  const Place at = place_of(entry);
  if (at == items_.end()) return;
  if (at == items_.begin()) return items_.pop_front();
  items_.erase(at);
}

BySequence::Place BySequence::after(std::uint64_t sequence) {
  return std::upper_bound(items_.begin(), items_.end(), sequence,
                          [](std::uint64_t a, const Item& b) { return a < b.sequence; });
}

BySequence::Place BySequence::place_of(const Entry& entry) {
  if (!items_.empty() && items_.front().entry == &entry) return items_.begin();
  const Place at = std::lower_bound(items_.begin(), items_.end(), entry, before);
  return at != items_.end() && at->entry == &entry ? at : items_.end();
}

}  // namespace prov::agent
