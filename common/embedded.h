#pragma once
// Files of the tree that a program carries with it (cmake/EmbedFiles.cmake).
#include <span>
#include <string_view>

namespace prov {

struct EmbeddedFile {
  std::string_view name, text;
};

}  // namespace prov
