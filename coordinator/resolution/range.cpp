#include "coordinator/resolution/range.h"

#include <algorithm>
#include <charconv>

namespace prov::resolution {

bool Range::Cut::operator<(const Cut& other) const {
  if (const auto order = version <=> other.version; order != 0) return order < 0;
  return !behind && other.behind;
}

Range Range::none() { return {}; }

Range Range::all() { return ~none(); }

Range Range::exactly(const Version& version) {
  Range range;
  range.cuts_ = {{version, false}, {version, true}};
  return range;
}

Range Range::from(const Version& version) {
  Range range;
  range.cuts_ = {{version, false}};
  return range;
}

Range Range::below(const Version& version) { return ~from(version); }

bool Range::contains(const Version& version) const {
  const auto passed = std::count_if(cuts_.begin(), cuts_.end(), [&](const Cut& cut) {
    const auto order = cut.version <=> version;
    return order < 0 || (order == 0 && !cut.behind);
  });
  return begins_inside_ != (passed % 2 == 1);
}

template <class Inside>
Range Range::merge(const Range& a, const Range& b, Inside inside) {
  Range out;
  bool in_a = a.begins_inside_, in_b = b.begins_inside_;
  bool now = out.begins_inside_ = inside(in_a, in_b);
  auto i = a.cuts_.begin(), j = b.cuts_.begin();
  while (i != a.cuts_.end() || j != b.cuts_.end()) {
    const bool take_a = j == b.cuts_.end() || (i != a.cuts_.end() && !(*j < *i));
    const bool take_b = i == a.cuts_.end() || (j != b.cuts_.end() && !(*i < *j));
    const Cut& cut = take_a ? *i : *j;
    in_a = in_a != take_a;
    in_b = in_b != take_b;
    if (inside(in_a, in_b) != now) {
      now = !now;
      out.cuts_.push_back(cut);
    }
    if (take_a) ++i;
    if (take_b) ++j;
  }
  return out;
}

Range Range::operator|(const Range& other) const {
  return merge(*this, other, [](bool a, bool b) { return a || b; });
}

Range Range::operator&(const Range& other) const {
  return merge(*this, other, [](bool a, bool b) { return a && b; });
}

Range Range::operator~() const {
  Range out = *this;
  out.begins_inside_ = !begins_inside_;
  return out;
}

namespace {

constexpr std::string_view kBlank = " \t";

// A version of which the last numbers may be missing.
struct Partial {
  Version version;
  int numbers = 3;
};

tl::unexpected<Error> wrong(std::string_view range, const std::string& why, std::string hint = {}) {
  return fail(Code::invalid, "\"" + std::string(range.substr(0, 60)) + "\" is not a range of versions: " + why,
              hint.empty() ? "e.g. 1.2.3, ^1.2, ~1.2.3, \">=1.2 <2\", \"1.2.3 || ^2.0\" or *" : std::move(hint));
}

Version after_major(const Version& v) { return {v.major + 1, 0, 0, {"0"}, {}}; }  // "-0": the lowest pre-release
Version after_minor(const Version& v) { return {v.major, v.minor + 1, 0, {"0"}, {}}; }
Version after_patch(const Version& v) { return {v.major, v.minor, v.patch + 1, {"0"}, {}}; }

// Behind the last version that agrees with the first `numbers` numbers.
Version after_same(const Version& v, int numbers) {
  if (numbers == 1) return after_major(v);
  return numbers == 2 ? after_minor(v) : after_patch(v);
}

Version after_caret(const Partial& p) {
  if (p.version.major > 0 || p.numbers == 1) return after_major(p.version);
  if (p.version.minor > 0 || p.numbers == 2) return after_minor(p.version);
  return after_patch(p.version);
}

Result<Partial> parse_partial(std::string_view text, std::string_view whole) {
  Partial partial;
  std::string full(text);
  if (text.find_first_of("-+") == std::string_view::npos) {
    partial.numbers = 1 + static_cast<int>(std::count(text.begin(), text.end(), '.'));
    for (int i = partial.numbers; i < 3; ++i) full += ".0";
  }
  auto version = parse_version(full);
  if (!version) return wrong(whole, "\"" + std::string(text.substr(0, 40)) + "\" is not a version in it");
  partial.version = std::move(*version);
  return partial;
}

Result<Range> range_of(std::string_view sign, const Partial& p, std::string_view whole) {
  const Version& v = p.version;
  if (sign == "^") return Range::from(v) & Range::below(after_caret(p));
  if (sign == "~") return Range::from(v) & Range::below(after_same(v, std::min(p.numbers, 2)));
  if (sign == ">=") return Range::from(v);
  if (sign == "<") return Range::below(v);
  if (p.numbers < 3) {
    if (sign.empty()) return Range::from({v.major, v.minor, 0, {"0"}, {}}) & Range::below(after_same(v, p.numbers));
    return wrong(whole, "behind \"" + std::string(sign) + "\" stands a version with three numbers",
                 "write it in full, e.g. " + std::string(sign) + to_text(v));
  }
  if (sign == ">") return ~(Range::below(v) | Range::exactly(v));
  if (sign == "<=") return Range::below(v) | Range::exactly(v);
  if (sign == "!=") return ~Range::exactly(v);
  return Range::exactly(v);
}

std::string_view take_sign(std::string_view& rest) {
  for (const std::string_view sign : {">=", "<=", "!=", "^", "~", ">", "<", "="}) {
    if (!rest.starts_with(sign)) continue;
    rest.remove_prefix(sign.size());
    rest.remove_prefix(std::min(rest.find_first_not_of(kBlank), rest.size()));
    return sign;
  }
  return {};
}

Result<Range> parse_alternative(std::string_view rest, std::string_view whole) {
  Range range = Range::all();
  bool any = false;
  while (true) {
    rest.remove_prefix(std::min(rest.find_first_not_of(kBlank), rest.size()));
    if (rest.empty()) break;
    any = true;
    const std::string_view sign = take_sign(rest);
    const std::string_view word = rest.substr(0, rest.find_first_of(" \t^~<>=!"));
    if (word.empty()) return wrong(whole, "a version is missing in it");
    rest.remove_prefix(word.size());
    if (word == "*" && sign.empty()) continue;
    auto partial = parse_partial(word, whole);
    if (!partial) return tl::unexpected(partial.error());
    auto part = range_of(sign, *partial, whole);
    if (!part) return part;
    range = range & *part;
  }
  if (!any) return wrong(whole, whole.empty() ? "it is empty" : "beside \"||\" stands nothing", "* is every version");
  return range;
}

}  // namespace

Result<Range> parse_range(std::string_view text) {
  if (text.size() > kMaxRangeText)
    return wrong(text, "it is longer than " + std::to_string(kMaxRangeText) + " letters");
  Range range = Range::none();
  std::string_view rest = text;
  while (true) {
    const std::size_t bar = rest.find("||");
    auto part = parse_alternative(rest.substr(0, bar), text);
    if (!part) return part;
    range = range | *part;
    if (bar == std::string_view::npos) break;
    rest.remove_prefix(bar + 2);
  }
  if (range.is_none()) return wrong(text, "no version can be in it");
  return range;
}

std::string to_text(const Range& range) {
  if (range.is_none()) return "none";
  if (range.is_all()) return "*";
  std::string text;
  const auto& cuts = range.cuts_;
  std::size_t i = 0;
  const auto lower = [&](const Range::Cut& cut) { return (cut.behind ? ">" : ">=") + to_text(cut.version); };
  const auto upper = [&](const Range::Cut& cut) { return (cut.behind ? "<=" : "<") + to_text(cut.version); };
  if (range.begins_inside_) text = upper(cuts[i++]);
  for (; i < cuts.size(); i += 2) {
    text += text.empty() ? "" : " || ";
    if (i + 1 == cuts.size()) {
      text += lower(cuts[i]);
    } else if (cuts[i].version == cuts[i + 1].version) {
      text += to_text(cuts[i].version);
    } else {
      text += lower(cuts[i]) + " " + upper(cuts[i + 1]);
    }
  }
  return text;
}

}  // namespace prov::resolution
