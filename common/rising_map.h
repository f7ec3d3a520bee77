#pragma once
// A sorted map for keys that mostly come in rising order and mostly leave in it, of which there are few at a time: such
// as what is under way at one host. All of it lies in one piece of memory, so it costs no node for each entry and no
// walk through a tree. Whatever order they come and leave in, it is right; only slower.
#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace prov {

template <class Key, class Value>
class RisingMap {
 public:
  using Entry = std::pair<Key, Value>;
  using iterator = typename std::vector<Entry>::iterator;  // good until the next change
  using const_iterator = typename std::vector<Entry>::const_iterator;

  iterator begin() { return all_.begin() + static_cast<std::ptrdiff_t>(gone_); }
  iterator end() { return all_.end(); }
  const_iterator begin() const { return all_.begin() + static_cast<std::ptrdiff_t>(gone_); }
  const_iterator end() const { return all_.end(); }
  std::size_t size() const { return all_.size() - gone_; }
  bool empty() const { return size() == 0; }
  std::size_t capacity() const { return all_.capacity(); }  // in entries

  iterator find(const Key& key) {
    const iterator at = place(key);
    return at != end() && at->first == key ? at : end();
  }
  const_iterator find(const Key& key) const { return const_cast<RisingMap*>(this)->find(key); }
  bool contains(const Key& key) const { return find(key) != end(); }

  // Whether it is new; an entry that was there stays as it is.
  template <class... Parts>
  std::pair<iterator, bool> try_emplace(const Key& key, Parts&&... parts) {
    const iterator at = place(key);
    if (at != end() && at->first == key) return {at, false};
    return {all_.emplace(at, key, Value(std::forward<Parts>(parts)...)), true};
  }
  Value& operator[](const Key& key) { return try_emplace(key).first->second; }

  // The one behind it.
  iterator erase(iterator at) {
    if (size() == 1 && all_.capacity() > kFew) {  // what is idle holds no memory
      std::vector<Entry>().swap(all_);
      gone_ = 0;
      return end();
    }
    if (end() - at <= at - begin()) return all_.erase(at);
    std::move_backward(begin(), at, at + 1);
    *begin() = Entry();
    ++gone_;
    if (gone_ <= all_.size() / 2) return at + 1;
    const std::ptrdiff_t behind = at + 1 - begin();
    all_.erase(all_.begin(), begin());
    gone_ = 0;
    return begin() + behind;
  }
  bool erase(const Key& key) {
    const iterator at = find(key);
    if (at == end()) return false;
    erase(at);
    return true;
  }

 private:
  iterator place(const Key& key) {
    if (empty() || all_.back().first < key) return end();
    return std::lower_bound(begin(), end(), key, [](const Entry& entry, const Key& k) { return entry.first < k; });
  }

  static constexpr std::size_t kFew = 8;
  std::vector<Entry> all_;  // behind the first `gone_`, which are empty
  std::size_t gone_ = 0;
};

}  // namespace prov
