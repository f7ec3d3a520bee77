#pragma once
// One page of a list: items are counted, and made only where they are on the page.
#include <utility>

#include "common/json/json.h"
#include "coordinator/projection/view.h"

namespace prov::projection {

class Paged {
 public:
  explicit Paged(const Page& page) : page_(page) {}

  template <class Make>
  void add(Make make) {
    if (total_ >= page_.offset && items_.size() < page_.limit) items_.push_back(make());
    ++total_;
  }
  // `count` items at once, of which make(i) is the i-th: those that are not on the page cost nothing.
  template <class Make>
  void add_many(std::size_t count, Make make) {
    const std::size_t first = page_.offset > total_ ? page_.offset - total_ : 0;
    for (std::size_t i = first; i < count && items_.size() < page_.limit; ++i) items_.push_back(make(i));
    total_ += count;
  }
  nlohmann::json take() { return {{"items", std::move(items_)}, {"total", total_}}; }

 private:
  Page page_;
  std::size_t total_ = 0;
  nlohmann::json items_ = nlohmann::json::array();
};

}  // namespace prov::projection
