#pragma once
// One thing that is wrong, with its place, as programs want it: what the readers say as a message, taken apart.
#include <string>
#include <vector>

#include "common/result.h"
#include "coordinator/workspace/yaml_tree.h"

namespace prov::validation {

struct Finding {
  std::string file;
  workspace::Place place;  // line 0: the file as a whole
  Code code = Code::invalid;
  std::string message, hint;
};

std::string text_of(const Finding& finding);  // "file:line:column: message"

class Report {
 public:
  void looked_at(const std::string& file) { files_.push_back(file); }

  // All that an error of a reader tells (workspace::Problems). `file`: whose it is when it names none. Of one place the
  // first is kept.
  void add(const Error& error, const std::string& file);
  void finish();  // puts both lists in order

  bool fine() const { return findings_.empty(); }
  std::size_t count() const { return findings_.size(); }
  const std::vector<Finding>& findings() const { return findings_; }  // by file and place, once finished
  const std::vector<std::string>& files() const { return files_; }    // looked at; each once, sorted, once finished

  // What it comes to: invalid, unless all of them have one other code. REQUIRES: !fine()
  Code code() const;

 private:
  std::vector<std::string> files_;
  std::vector<Finding> findings_;
};

}  // namespace prov::validation
