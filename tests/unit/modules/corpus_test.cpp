// Bad manifests, each with the one message that it must give: tests/unit/modules/corpus/*.yaml say what in their head.
#include <gtest/gtest.h>

#include <filesystem>

#include "coordinator/modules/manifest.h"
#include "tests/support/documents/bad_file.h"

namespace prov::workspace {
namespace {

TEST(ManifestCorpus, EachBadFileGivesOneClearMessageWithItsPlace) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(PROV_CORPUS)) {
    ++files;
    const std::string name = entry.path().filename().string();
    SCOPED_TRACE(name);
    const auto text = read_file(entry.path().string(), kMaxYamlBytes);
    ASSERT_TRUE(text.has_value());
    const auto tree = parse_yaml(*text, "corpus/" + name);
    ASSERT_TRUE(tree.has_value()) << tree.error().message;
    const auto read = parse_manifest(*tree, "corpus/" + name);
    ASSERT_FALSE(read.has_value());
    test::expect_refused(read.error(), "corpus/" + name, *text);
  }
  EXPECT_GE(files, 19);
}

}  // namespace
}  // namespace prov::workspace
