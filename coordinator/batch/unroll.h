#pragma once
// From the tree of a batch file to a flat list of operations: loops and nested batches are written out. What refers to
// another operation is kept as it is written, with the place it is seen from; names.h and graph.h go on.
//
//   for_each:      id[key] for each item, and `id`, which needs all of them
//   type: batch    id/inner for each operation inside, and `id`, which needs all of them
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "coordinator/batch/file.h"
#include "coordinator/batch/scope.h"

namespace prov::batch {

// Where names are looked up: an operation's siblings are `prefix` + name.
struct Site {
  std::string file;
  std::string prefix;                  // "", "outer/", "outer/inner/"
  std::shared_ptr<const Site> parent;  // the list around it, in the same file; null: no name reaches further
};

struct NamedDependency {
  std::shared_ptr<const Site> site;
  WrittenDependency written;
};

struct ScopedText {  // a condition, before its names are looked up
  std::string text;
  Place place;
  std::shared_ptr<const Site> site;
  std::shared_ptr<const Scope> scope;
  std::vector<std::string> reads_later;  // what its "until" reads: stands before it, and is not waited for
};

struct UnrolledOperation {
  BatchOperation operation;  // its id is final; conditions and dependencies are not there yet
  std::vector<NamedDependency> dependencies;
  std::vector<ScopedText> when;  // all of them must hold: those of the batches around it, then its own
  ScopedText until;
  Place targets, for_each;  // of the expressions over hosts
  std::shared_ptr<const Site> site;
  std::shared_ptr<const Scope> scope;
  std::vector<std::string> reads_later;  // what its "until" reads: stands before it, and is not waited for
};

struct Unrolled {
  std::vector<UnrolledOperation> operations;  // in the order of the file
  std::vector<std::string> notes;
  std::set<std::string> left_out;  // final ids that stand in the file: a mistake kept them from being among the others
  bool cut = false;                // there are more than may be
};

// `head` and its tree must live until it returns. Mistakes go to `problems`; what has one is
// left out, or there as far as it could be read, so that more can be found in the same pass.
Unrolled unroll(const BatchHead& head, const LoadBatchText& load, Problems& problems);

}  // namespace prov::batch
