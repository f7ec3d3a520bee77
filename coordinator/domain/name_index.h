#pragma once
// Names to places in a list that holds the names itself: one flat table, so that a lookup costs two places of memory
// whatever the number of names. Keeps no name; whoever asks gives the list. No order can be seen, so none has to be
// kept.
#include <bit>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

namespace prov::domain {

class NameIndex {
 public:
  NameIndex() = default;
  explicit NameIndex(std::size_t names) : slots_(std::bit_ceil(names * 2 + 2)) {}  // REQUIRES: no more are added

  // False, and nothing is changed, when it is there already. `name_at(place)` gives the name of a place.
  template <class NameAt>
  bool add(std::string_view name, std::uint32_t place, const NameAt& name_at) {
    const std::uint32_t hash = hash_of(name);
    const std::size_t at = slot_of(name, hash, name_at);
    if (slots_[at].place_plus_1 != 0) return false;
    slots_[at] = {hash, place + 1};
    return true;
  }

  template <class NameAt>
  std::optional<std::uint32_t> find(std::string_view name, const NameAt& name_at) const {
    if (slots_.empty()) return std::nullopt;
    const Slot& slot = slots_[slot_of(name, hash_of(name), name_at)];
    if (slot.place_plus_1 == 0) return std::nullopt;
    return slot.place_plus_1 - 1;
  }

 private:
  struct Slot {
    std::uint32_t hash = 0, place_plus_1 = 0;  // 0: free
  };

  static std::uint32_t hash_of(std::string_view name) {
    const std::uint64_t wide = std::hash<std::string_view>{}(name);
    return static_cast<std::uint32_t>(wide ^ (wide >> 32));
  }

  // Where it is, or the free slot where it would be.
  template <class NameAt>
  std::size_t slot_of(std::string_view name, std::uint32_t hash, const NameAt& name_at) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = hash & mask;
    while (slots_[at].place_plus_1 != 0) {
      if (slots_[at].hash == hash && name_at(slots_[at].place_plus_1 - 1) == name) break;
      at = (at + 1) & mask;
    }
    return at;
  }

  std::vector<Slot> slots_;
};

}  // namespace prov::domain
