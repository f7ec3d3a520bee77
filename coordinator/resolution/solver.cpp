#include "coordinator/resolution/solver.h"

#include <algorithm>
#include <deque>
#include <optional>

#include "coordinator/resolution/partial_solution.h"

namespace prov::resolution {
namespace {

using Index = std::uint32_t;

// Relations of one package that say the same of several of its versions: one incompatibility.
struct Group {
  Values who;
  Ground ground = Ground::requires_;
  Index target = 0;
  Values against;  // values of the target that do not go with `who`
  const Relation* relation = nullptr;
  bool added = false;
};

struct Package {
  std::vector<std::size_t> preference;  // its versions, the first to be tried in front
  std::vector<Group> groups;
  std::vector<std::vector<Index>> groups_of;  // by version: indexes of groups
  std::vector<Index> incompatibilities;       // that have a term of it
};

class Solver {
 public:
  Solver(const Catalogue& catalogue, const Request& request, const Limits& limits) : limits_(limits) {
    name_packages(catalogue, request);
    for (const auto& [name, releases] : catalogue) read_package(index_.at(name), releases);
    solution_.emplace(proof_.packages);
    for (const auto& wish : request.wanted) add_wish(wish, Ground::wanted);
    for (const auto& wish : request.pinned) add_wish(wish, Ground::pinned);
  }

  Result<std::variant<Solution, Proof>> run() {
    if (impossible()) return std::move(proof_);
    std::deque<Index> changed;
    for (Index i = 0; i < packages_.size(); ++i) changed.push_back(i);
    while (true) {
      auto possible = propagate(std::move(changed));
      if (!possible) return tl::unexpected(possible.error());
      if (!*possible) return std::move(proof_);
      const std::optional<Index> next = choose();
      if (!next) return chosen();
      changed = {*next};
    }
  }

 private:
  const PackageVersions& versions(Index package) const { return proof_.packages[package]; }

  Index index_of(const std::string& name) {
    return index_.emplace(name, 0).first->second;  // numbered later, so that indexes go by name
  }

  void name_packages(const Catalogue& catalogue, const Request& request) {
    for (const auto* wishes : {&request.wanted, &request.pinned}) {
      for (const auto& wish : *wishes) index_of(wish.relation.package);
    }
    for (const auto& [name, releases] : catalogue) {
      index_of(name);
      for (const auto& release : releases) {
        for (const auto* relations : {&release.requires_, &release.optional, &release.conflicts}) {
          for (const auto& relation : *relations) index_of(relation.package);
        }
      }
    }
    for (auto& [name, index] : index_) {
      index = static_cast<Index>(proof_.packages.size());
      proof_.packages.push_back({name, {}});
      const auto found = catalogue.find(name);
      if (found == catalogue.end()) continue;
      auto& list = proof_.packages.back().versions;
      for (const auto& release : found->second) list.push_back(release.version);
      std::sort(list.begin(), list.end());
    }
    packages_.resize(proof_.packages.size());
  }

  void read_package(Index index, const std::vector<Release>& releases) {
    Package& package = packages_[index];
    const auto& list = versions(index).versions;
    package.groups_of.resize(list.size() + 1);
    for (std::size_t i = 1; i <= list.size(); ++i) package.preference.push_back(i);
    std::sort(package.preference.begin(), package.preference.end(),
              [&](std::size_t a, std::size_t b) { return is_preferred(list[a - 1], list[b - 1]); });
    for (const auto& release : releases) {
      const auto at = std::lower_bound(list.begin(), list.end(), release.version);
      const std::size_t version = static_cast<std::size_t>(at - list.begin()) + 1;
      read_relations(package, version, release.requires_, Ground::requires_);
      read_relations(package, version, release.optional, Ground::optional);
      read_relations(package, version, release.conflicts, Ground::conflict);
    }
  }

  void read_relations(Package& package, std::size_t version, const std::vector<Relation>& relations, Ground ground) {
    for (const auto& relation : relations) {
      const Index target = index_.at(relation.package);
      const Values inside = versions(target).in(relation.range), every = versions(target).every();
      Values against = ground == Ground::conflict ? inside : every & ~inside;
      if (ground == Ground::optional) against.reset(kAbsent);
      if (against.none()) continue;
      const auto same = std::find_if(package.groups.begin(), package.groups.end(), [&](const Group& group) {
        return group.target == target && group.ground == ground && group.against == against &&
               group.relation->written == relation.written && group.relation->note == relation.note;
      });
      const auto at = static_cast<Index>(same - package.groups.begin());
      if (same == package.groups.end()) package.groups.push_back({{}, ground, target, against, &relation, false});
      package.groups[at].who.set(version);
      package.groups_of[version].push_back(at);
    }
  }

  // Terms of one package become one; a term that always holds is left out.
  void add(std::vector<Term> terms, Incompatibility incompatibility) {
    std::sort(terms.begin(), terms.end(), [](const Term& a, const Term& b) { return a.package < b.package; });
    for (auto& term : terms) {
      auto& kept = incompatibility.terms;
      if (!kept.empty() && kept.back().package == term.package) {
        kept.back().values &= term.values;
      } else {
        kept.push_back(term);
      }
    }
    std::erase_if(incompatibility.terms,
                  [&](const Term& term) { return term.values == versions(term.package).every(); });
    const auto index = static_cast<Index>(proof_.steps.size());
    for (const auto& term : incompatibility.terms) packages_[term.package].incompatibilities.push_back(index);
    proof_.steps.push_back(std::move(incompatibility));
  }

  void add_wish(const Wish& wish, Ground ground) {
    const Index target = index_.at(wish.relation.package);
    Values against = versions(target).every() & ~versions(target).in(wish.relation.range);
    if (ground == Ground::pinned) against.reset(kAbsent);
    if (against.any()) add({{target, against}}, {{}, ground, &wish.relation, &wish.sentence, target});
  }

  // ---- unit propagation

  // False: nothing is possible, and the proof is whole.
  Result<bool> propagate(std::deque<Index> changed) {
    while (!changed.empty()) {
      const Index package = changed.front();
      changed.pop_front();
      const auto& about = packages_[package].incompatibilities;
      for (std::size_t i = about.size(); i-- > 0;) {  // what was learned last says most
        if (++steps_ > limits_.steps) return given_up();
        const Index index = about[i];
        const Term* open = nullptr;
        const Standing standing = standing_of(proof_.steps[index], &open);
        if (standing == Standing::holds_not) continue;
        Index cause = index;
        if (standing == Standing::satisfied) {
          const auto learned = learn(index);
          if (!learned) return false;
          cause = *learned;
          changed.clear();
          PROV_ASSERT(standing_of(proof_.steps[cause], &open) == Standing::almost);
          changed.push_back(derive(*open, cause));
          break;
        }
        changed.push_back(derive(*open, cause));
      }
    }
    return true;
  }

  enum class Standing { satisfied, almost, holds_not };  // almost: all its terms hold but `open`, which may or may not

  Standing standing_of(const Incompatibility& incompatibility, const Term** open) const {
    *open = nullptr;
    for (const auto& term : incompatibility.terms) {
      const Values& now = solution_->now(term.package);
      if (is_within(now, term.values)) continue;
      if ((now & term.values).none() || *open != nullptr) return Standing::holds_not;
      *open = &term;
    }
    return *open == nullptr ? Standing::satisfied : Standing::almost;
  }

  Index derive(const Term& open, Index cause) {
    const Index package = open.package;
    solution_->derive(package, solution_->now(package) & ~open.values, cause);
    return package;
  }

  bool impossible() const {
    return std::any_of(proof_.steps.begin(), proof_.steps.end(), [](const auto& one) { return one.terms.empty(); });
  }

  // ---- conflicts

  struct Satisfier {
    const Term* term = nullptr;
    Index assignment = 0;
    Index previous_level = 0;  // at which all other terms, and what it adds to, held already
  };

  Satisfier last_satisfier(const Incompatibility& incompatibility) const {
    Satisfier last;
    for (const auto& term : incompatibility.terms) {
      const Index assignment = solution_->satisfier(term.package, term.values);
      Index before = assignment;
      if (last.term == nullptr || assignment > last.assignment) {
        before = last.assignment;
        const bool first = last.term == nullptr;
        last.term = &term;
        last.assignment = assignment;
        if (first) continue;
      }
      last.previous_level = std::max(last.previous_level, solution_->assignment(before).level);
    }
    return last;
  }

  // What the satisfier alone does not exclude must have been excluded before: at which level?
  Index level_of_difference(const Satisfier& last) const {
    const auto& at = solution_->assignment(last.assignment);
    const Values own = own_values(at);
    if (is_within(own, last.term->values)) return 0;
    const Values missing = ~(own & ~last.term->values) & versions(at.package).every();
    return solution_->assignment(solution_->satisfier(at.package, missing)).level;
  }

  // What the assignment says by itself, whatever was known before.
  Values own_values(const PartialSolution::Assignment& at) const {
    if (at.cause == PartialSolution::kDecision) return at.after;
    return versions(at.package).every() & ~term_of(proof_.steps[at.cause], at.package).values;
  }

  static const Term& term_of(const Incompatibility& incompatibility, Index package) {
    const auto found = std::find_if(incompatibility.terms.begin(), incompatibility.terms.end(),
                                    [&](const Term& term) { return term.package == package; });
    PROV_ASSERT(found != incompatibility.terms.end());
    return *found;
  }

  // From an incompatibility that has come true to the one to learn from it, and back to where that can be used.
  // nullopt: it follows that nothing is possible.
  std::optional<Index> learn(Index conflict) {
    Index index = conflict;
    while (!proof_.steps[index].terms.empty()) {
      Satisfier last = last_satisfier(proof_.steps[index]);
      const auto satisfier = solution_->assignment(last.assignment);
      last.previous_level = std::max(last.previous_level, level_of_difference(last));
      const bool is_decision = satisfier.cause == PartialSolution::kDecision;
      if (is_decision || last.previous_level < satisfier.level) {
        solution_->back_to(last.previous_level);
        return index;
      }
      auto terms =
          resolvent(proof_.steps[index], proof_.steps[satisfier.cause], versions(satisfier.package), satisfier.package);
      const Incompatibility derived{{}, Ground::derived, nullptr, nullptr, 0, index, satisfier.cause};
      index = static_cast<Index>(proof_.steps.size());
      add(std::move(terms), derived);
    }
    return std::nullopt;
  }

  // ---- decisions

  // Decides one package and returns it, or returns it with new incompatibilities that stand against its best version.
  // nullopt: nothing is left to decide.
  std::optional<Index> choose() {
    std::optional<Index> best;
    std::size_t fewest = 0;
    for (Index i = 0; i < packages_.size(); ++i) {
      if (solution_->is_decided(i) || solution_->now(i).test(kAbsent)) continue;
      const std::size_t left = solution_->now(i).count();
      if (best && left >= fewest) continue;
      best = i;
      fewest = left;
    }
    if (best) try_version(*best);
    return best;
  }

  void try_version(Index index) {
    Package& package = packages_[index];
    const Values& now = solution_->now(index);
    const std::size_t version = *std::find_if(package.preference.begin(), package.preference.end(),
                                              [&](std::size_t one) { return now.test(one); });
    bool fits = true;
    for (const Index at : package.groups_of[version]) {
      Group& group = package.groups[at];
      if (group.target == index) {  // itself: in another version never, so it is as if not there
        fits = fits && !group.against.test(version);
      } else if (is_within(solution_->now(group.target), group.against)) {
        fits = false;
      }
      if (!group.added) add_group(index, group);
    }
    if (fits) solution_->decide(index, version);
  }

  void add_group(Index index, Group& group) {
    group.added = true;
    add({{index, group.who}, {group.target, group.against}}, {{}, group.ground, group.relation, nullptr, index});
  }

  std::variant<Solution, Proof> chosen() const {
    Solution out;
    for (Index i = 0; i < packages_.size(); ++i) {
      if (!solution_->is_decided(i)) continue;
      for (std::size_t v = 1; v <= versions(i).versions.size(); ++v) {
        if (solution_->now(i).test(v)) out.emplace(versions(i).name, versions(i).versions[v - 1]);
      }
    }
    return out;
  }

  tl::unexpected<Error> given_up() const {
    return fail(Code::exhausted,
                "which versions go together was not found within " + std::to_string(limits_.steps) + " steps",
                "narrow the ranges, or remove old versions");
  }

  const Limits limits_;
  std::size_t steps_ = 0;
  std::map<std::string, Index> index_;
  std::vector<Package> packages_;
  Proof proof_;
  std::optional<PartialSolution> solution_;
};

// Without what the last step does not rest on.
Proof only_needed(Proof proof) {
  const std::size_t empty = static_cast<std::size_t>(
      std::find_if(proof.steps.begin(), proof.steps.end(), [](const auto& one) { return one.terms.empty(); }) -
      proof.steps.begin());
  std::vector<bool> needed(proof.steps.size());
  needed[empty] = true;
  std::vector<Index> new_index(proof.steps.size());
  for (std::size_t i = empty + 1; i-- > 0;) {
    if (!needed[i] || proof.steps[i].ground != Ground::derived) continue;
    needed[proof.steps[i].left] = needed[proof.steps[i].right] = true;
  }
  Proof out;
  out.packages = std::move(proof.packages);
  for (std::size_t i = 0; i <= empty; ++i) {
    if (!needed[i]) continue;
    new_index[i] = static_cast<Index>(out.steps.size());
    Incompatibility step = std::move(proof.steps[i]);
    if (step.ground == Ground::derived) {
      step.left = new_index[step.left];
      step.right = new_index[step.right];
    }
    out.steps.push_back(std::move(step));
  }
  return out;
}

}  // namespace

Result<std::variant<Solution, Proof>> solve(const Catalogue& catalogue, const Request& request, const Limits& limits) {
  if (auto fine = check(catalogue, request, limits); !fine) return tl::unexpected(fine.error());
  auto outcome = Solver(catalogue, request, limits).run();
  if (outcome && std::holds_alternative<Proof>(*outcome)) return only_needed(std::get<Proof>(std::move(*outcome)));
  return outcome;
}

Result<Solution> solve_or_explain(const Catalogue& catalogue, const Request& request, const Limits& limits) {
  auto outcome = solve(catalogue, request, limits);
  if (!outcome) return tl::unexpected(outcome.error());
  if (auto* solution = std::get_if<Solution>(&*outcome)) return std::move(*solution);
  std::string text;
  for (const auto& line : sentences(std::get<Proof>(*outcome))) text += (text.empty() ? "" : "\n") + line;
  return fail(Code::invalid, text);
}

}  // namespace prov::resolution
