#pragma once
// Ranges of versions: what "^1.6" or ">=1.2 <2 || 3.1.0" means, as a set. Membership is by the order of versions alone,
// so union, intersection and complement are exact.
//
//   range    alternative { "||" alternative }        either of them
//   alternative  item { " " item }                   all of them
//   item     *            every version
//            1.2.3, =1.2.3  that one        1.2, 1    every 1.2.x, every 1.x
//            !=1.2.3      every other
//            >1.2.3  >=1.2.3  <1.2.3  <=1.2.3     as the order says: 2.0.0-rc.1 is below 2.0.0
//            ^1.2.3       from it on, below 2.0.0 and its pre-releases (^0.2.3: below 0.3.0; ^0.0.3: below 0.0.4)
//            ~1.2.3       from it on, below 1.3.0 and its pre-releases (~1: below 2.0.0)
//
// Missing numbers count as 0 behind ^, ~, >= and <; behind other signs they would say two things and are refused.
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "coordinator/resolution/version.h"

namespace prov::resolution {

inline constexpr std::size_t kMaxRangeText = 512;

class Range {
 public:
  static Range none();
  static Range all();
  static Range exactly(const Version& version);
  static Range from(const Version& version);   // >=
  static Range below(const Version& version);  // <

  bool contains(const Version& version) const;
  bool is_none() const { return !begins_inside_ && cuts_.empty(); }
  bool is_all() const { return begins_inside_ && cuts_.empty(); }

  Range operator|(const Range& other) const;
  Range operator&(const Range& other) const;
  Range operator~() const;
  bool operator==(const Range& other) const = default;

 private:
  // Between two versions that follow each other. Going up from below all versions, each cut changes from outside to
  // inside or back. Rising, so that equal sets are equal ranges.
  struct Cut {
    Version version;
    bool behind = false;  // behind the version, else right before it
    bool operator==(const Cut& other) const = default;
    bool operator<(const Cut& other) const;
  };
  template <class Inside>
  static Range merge(const Range& a, const Range& b, Inside inside);
  friend std::string to_text(const Range& range);

  bool begins_inside_ = false;
  std::vector<Cut> cuts_;
};

// Code::invalid with what is wrong and the nearest right form.
Result<Range> parse_range(std::string_view text);

// In the notation above; parse_range reads it back to the same set, but for the empty set, which is "none".
std::string to_text(const Range& range);

}  // namespace prov::resolution
