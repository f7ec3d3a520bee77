#pragma once
// {{name}} in a value that stands in a file. A name is another setting, or a fact: paths.base, env.HOME, now.date, ...
// What is put in is never looked at again, and what the environment or a flag says is taken as it is. Pure.
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "coordinator/config/tree.h"

namespace prov::config {

struct Facts {
  std::map<std::string, std::string, std::less<>> known;    // "paths.base" -> "/home/me/.provisioning"
  std::map<std::string, std::string, std::less<>> missing;  // names that could be known, and why they are not
  std::function<std::string(const std::string&)> variable;  // env.NAME; empty: not set
  std::function<Result<std::string>()> git_branch;          // asked only when needed
};

struct Setting {
  Value value;    // as it holds
  Claims claims;  // all that was said, as it was written; the last one won

  const Origin& origin() const { return claims.back().origin; }
};
using Settings = std::map<std::string, Setting, std::less<>>;

inline constexpr std::size_t kMaxSteps = 32;  // from setting to setting to setting

// Every winner with everything put in, and held to its type. A circle, an unknown name and a value that does not fit
// are added to `problems`, with the place of the value; such a key is missing from the result.
Settings interpolate(const Tree& tree, const Facts& facts, workspace::Problems& problems);

// The same for one key alone and what it needs; nullopt: nothing was said, or it is among the problems.
std::optional<Setting> interpolate_one(const Tree& tree, const Facts& facts, const std::string& key,
                                       workspace::Problems& problems);

// Names that stand for something and are no settings, with what: ("paths.base", "...").
std::span<const std::pair<std::string_view, std::string_view>> fact_names();

}  // namespace prov::config
