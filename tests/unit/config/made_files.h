#pragma once
// The files in the tree that are made from the table of keys.
#include <string>

#include "coordinator/config/documents.h"

namespace prov::test {

struct MadeFile {
  const char* path;
  std::string (*text)();
};

inline const MadeFile (&made_files())[4] {
  static constexpr MadeFile kFiles[] = {{"config/config.defaults.toml", config::defaults_document},
                                        {"schema/json/config.schema.json", config::schema_document},
                                        {"schema/json/workspace.schema.json", config::workspace_schema_document},
                                        {"docs/reference/config.md", config::reference_document}};
  return kFiles;
}

}  // namespace prov::test
