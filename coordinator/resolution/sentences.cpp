// A proof in sentences, after the error report of PubGrub: causes first, each line joining at most three of them.
#include <algorithm>
#include <map>
#include <set>

#include "coordinator/resolution/proof.h"

namespace prov::resolution {
namespace {

using Index = std::uint32_t;

std::string joined(const std::vector<std::string>& parts, const std::string& last_word) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += i + 1 == parts.size() ? " " + last_word + " " : ", ";
    text += parts[i];
  }
  return text;
}

// ---- a single incompatibility as a clause of a sentence

class Clauses {
 public:
  explicit Clauses(const Proof& proof) : proof_(proof) {}

  std::string text(Index index) const {
    const Incompatibility& one = proof_.steps[index];
    return one.ground == Ground::derived ? conclusion(one) : fact(one);
  }

 private:
  // "kubernetes", "kubernetes 1.28.0", "kubernetes >=1.28.0": the versions among those there are.
  std::string some_of(Index package, Values values) const {
    const auto& [name, versions] = proof_.packages[package];
    values.reset(kAbsent);
    if (values.count() == versions.size() && versions.size() != 1) return name;
    std::vector<std::string> runs;
    for (std::size_t i = 1; i <= versions.size(); ++i) {
      if (!values.test(i)) continue;
      const std::size_t first = i;
      while (i < versions.size() && values.test(i + 1)) ++i;
      runs.push_back(run(versions, first, i));
    }
    return name + (runs.empty() ? "" : " ") + joined(runs, "or");
  }

  static std::string run(const std::vector<Version>& versions, std::size_t first, std::size_t last) {
    const std::string low = to_text(versions[first - 1]), high = to_text(versions[last - 1]);
    if (first == last) return low;
    if (last == versions.size()) return ">=" + low;
    return first == 1 ? "<=" + high : ">=" + low + " <=" + high;
  }

  static std::string asked(const Relation& relation) {
    const bool any = relation.written.empty() || relation.written == "*";
    return relation.package + (any ? "" : " " + relation.written);
  }

  // Behind a fact that no version can fulfil.
  std::string but_missing(const Relation& relation) const {
    const auto& package = *std::find_if(proof_.packages.begin(), proof_.packages.end(),
                                        [&](const auto& one) { return one.name == relation.package; });
    if (package.in(relation.range).any()) return "";
    if (package.versions.empty()) return ", and there is no " + relation.package;
    constexpr std::size_t kShown = 5;
    std::vector<std::string> some;
    for (auto i = package.versions.rbegin(); i != package.versions.rend() && some.size() < kShown; ++i) {
      some.push_back(to_text(*i));
    }
    if (package.versions.size() > kShown) some.push_back(std::to_string(package.versions.size() - kShown) + " older");
    return ", of which there is only " + joined(some, "and");
  }

  std::string fact(const Incompatibility& one) const {
    const Relation& relation = *one.relation;
    const std::string note = relation.note.empty() ? "" : " (" + relation.note + ")";
    switch (one.ground) {
      case Ground::wanted:
        return (one.sentence->empty() ? asked(relation) + " is wanted" : *one.sentence) + note + but_missing(relation);
      case Ground::pinned:
        return (one.sentence->empty() ? relation.package + " is held at " + relation.written : *one.sentence) + note +
               but_missing(relation);
      case Ground::requires_: return subject(one) + " requires " + asked(relation) + note + but_missing(relation);
      case Ground::optional: return subject(one) + " goes only with " + asked(relation) + note + but_missing(relation);
      case Ground::conflict: return subject(one) + " conflicts with " + asked(relation) + note;
      case Ground::derived: break;
    }
    return {};
  }

  std::string subject(const Incompatibility& one) const {
    const auto term =
        std::find_if(one.terms.begin(), one.terms.end(), [&](const Term& some) { return some.package == one.subject; });
    return some_of(one.subject, term->values);
  }

  // What is known to be impossible, said as what therefore has to be.
  std::string conclusion(const Incompatibility& one) const {
    std::vector<std::string> with, without;
    for (const auto& term : one.terms) {
      if (term.values.test(kAbsent)) {
        const Values others = proof_.packages[term.package].every() & ~term.values;
        without.push_back(some_of(term.package, others));
      } else {
        with.push_back(some_of(term.package, term.values));
      }
    }
    if (with.empty() && without.empty()) return "nothing fulfils all of this";
    if (with.empty()) return joined(without, "or") + " is needed";
    if (!without.empty()) {
      return joined(with, "and") + (with.size() == 1 ? " requires " : " together require ") + joined(without, "or");
    }
    return with.size() == 1 ? with[0] + " cannot be used" : joined(with, "and") + " cannot be used together";
  }

  const Proof& proof_;
};

// ---- the order of the lines

class Report {
 public:
  explicit Report(const Proof& proof) : proof_(proof), clauses_(proof), uses_(proof.steps.size()) {
    for (const auto& one : proof.steps) {
      if (one.ground != Ground::derived) continue;
      ++uses_[one.left];
      ++uses_[one.right];
    }
  }

  std::vector<std::string> lines() {
    const auto last = static_cast<Index>(proof_.steps.size() - 1);
    if (is_fact(last)) return {clauses_.text(last) + "."};
    todo_.push_back({Todo::visit, last, {}, ""});
    while (!todo_.empty()) {
      const Todo next = std::move(todo_.back());
      todo_.pop_back();
      if (next.kind == Todo::write)
        write(next);
      else if (numbers_.count(next.index) == 0)
        visit(next.index);
    }
    if (left_out_ > 0)
      lines_.insert(lines_.end() - 1, "(" + std::to_string(left_out_) + " more sentences are left out.)");
    return std::move(lines_);
  }

 private:
  struct Todo {
    enum Kind { visit, write } kind;
    Index index;                // what is concluded
    std::vector<Index> causes;  // that the line names; the others stand in the line before it
    const char* opening;        // "Because", "And because" or "Therefore"
  };

  bool is_fact(Index index) const { return proof_.steps[index].ground != Ground::derived; }
  bool has_line(Index index) const { return numbers_.count(index) > 0; }
  bool joins_facts(Index index) const {
    return !is_fact(index) && is_fact(proof_.steps[index].left) && is_fact(proof_.steps[index].right);
  }

  // Plans the lines for one conclusion; what is pushed last comes first.
  void visit(Index index) {
    Index a = proof_.steps[index].left, b = proof_.steps[index].right;
    if (is_fact(a)) std::swap(a, b);  // from here on `a` is derived, if any is
    if (is_fact(a) || ((is_fact(b) || has_line(b)) && has_line(a))) return plan(index, {b, a}, "Because");
    if (is_fact(b) || has_line(b)) return after_line_of(a, b, index);
    if (has_line(a)) return after_line_of(b, a, index);
    if (joins_facts(a)) std::swap(a, b);
    if (joins_facts(b)) {  // short enough to stand between
      plan(index, {}, "Therefore");
      todo_.push_back({Todo::visit, b, {}, ""});
      todo_.push_back({Todo::visit, a, {}, ""});
      return;
    }
    must_have_number_.insert(a);
    plan(index, {a}, "And because");
    todo_.push_back({Todo::visit, b, {}, ""});
    todo_.push_back({Todo::visit, a, {}, ""});
  }

  // The line of `derived` right before; or, when it is used here alone and rests on one derived cause itself, that
  // one's, and both facts in one line.
  void after_line_of(Index derived, Index known, Index index) {
    const Incompatibility& step = proof_.steps[derived];
    const bool one_fact = is_fact(step.left) != is_fact(step.right);
    const Index inner = is_fact(step.left) ? step.right : step.left;
    if (is_fact(known) && one_fact && uses_[derived] == 1 && !has_line(inner)) {
      const Index fact = is_fact(step.left) ? step.left : step.right;
      plan(index, {fact, known}, "And because");
      todo_.push_back({Todo::visit, inner, {}, ""});
      return;
    }
    plan(index, {known}, "And because");
    todo_.push_back({Todo::visit, derived, {}, ""});
  }

  void plan(Index index, std::vector<Index> causes, const char* opening) {
    todo_.push_back({Todo::write, index, std::move(causes), opening});
  }

  void write(const Todo& todo) {
    std::vector<std::string> causes;
    for (const Index cause : todo.causes) {
      const auto number = numbers_.find(cause);
      const std::string suffix = number == numbers_.end() || is_fact(cause) ? "" : " (" + number->second + ")";
      causes.push_back(clauses_.text(cause) + suffix);
    }
    std::string line = todo.opening;
    if (!causes.empty()) line += " " + joined(causes, "and");
    line += ", " + clauses_.text(todo.index) + ".";
    if (uses_[todo.index] > 1 || must_have_number_.count(todo.index) > 0) {
      const std::string number = std::to_string(numbers_.size() + 1);
      numbers_[todo.index] = number;
      line += " (" + number + ")";
    }
    if (lines_.size() + 1 < kMaxSentences || todo_.empty()) {
      lines_.push_back(std::move(line));
    } else {
      ++left_out_;
    }
  }

  const Proof& proof_;
  Clauses clauses_;
  std::vector<std::size_t> uses_;
  std::map<Index, std::string> numbers_;  // of conclusions that were written with one
  std::set<Index> must_have_number_;
  std::vector<Todo> todo_;
  std::vector<std::string> lines_;
  std::size_t left_out_ = 0;
};

}  // namespace

std::vector<std::string> sentences(const Proof& proof) {
  PROV_ASSERT(!proof.steps.empty());
  return Report(proof).lines();
}

}  // namespace prov::resolution
