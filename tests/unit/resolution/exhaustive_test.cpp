// The solver against a search through everything, on many small random catalogues; and each proof step by step.
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "tests/unit/resolution/universe.h"

namespace prov::resolution {
namespace {

constexpr int kUniverses = 10'000;

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  int below(int n) { return static_cast<int>(random_() % static_cast<std::uint64_t>(n)); }
  bool one_in(int n) { return below(n) == 0; }

 private:
  std::mt19937_64 random_;
};

std::string random_relation(Dice& dice, int packages) {
  static const char* const ranges[] = {"1.0.0",  "2.0.0",          "3.0.0", ">=2.0.0", "<2.0.0",
                                       "<3.0.0", "1.0.0 || 3.0.0", "*",     ">=9.0.0"};
  return std::string(1, static_cast<char>('a' + dice.below(packages))) + " " +
         ranges[dice.below(dice.one_in(4) ? 9 : 8)];
}

std::vector<std::string> random_relations(Dice& dice, int packages, int one_in) {
  std::vector<std::string> out;
  for (int i = 0; i < 3; ++i) {
    if (dice.one_in(one_in)) out.push_back(random_relation(dice, packages));
  }
  return out;
}

Universe random_universe(Dice& dice) {
  Universe u;
  const int packages = 2 + dice.below(5);
  const int density = 3 + dice.below(5);
  for (int p = 0; p < packages; ++p) {
    const int versions = dice.below(8) == 0 ? 0 : 1 + dice.below(3);
    for (int v = 1; v <= versions; ++v) {
      u.add(std::string(1, static_cast<char>('a' + p)), std::to_string(v) + ".0.0",
            random_relations(dice, packages, density), random_relations(dice, packages, density + 1),
            random_relations(dice, packages, density + 2));
    }
  }
  const int wishes = 1 + dice.below(3);
  for (int i = 0; i < wishes; ++i) u.request.wanted.push_back({relation(random_relation(dice, packages)), ""});
  if (dice.one_in(3)) u.request.pinned.push_back({relation(random_relation(dice, packages)), ""});
  return u;
}

const Release* release_of(const Catalogue& catalogue, const std::string& name, const Version& version) {
  const auto found = catalogue.find(name);
  if (found == catalogue.end()) return nullptr;
  for (const auto& release : found->second) {
    if (release.version == version) return &release;
  }
  return nullptr;
}

// Whether a choice fulfils everything, straight from what the words mean.
bool fulfils(const Universe& u, const Solution& chosen) {
  const auto is_there = [&](const Relation& r) { return chosen.count(r.package) > 0; };
  const auto is_in = [&](const Relation& r) { return is_there(r) && r.range.contains(chosen.at(r.package)); };
  for (const auto& wish : u.request.wanted) {
    if (!is_in(wish.relation)) return false;
  }
  for (const auto& wish : u.request.pinned) {
    if (is_there(wish.relation) && !is_in(wish.relation)) return false;
  }
  for (const auto& [name, version] : chosen) {
    const Release* release = release_of(u.catalogue, name, version);
    if (release == nullptr) return false;
    for (const auto& r : release->requires_) {
      if (!is_in(r)) return false;
    }
    for (const auto& r : release->optional) {
      if (is_there(r) && !is_in(r)) return false;
    }
    for (const auto& r : release->conflicts) {
      if (is_in(r)) return false;
    }
  }
  return true;
}

bool search(const Universe& u, Catalogue::const_iterator at, Solution& chosen) {
  if (at == u.catalogue.end()) return fulfils(u, chosen);
  const auto next = std::next(at);
  if (search(u, next, chosen)) return true;
  for (const auto& release : at->second) {
    chosen[at->first] = release.version;
    if (search(u, next, chosen)) return true;
    chosen.erase(at->first);
  }
  return false;
}

// What a fact may say, from the input alone: no choice that has all its terms fulfils the relation.
void check_fact(const Proof& proof, const Incompatibility& step) {
  const auto value = [&](std::uint32_t package) -> Values {
    for (const auto& term : step.terms) {
      if (term.package == package) return term.values;
    }
    return proof.packages[package].every();
  };
  std::uint32_t target = 0;
  while (proof.packages[target].name != step.relation->package) ++target;
  const Values inside = proof.packages[target].in(step.relation->range);
  if (step.ground == Ground::wanted || step.ground == Ground::requires_) {
    EXPECT_TRUE((value(target) & inside).none());
  } else if (step.ground == Ground::conflict) {
    EXPECT_TRUE((value(target) & ~inside).none());
  } else {
    EXPECT_TRUE((value(target) & inside).none() && !value(target).test(kAbsent));
  }
  for (const auto& term : step.terms) EXPECT_TRUE(term.package == target || term.package == step.subject);
}

// That a fact is said of versions which really have that relation.
void check_subject(const Universe& u, const Proof& proof, const Incompatibility& step) {
  if (step.ground == Ground::wanted || step.ground == Ground::pinned) return;
  const auto& package = proof.packages[step.subject];
  Values who;
  for (const auto& term : step.terms) {
    if (term.package == step.subject) who = term.values;
  }
  EXPECT_FALSE(who.test(kAbsent));
  for (std::size_t i = 0; i < package.versions.size(); ++i) {
    if (!who.test(i + 1)) continue;
    const Release* release = release_of(u.catalogue, package.name, package.versions[i]);
    ASSERT_NE(release, nullptr);
    const auto& list = step.ground == Ground::requires_  ? release->requires_
                       : step.ground == Ground::optional ? release->optional
                                                         : release->conflicts;
    EXPECT_TRUE(std::any_of(list.begin(), list.end(), [&](const Relation& r) {
      return r.package == step.relation->package && r.written == step.relation->written;
    }));
  }
}

// That no choice of values fulfils both causes and has all terms of the conclusion: tried out, value by value.
void check_follows(const Proof& proof, const Incompatibility& left, const Incompatibility& right,
                   const Incompatibility& conclusion) {
  std::vector<std::uint32_t> packages;
  for (const auto* one : {&left, &right, &conclusion}) {
    for (const auto& term : one->terms) packages.push_back(term.package);
  }
  std::sort(packages.begin(), packages.end());
  packages.erase(std::unique(packages.begin(), packages.end()), packages.end());
  std::map<std::uint32_t, std::size_t> value;
  const auto holds = [&](const Incompatibility& one) {
    return std::all_of(one.terms.begin(), one.terms.end(),
                       [&](const Term& term) { return term.values.test(value.at(term.package)); });
  };
  const std::function<void(std::size_t)> go_through = [&](std::size_t depth) {
    if (depth == packages.size()) {
      EXPECT_TRUE(!holds(conclusion) || holds(left) || holds(right));
      return;
    }
    for (std::size_t v = 0; v <= proof.packages[packages[depth]].versions.size(); ++v) {
      value[packages[depth]] = v;
      go_through(depth + 1);
    }
  };
  go_through(0);
}

void check_proof(const Universe& u, const Proof& proof) {
  ASSERT_FALSE(proof.steps.empty());
  EXPECT_TRUE(proof.steps.back().terms.empty());
  for (std::size_t i = 0; i < proof.steps.size(); ++i) {
    const Incompatibility& step = proof.steps[i];
    if (step.ground == Ground::derived) {
      ASSERT_LT(step.left, i);
      ASSERT_LT(step.right, i);
      check_follows(proof, proof.steps[step.left], proof.steps[step.right], step);
    } else {
      check_fact(proof, step);
      check_subject(u, proof, step);
    }
  }
  const auto lines = sentences(proof);
  ASSERT_FALSE(lines.empty());
  for (const auto& line : lines) EXPECT_EQ(line.find("  "), std::string::npos) << line;
}

TEST(Exhaustive, ASolutionExactlyWhenASearchFindsOne) {
  int solved = 0, refuted = 0;
  for (int seed = 0; seed < kUniverses && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(static_cast<std::uint64_t>(seed));
    const Universe u = random_universe(dice);
    const auto outcome = solve(u.catalogue, u.request);
    ASSERT_TRUE(outcome) << outcome.error().message;
    Solution found;
    const bool possible = search(u, u.catalogue.begin(), found);
    if (const auto* solution = std::get_if<Solution>(&*outcome)) {
      ++solved;
      EXPECT_TRUE(possible);
      EXPECT_TRUE(fulfils(u, *solution));
    } else {
      ++refuted;
      EXPECT_FALSE(possible);
      check_proof(u, std::get<Proof>(*outcome));
    }
    const auto again = solve(u.catalogue, u.request);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->index(), outcome->index());
    if (again->index() == 0) {
      EXPECT_EQ(std::get<Solution>(*again), std::get<Solution>(*outcome));
    }
  }
  EXPECT_GT(solved, kUniverses / 5) << "the dice are loaded";
  EXPECT_GT(refuted, kUniverses / 5) << "the dice are loaded";
}

}  // namespace
}  // namespace prov::resolution
