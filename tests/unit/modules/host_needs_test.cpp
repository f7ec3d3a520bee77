#include "coordinator/modules/host_needs.h"

#include <gtest/gtest.h>

namespace prov::workspace {
namespace {

Facts debian() {
  Facts facts;
  facts.os = "debian";
  facts.os_version = "12";
  facts.arch = "x86_64";
  facts.cores = 2;
  facts.memory_bytes = 1000ULL << 20;
  return facts;
}

std::string missing(const HostNeeds& needs, const Facts& facts = debian()) {
  std::string text;
  for (const auto& one : lacking(needs, facts)) text += one + "\n";
  return text;
}

TEST(HostNeeds, AHostThatHasEverything) {
  EXPECT_EQ(missing({}), "");
  EXPECT_EQ(missing({{"debian-12"}, {"amd64"}, 2, 1000}), "");
  EXPECT_EQ(missing({{"ubuntu-22.04", "debian"}, {"arm64", "x86_64"}, 1, 1}), "");
  EXPECT_EQ(missing({{}, {}, 0, 1100}), "") << "the kernel keeps a tenth";
}

TEST(HostNeeds, EachThingThatIsMissingIsTold) {
  EXPECT_EQ(missing({{"debian-11", "ubuntu-22.04"}, {"arm64"}, 4, 2048}),
            "it is debian-12, and only debian-11 and ubuntu-22.04 are supported\n"
            "it is amd64, and only arm64 is supported\n"
            "it has 2 CPUs, and 4 are the least\n"
            "it has 1000 MiB of memory, and 2048 are the least\n");
  EXPECT_NE(missing({{"debian-1"}, {}, 0, 0}), "") << "1 is not the beginning of 12";
}

TEST(HostNeeds, AVersionMayBeSaidByItsBeginning) {
  Facts facts = debian();
  facts.os = "ubuntu";
  facts.os_version = "22.04";
  EXPECT_EQ(missing({{"ubuntu-22"}, {}, 0, 0}, facts), "");
  EXPECT_NE(missing({{"ubuntu-2"}, {}, 0, 0}, facts), "");
  facts.os_version.clear();
  EXPECT_NE(missing({{"ubuntu-22"}, {}, 0, 0}, facts), "");
}

TEST(HostNeeds, ADiskIsHeldAgainstTheSizeOfTheFileSystem) {
  Facts facts = debian();
  facts.disk_bytes = 9000ULL << 20;
  EXPECT_EQ(missing({{}, {}, 0, 0, 10'000}, facts), "") << "the file system keeps a tenth";
  EXPECT_EQ(missing({{}, {}, 0, 0, 10'002}, facts), "it has 9000 MiB of disk (at /), and 10002 are the least\n");
}

TEST(HostNeeds, AnInterpreterIsMissingWhenItWasLookedFor) {
  Facts facts = debian();
  facts.interpreters = {"bash", "sh"};
  facts.missing_interpreters = {"perl", "ruby"};
  const HostNeeds needs{{}, {}, 0, 0, 0, {"bash", "ruby", "rare", "perl"}};
  EXPECT_TRUE(needs.any());
  EXPECT_EQ(lacking_interpreters(needs, facts), (std::vector<std::string>{"ruby", "perl"}));
  EXPECT_EQ(missing(needs, facts), "") << "they are told apart";
}

TEST(HostNeeds, WhatIsNotKnownIsAgainstNothing) {
  const HostNeeds needs{{"debian-12"}, {"amd64"}, 9, 9, 9, {"bash"}};
  EXPECT_EQ(missing(needs, Facts()), "");
  EXPECT_TRUE(lacking_interpreters(needs, Facts()).empty());
}

}  // namespace
}  // namespace prov::workspace
