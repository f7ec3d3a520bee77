// Bundles are canonical, and nothing that leaves its folder gets through.
#include <gtest/gtest.h>

#include <algorithm>

#include "common/hash.h"
#include "tests/unit/wire/random_message.h"

namespace prov::wire::test {
namespace {

TEST(SafeRelativePath, accepts_plain_components) {
  for (const char* path : {"a", "a/b", "scripts/install", "...", "..a", "a..", ".hidden/x", "a b",
                           "\xC3\xA9/\xE4\xB8\xAD", "con", "A/a", "~", "$HOME", "-rf"}) {
    EXPECT_TRUE(safe_relative_path(path)) << path;
  }
  EXPECT_TRUE(safe_relative_path(std::string(255, 'x')));
  std::string longest;
  while (longest.size() < 998) longest += "y/";
  EXPECT_TRUE(safe_relative_path(longest + "yy"));
}

TEST(SafeRelativePath, refuses_what_could_leave_the_folder) {
  for (const char* path :
       {"",       ".",         "..",  "/",    "/etc/passwd", "a/",    "a//b", "a/.",  "./a",   "../a",    "a/..",
        "a/../b", "a/../../b", "//a", "a\\b", "..\\a",       "C:\\a", "a\nb", "a\tb", "a\x7f", "a\x1b[0m"}) {
    EXPECT_FALSE(safe_relative_path(path)) << path;
  }
  EXPECT_FALSE(safe_relative_path(std::string_view("a\0b", 3)));
  EXPECT_FALSE(safe_relative_path(std::string_view("\0", 1)));
  EXPECT_FALSE(safe_relative_path(std::string(256, 'x')));
  std::string too_long;
  while (too_long.size() <= 1000) too_long += "y/";
  EXPECT_FALSE(safe_relative_path(too_long + "y"));
}

TEST(Bundle, the_order_in_which_files_are_found_does_not_matter) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Generator make(seed);
    auto files = make.files();
    const std::string bytes = encode_bundle(files);
    std::reverse(files.begin(), files.end());
    EXPECT_EQ(encode_bundle(files), bytes);
    const auto back = decode_bundle(bytes);
    ASSERT_TRUE(back) << back.error().message;
    std::sort(files.begin(), files.end(), [](const File& a, const File& b) { return a.path < b.path; });
    EXPECT_TRUE(*back == files);
  }
}

TEST(Bundle, its_digest_covers_path_content_and_mode) {
  const auto digest = [](File file) { return digest_of(encode_bundle({std::move(file)})); };
  const Digest base = digest({"a", "x", 0644});
  EXPECT_EQ(digest({"a", "x", 0644}), base);
  EXPECT_NE(digest({"b", "x", 0644}), base);
  EXPECT_NE(digest({"a", "y", 0644}), base);
  EXPECT_NE(digest({"a", "x", 0755}), base);
  // Bundles are kept by digest for years: this value may never change.
  EXPECT_EQ(to_text(base), "34f0351ba8b075c04cc2ead45606363c2034913e51deb2bcd5200906ea45cc6a");
}

TEST(Bundle, refuses_trees_that_cannot_be) {
  const auto accepted = [](const std::vector<File>& files) { return decode_bundle(encode_bundle(files)).has_value(); };
  EXPECT_TRUE(accepted({}));
  EXPECT_TRUE(accepted({{"a", "1", 0644}, {"b", "2", 0644}}));
  EXPECT_FALSE(accepted({{"a", "1", 0644}, {"a", "2", 0644}})) << "twice";
  EXPECT_FALSE(accepted({{"a", "1", 0644}, {"a-b", "", 0644}, {"a/b", "2", 0644}})) << "a file and a folder";
  EXPECT_FALSE(accepted({{"../a", "1", 0644}}));
  EXPECT_FALSE(accepted({{"a", "1", 04755}}));
  EXPECT_FALSE(accepted(std::vector<File>(kMaxBundleFiles + 1)));
}

TEST(Bundle, refuses_what_is_not_sorted) {
  std::string bytes = encode_bundle({{"aaaaaaa1", "", 0644}, {"aaaaaaa2", "", 0644}});
  std::swap(bytes[bytes.find("aaaaaaa1") + 7], bytes[bytes.find("aaaaaaa2") + 7]);
  const auto files = decode_bundle(bytes);
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().code, Code::invalid);
}

TEST(Bundle, size_limit) {
  const auto of_size = [](std::size_t bytes) { return encode_bundle({{"a", std::string(bytes, 'x'), 0644}}); };
  EXPECT_TRUE(decode_bundle(of_size(kMaxBundleBytes - 1024)));
  EXPECT_FALSE(decode_bundle(of_size(kMaxBundleBytes)));
}

TEST(Bundle, cut_and_flipped) {
  Generator make(5);
  const std::string bytes = encode_bundle({{"a/x", make.bytes(300), 0644}, {"b", "2", 0755}, {"c/d/e", "", 0600}});
  for (std::size_t size = 0; size < bytes.size(); ++size) ASSERT_FALSE(decode_bundle(bytes.substr(0, size))) << size;
  for (int round = 0; round < 3000; ++round) {
    std::string damaged = bytes;
    const std::size_t at = make.below(damaged.size());
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << make.below(8)));
    const auto files = decode_bundle(damaged);
    if (!files) continue;
    for (const auto& file : *files) ASSERT_TRUE(safe_relative_path(file.path));
  }
}

}  // namespace
}  // namespace prov::wire::test
