// Bad manifests, each with the one message that it must give: tests/unit/modules/corpus/*.yaml say what in their head.
#include <gtest/gtest.h>

#include <filesystem>

#include "coordinator/modules/manifest.h"

namespace prov::workspace {
namespace {

std::string head_line(const std::string& text, const std::string& key) {
  const std::string mark = "# " + key + ": ";
  const std::size_t begin = text.find(mark);
  if (begin == std::string::npos) return {};
  return text.substr(begin + mark.size(), text.find('\n', begin) - begin - mark.size());
}

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
    EXPECT_EQ(read.error().code, Code::invalid);
    EXPECT_EQ(read.error().message.rfind("corpus/" + name + ":", 0), 0U) << read.error().message;
    EXPECT_NE(read.error().message.find(head_line(*text, "expect")), std::string::npos) << read.error().message;
    EXPECT_NE(read.error().hint.find(head_line(*text, "hint")), std::string::npos) << read.error().hint;
    EXPECT_EQ(read.error().message.find('\n'), std::string::npos);
    EXPECT_LT(read.error().message.size(), 300U);
  }
  EXPECT_GE(files, 19);
}

}  // namespace
}  // namespace prov::workspace
