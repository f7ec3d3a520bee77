#pragma once
// A setting written into a file that a person also writes: comments, order and everything else stay as they are. What
// comes out is read again and compared with what went in, so an edit either does exactly what was asked for or is
// refused. Pure.
#include <string>

#include "common/result.h"

namespace prov::config {

enum class Form { toml, yaml };
Form form_of(const std::string& file);  // by its end: .yaml, else TOML

struct Edit {
  std::string file;     // how messages name it
  std::string text;     // what is in it now; empty: nothing yet
  std::string key;      // "link.port"
  std::string written;  // the value as toml_of writes it
};

// The text with the setting in it. invalid: the file does not parse, or nothing that we know to do leads there.
Result<std::string> set_in(const Edit& edit, Form form);

// The text without it; `written` does not matter. not_found: it is not there.
Result<std::string> unset_in(const Edit& edit, Form form);

}  // namespace prov::config
