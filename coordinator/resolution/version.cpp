#include "coordinator/resolution/version.h"

#include <algorithm>
#include <charconv>

namespace prov::resolution {
namespace {

constexpr std::size_t kMaxDigits = 9;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_identifier_char(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-'; }
bool is_number(std::string_view text) { return std::all_of(text.begin(), text.end(), is_digit); }

std::strong_ordering compare_numbers(std::string_view a, std::string_view b) {  // of any length, no leading zeros
  if (a.size() != b.size()) return a.size() <=> b.size();
  return a.compare(b) <=> 0;
}

std::strong_ordering compare_identifiers(std::string_view a, std::string_view b) {
  const bool a_number = is_number(a), b_number = is_number(b);
  if (a_number && b_number) return compare_numbers(a, b);
  if (a_number != b_number) return a_number ? std::strong_ordering::less : std::strong_ordering::greater;
  return a.compare(b) <=> 0;
}

std::strong_ordering compare_pre(const Version& a, const Version& b) {
  if (a.pre.empty() || b.pre.empty()) return a.pre.empty() <=> b.pre.empty();  // the release is the higher one
  for (std::size_t i = 0; i < std::min(a.pre.size(), b.pre.size()); ++i) {
    if (const auto order = compare_identifiers(a.pre[i], b.pre[i]); order != 0) return order;
  }
  return a.pre.size() <=> b.pre.size();
}

tl::unexpected<Error> wrong_version(std::string_view text, const std::string& why) {
  const std::string shown(text.substr(0, 60));
  return fail(Code::invalid, "\"" + shown + "\" is not a semantic version: " + why, "e.g. 1.0.0 or 2.0.0-rc.1");
}

// Takes a number from the front of `rest`.
bool take_number(std::string_view& rest, std::uint32_t& number) {
  const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
  if (digits == 0 || digits > kMaxDigits || (digits > 1 && rest[0] == '0')) return false;
  std::from_chars(rest.data(), rest.data() + digits, number);
  rest.remove_prefix(digits);
  return true;
}

bool take_dot(std::string_view& rest) {
  if (rest.empty() || rest[0] != '.') return false;
  rest.remove_prefix(1);
  return true;
}

// Splits at dots; empty identifiers and strange characters make it false.
bool split_identifiers(std::string_view text, std::vector<std::string>& out) {
  while (true) {
    const std::string_view part = text.substr(0, text.find('.'));
    if (part.empty() || !std::all_of(part.begin(), part.end(), is_identifier_char)) return false;
    out.emplace_back(part);
    if (part.size() == text.size()) return true;
    text.remove_prefix(part.size() + 1);
  }
}

bool has_leading_zero(const std::string& part) { return part.size() > 1 && part[0] == '0' && is_number(part); }

}  // namespace

std::strong_ordering operator<=>(const Version& a, const Version& b) {
  if (const auto order = a.major <=> b.major; order != 0) return order;
  if (const auto order = a.minor <=> b.minor; order != 0) return order;
  if (const auto order = a.patch <=> b.patch; order != 0) return order;
  return compare_pre(a, b);
}

bool operator==(const Version& a, const Version& b) { return (a <=> b) == 0; }

Result<Version> parse_version(std::string_view text) {
  if (text.size() > kMaxVersionText) return wrong_version(text, "it is too long");
  Version version;
  std::string_view rest = text;
  const bool core = take_number(rest, version.major) && take_dot(rest) && take_number(rest, version.minor) &&
                    take_dot(rest) && take_number(rest, version.patch);
  if (!core) return wrong_version(text, "it begins with three numbers, MAJOR.MINOR.PATCH");
  std::vector<std::string> ignored;
  if (const std::size_t plus = rest.find('+'); plus != std::string_view::npos) {
    version.build = rest.substr(plus + 1);
    rest = rest.substr(0, plus);
    if (!split_identifiers(version.build, ignored)) return wrong_version(text, "the part behind \"+\" is none");
  }
  if (rest.empty()) return version;
  if (rest[0] != '-') return wrong_version(text, "only \"-\" or \"+\" can follow the three numbers");
  if (!split_identifiers(rest.substr(1), version.pre)) return wrong_version(text, "the part behind \"-\" is none");
  if (std::any_of(version.pre.begin(), version.pre.end(), has_leading_zero)) {
    return wrong_version(text, "a number of a pre-release has no leading zero");
  }
  return version;
}

std::string to_text(const Version& version) {
  std::string text =
      std::to_string(version.major) + "." + std::to_string(version.minor) + "." + std::to_string(version.patch);
  for (std::size_t i = 0; i < version.pre.size(); ++i) text += (i == 0 ? "-" : ".") + version.pre[i];
  if (!version.build.empty()) text += "+" + version.build;
  return text;
}

}  // namespace prov::resolution
