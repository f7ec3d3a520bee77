#pragma once
// What a pass over many files came to.
#include <string>
#include <vector>

#include "coordinator/workspace/finding.h"

namespace prov::validation {

using workspace::Finding;
using workspace::Findings;

class Report {
 public:
  void looked_at(const std::string& file) { files_.push_back(file); }

  // All that an error of a reader tells. `file`: whose it is when it names none. What an earlier one told of a place
  // stays: another reader's word on the same adds nothing.
  void add(const Error& error, const std::string& file);
  void finish();  // puts both lists in order

  bool fine() const { return findings_.empty(); }
  std::size_t count() const { return findings_.size(); }
  const Findings& findings() const { return findings_; }            // by file and place, once finished
  const std::vector<std::string>& files() const { return files_; }  // looked at; each once, sorted, once finished

  // What it comes to: invalid, unless all of them have one other code. REQUIRES: !fine()
  Code code() const;

 private:
  std::vector<std::string> files_;
  Findings findings_;
};

}  // namespace prov::validation
