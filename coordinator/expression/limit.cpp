#include "coordinator/expression/limit.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "common/hash.h"
#include "coordinator/expression/source.h"

namespace prov::expression {

Result<Limit> Limit::parse(std::string_view text) {
  Limit limit;
  std::string_view digits = text;
  limit.percent = digits.ends_with('%');
  if (limit.percent) digits.remove_suffix(1);
  const std::uint32_t most = limit.percent ? 100 : kMaxCount;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), limit.amount);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  if (!whole || limit.amount < 1 || limit.amount > most) {
    return fail(Code::invalid, shown_text(text) + " is no number of hosts",
                "write a number from 1 to " + std::to_string(kMaxCount) + ", or a percentage from 1% to 100%");
  }
  return limit;
}

std::size_t Limit::of(std::size_t count) const {
  if (!percent) return std::min<std::size_t>(amount, count);
  return count / 100 * amount + (count % 100 * amount + 99) / 100;
}

std::string Limit::text() const { return std::to_string(amount) + (percent ? "%" : ""); }

std::vector<std::string> select(const Limit& limit, std::string_view seed, std::vector<std::string> names) {
  const std::size_t wanted = limit.of(names.size());
  if (wanted == names.size()) return names;
  const Digest seeded = digest_of(seed);
  std::vector<std::pair<Digest, std::size_t>> ranks;
  ranks.reserve(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    ranks.emplace_back(Hasher().add(seeded.view()).add(names[i]).value(), i);
  }
  const auto cut = ranks.begin() + static_cast<std::ptrdiff_t>(wanted);
  std::nth_element(ranks.begin(), cut, ranks.end());
  std::sort(ranks.begin(), cut, [](const auto& a, const auto& b) { return a.second < b.second; });
  std::vector<std::string> chosen;
  for (auto rank = ranks.begin(); rank != cut; ++rank) chosen.push_back(std::move(names[rank->second]));
  return chosen;
}

}  // namespace prov::expression
