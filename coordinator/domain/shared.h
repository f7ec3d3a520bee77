#pragma once
// Values that nobody changes any more, copied as cheaply as a pointer. What a workflow consists of is said once, by its
// first event, and that event, the state and every copy of them refer to the same memory: a plan of 100,000 operations
// is not copied on its way. Copies may be used by several threads, as of any constant.
#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace prov::domain {

// One constant; never null: without a value it is a T() that all share.
template <typename T>
class Shared {
 public:
  Shared() : value_(std::shared_ptr<const T>(), &none()) {}
  explicit Shared(T value) : value_(std::make_shared<const T>(std::move(value))) {}
  explicit Shared(std::shared_ptr<const T> value) : value_(std::move(value)) {}  // not null

  const T& operator*() const { return *value_; }
  const T* operator->() const { return value_.get(); }
  bool operator==(const Shared& other) const { return value_ == other.value_ || *value_ == *other.value_; }

 private:
  static const T& none() {
    static const T value;
    return value;
  }
  std::shared_ptr<const T> value_;
};

// A list of constants, made from a vector when that is complete.
template <typename T>
class SharedList {
 public:
  SharedList() = default;
  SharedList(std::vector<T> items) : items_(std::make_shared<const std::vector<T>>(std::move(items))) {}

  std::size_t size() const { return items_ ? items_->size() : 0; }
  bool empty() const { return size() == 0; }
  const T& operator[](std::size_t at) const { return (*items_)[at]; }
  const T* begin() const { return items_ ? items_->data() : nullptr; }
  const T* end() const { return begin() + size(); }
  const T& front() const { return items_->front(); }
  const T& back() const { return items_->back(); }
  // Keeps the whole list alive.
  Shared<T> share(std::size_t at) const { return Shared<T>(std::shared_ptr<const T>(items_, &(*items_)[at])); }
  std::vector<T> copy() const { return {begin(), end()}; }
  bool operator==(const SharedList& other) const {
    return items_ == other.items_ || std::equal(begin(), end(), other.begin(), other.end());
  }

 private:
  std::shared_ptr<const std::vector<T>> items_;
};

}  // namespace prov::domain
