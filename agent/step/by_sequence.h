#pragma once
// Entries by the sequences of their orders. Orders come in rising sequence and are done with in about that order, so
// this is an array: they are added at its end and go from its front. Anything else is correct as well, and moves what
// lies behind.
#include <cstdint>
#include <deque>

#include "agent/step/step.h"

namespace prov::agent {

struct Entry;

class BySequence {
 public:
  struct Item {
    std::uint64_t sequence = 0;  // of `entry`: searched for without looking at it
    const Entry* entry = nullptr;
  };
  using Place = std::deque<Item>::iterator;

  void add(const Entry& entry);     // REQUIRES: its sequence stays what it is until it is removed
  void remove(const Entry& entry);  // one that is not in it is fine

  bool empty() const { return items_.empty(); }
  std::size_t size() const { return items_.size(); }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }

  Place first() { return items_.begin(); }
  Place past() { return items_.end(); }
  Place after(std::uint64_t sequence);  // the first one with a higher
  Place place_of(const Entry& entry);   // past() when it is not in it
  void cut(const Place& from, const Place& to) { items_.erase(from, to); }

 private:
  std::deque<Item> items_;  // by sequence; entries of one sequence, which there can be, by step
};

}  // namespace prov::agent
