#pragma once
// Short guides for the terminal: docs/guides/NAME.md, carried in the program. A guide is sections; a section is text,
// and commands to type (what stands between ``` lines).
#include <string>
#include <vector>

#include "common/embedded.h"

namespace prov::cli {

extern const std::span<const EmbeddedFile> kEmbedded;  // "from-scratch.md", ...

struct GuideSection {
  std::string title;
  std::string text;                   // as the terminal shows it: commands set in
  std::vector<std::string> commands;  // in order, e.g. "provisioning server list"
};

struct Guide {
  std::string name;      // "from-scratch"
  std::string headline;  // its first sentence
  std::vector<GuideSection> sections;
};

std::vector<Guide> guides();  // in the order in which they are best read

}  // namespace prov::cli
