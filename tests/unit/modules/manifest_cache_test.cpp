// Manifests that were parsed before: that a tree survives as it is, and that whatever else stands in the file is as
// good as nothing.
#include "coordinator/modules/manifest_cache.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <random>

#include "coordinator/modules/extension.h"
#include "tests/unit/workspace/temp_folder.h"

namespace prov::workspace {
namespace {

using test::TempFolder;

bool same(const Node& a, const Node& b) {
  const auto all = [](const std::vector<Node>& x, const std::vector<Node>& y) {
    return std::equal(x.begin(), x.end(), y.begin(), y.end(), same);
  };
  return a.kind == b.kind && a.place == b.place && a.text == b.text && a.quoted == b.quoted && all(a.keys, b.keys) &&
         all(a.items, b.items);
}

Node random_tree(std::mt19937& random, std::size_t depth) {
  const auto below = [&](unsigned n) { return static_cast<std::size_t>(random() % n); };
  Node out;
  out.kind = static_cast<Node::Kind>(below(depth > 5 ? 2 : 4));
  out.place = {static_cast<int>(below(1 << 20)), static_cast<int>(below(200))};
  if (out.kind == Node::Kind::scalar) {
    out.quoted = below(2) == 0;
    out.text.resize(below(300));
    for (char& each : out.text) each = static_cast<char>(random());
  }
  if (out.kind == Node::Kind::list || out.kind == Node::Kind::map) {
    const std::size_t count = below(6);
    for (std::size_t i = 0; i < count; ++i) {
      if (out.kind == Node::Kind::map) out.keys.push_back(Node{Node::Kind::scalar, {1, 1}, "k" + std::to_string(i)});
      out.items.push_back(random_tree(random, depth + 1));
    }
  }
  return out;
}

constexpr const char* kManifest =
    "name: redis\nkind: taskserv\nversion: \"7.0.1\"\nrequires: [os]\nparameters:\n  port: {type: int, default: "
    "6379}\n";

class Cache : public testing::Test {
 protected:
  Cache() { folder_.write("manifest.yaml", kManifest); }

  Result<Node> load(ManifestCache& cache) { return cache.load(folder_ / "manifest.yaml"); }
  std::size_t parsed_by_another() {  // process, as far as the file goes
    ManifestCache other(folder_ / "cache/manifests");
    const auto tree = load(other);
    EXPECT_TRUE(tree && same(*tree, *parse_yaml(kManifest, "m")));
    return other.parsed();
  }
  void fill() { EXPECT_EQ(parsed_by_another(), 1U); }
  std::string file() const { return *read_file(folder_ / "cache/manifests", kMaxManifestCacheBytes); }

  TempFolder folder_;
};

TEST(Trees, AreTheSameWhenTheyWereBytes) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int i = 0; i < 500; ++i) {
    const Node tree = random_tree(random, 0);
    const auto back = decode_tree(encode_tree(tree));
    ASSERT_TRUE(back && same(tree, *back));
  }
}

TEST(Trees, BytesThatAreNoneAreRefused) {
  std::mt19937 random(7);
  const std::string bytes = encode_tree(*parse_yaml(kManifest, "m"));
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(decode_tree(bytes.substr(0, size))) << size;
  EXPECT_FALSE(decode_tree(bytes + '\0'));
  for (int i = 0; i < 20'000; ++i) {
    std::string other = bytes;
    other[random() % other.size()] = static_cast<char>(random());
    static_cast<void>(decode_tree(other));  // whatever it gives, it gives it within its limits
  }
  Node deep;
  for (std::size_t i = 0; i <= kMaxTreeDepth + 1; ++i) deep = Node{Node::Kind::list, {1, 1}, "", false, {}, {deep}};
  EXPECT_FALSE(decode_tree(encode_tree(deep)));
  const Node list{Node::Kind::list, {1, 1}};
  EXPECT_FALSE(decode_tree(encode_tree(Node{Node::Kind::map, {1, 1}, "", false, {list}, {list}}))) << "a list as a key";
}

TEST_F(Cache, AFileIsParsedOnceHoweverManyProcessesAsk) {
  fill();
  EXPECT_EQ(parsed_by_another(), 0U);
  struct stat about {};
  ASSERT_EQ(stat((folder_ / "cache/manifests").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 07777, 0600U);
}

TEST_F(Cache, AChangedFileIsReadAsItIsNow) {
  fill();
  folder_.write("manifest.yaml", "name: other\n");
  ManifestCache cache(folder_ / "cache/manifests");
  const auto tree = load(cache);
  ASSERT_TRUE(tree);
  EXPECT_EQ(tree->find("name")->text, "other");
  EXPECT_EQ(cache.parsed(), 1U);
}

TEST_F(Cache, WhatIsWrongIsToldEachTimeWithItsPlace) {
  folder_.write("manifest.yaml", "name: [redis\n");
  for (int i = 0; i < 2; ++i) {
    ManifestCache cache(folder_ / "cache/manifests");
    const auto tree = load(cache);
    ASSERT_FALSE(tree);
    EXPECT_EQ(tree.error().message, parse_yaml("name: [redis\n", folder_ / "manifest.yaml").error().message);
  }
  ManifestCache cache(folder_ / "cache/manifests");
  EXPECT_EQ(cache.load(folder_ / "none.yaml").error().code, Code::not_found);
}

TEST_F(Cache, AFileThatIsDamagedIsAsGoodAsNone) {
  fill();
  const std::string whole = file();
  for (std::size_t i = 0; i < whole.size(); i += 7) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    folder_.write("cache/manifests", damaged);
    EXPECT_EQ(parsed_by_another(), 1U) << i;
    folder_.write("cache/manifests", whole.substr(0, i));
    EXPECT_EQ(parsed_by_another(), 1U) << i;
  }
}

TEST_F(Cache, AFileThatOthersCouldHaveWrittenIsNotBelieved) {
  fill();
  ASSERT_EQ(chmod((folder_ / "cache/manifests").c_str(), 0622), 0);
  EXPECT_EQ(parsed_by_another(), 1U);
}

TEST_F(Cache, WhereItCannotBeWrittenEverythingIsParsed) {
  folder_.write("cache", "a file where the folder should be");
  EXPECT_EQ(parsed_by_another(), 1U);
  EXPECT_EQ(parsed_by_another(), 1U);
}

TEST_F(Cache, ItDoesNotGrowWithoutEndAndKeepsWhatIsInUse) {
  fill();
  for (int round = 0; round < 8; ++round) {
    ManifestCache cache(folder_ / "cache/manifests");
    ASSERT_TRUE(load(cache));
    EXPECT_EQ(cache.parsed(), 0U) << round;
    for (int i = 0; i < 10; ++i) {
      folder_.write(
          "large.yaml", "round: " + std::to_string(round * 100 + i) + "\nlist:\n" + [] {
            std::string out;
            for (int line = 0; line < 2000; ++line) out += "  - " + std::string(40, 'x') + "\n";
            return out;
          }());
      ASSERT_TRUE(cache.load(folder_ / "large.yaml"));
    }
  }
  EXPECT_LE(file().size(), kMaxManifestCacheBytes);
}

TEST_F(Cache, AFinderReadsManifestsThroughIt) {
  folder_.write("core/taskservs/redis/manifest.yaml", kManifest);
  for (const std::size_t parsed : {1U, 0U}) {
    const auto cache = std::make_shared<ManifestCache>(folder_ / "cache/manifests");
    const ExtensionFinder finder({{"core", folder_ / "core"}}, {}, cache);
    ASSERT_TRUE(finder.find(ExtensionKind::taskserv, "redis"));
    EXPECT_EQ(cache->parsed(), parsed);
  }
}

}  // namespace
}  // namespace prov::workspace
