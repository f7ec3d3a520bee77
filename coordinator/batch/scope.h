#pragma once
// What `{{item}}`, `{{key}}` and `{{params.NAME}}` stand for at one place of a batch file, and putting it there. A
// value is data: it is put in once, in one pass over the text as it is written, and never looked at again.
#include <map>
#include <memory>
#include <string>

#include "coordinator/batch/vocabulary.h"

namespace prov::batch {

struct LoopItem {
  Node key, value;
};

using ParamValues = std::map<std::string, Node>;

struct Scope {
  std::shared_ptr<const LoopItem> loop;  // the innermost for_each; null: none
  bool over_targets = false;             // in a for_each over hosts: the coordinator knows the item
  std::shared_ptr<const ParamValues> params = std::make_shared<const ParamValues>();
  bool top_level = true;  // of an included file the parameters are known for good
};

enum class TextUse {
  setting,    // names that only a running workflow knows are refused
  step,       // run, args, env, undo: such names stay, for the coordinator to replace when the step goes out
  bytes,      // stdin: as a setting, but braces that hold none of our names are left alone
  condition,  // left as it is: names stand there without braces, see names.h
};

// The value with its placeholders replaced, through lists and mappings (not in keys). A text that is one placeholder
// and nothing else becomes the value itself: a number stays a number, a list a list.
Node substituted(Reading& reading, const Node& node, const Scope& scope, TextUse use);

// All of an operation but "operations" and "for_each", each key by its use.
Node substituted_operation(Reading& reading, const Node& operation, const Scope& scope);

// What a name like {"item", "port"} stands for; nullptr and refused when there is no such thing. REQUIRES: the first
// part is item, key or params.
const Node* value_of(Reading& reading, Place place, const std::vector<std::string>& parts, const Scope& scope);

}  // namespace prov::batch
