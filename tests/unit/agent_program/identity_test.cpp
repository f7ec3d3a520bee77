// What an agent remembers of its coordinator, and where it looks for it.
#include "agent/main/identity.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "common/io/posix/files.h"
#include "common/wire/join_token.h"

namespace prov::agent {
namespace {

using Endpoints = std::vector<std::string>;
const std::string kHome = "tcp://10.0.0.1:9091", kNext = "tcp://10.0.0.2:9091", kLater = "tcp://[2001:db8::3]:9091";

struct IdentityFiles : ::testing::Test {
  void SetUp() override {
    char path[] = "/tmp/prov-identity-XXXXXX";
    ASSERT_NE(mkdtemp(path), nullptr);
    dir = path;
  }
  void TearDown() override { std::filesystem::remove_all(dir); }
  static Enrolment enrolment() { return {Key{{1}}, kHome, "w", "host", Id{{2}}}; }
  std::string text() { return io::read_file(dir + "/enrolment", 1 << 20).value_or("?"); }
  std::string dir;
};

TEST_F(IdentityFiles, WhatIsSavedComesBack) {
  Enrolment saved = enrolment();
  saved.endpoints = {kNext, kLater};
  ASSERT_TRUE(save_enrolment(dir, saved));
  struct stat info {};
  ASSERT_EQ(stat((dir + "/enrolment").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
  const auto loaded = load_enrolment(dir);
  ASSERT_TRUE(loaded && *loaded) << (loaded ? "nothing" : loaded.error().message);
  EXPECT_EQ((*loaded)->server_key, saved.server_key);
  EXPECT_EQ((*loaded)->endpoint, kHome);
  EXPECT_EQ((*loaded)->endpoints, saved.endpoints);
  EXPECT_EQ((*loaded)->log_id, saved.log_id);
}

TEST_F(IdentityFiles, KeysThatOthersCanReadAreNotUsed) {
  const auto made = load_or_make_keys(dir);
  ASSERT_TRUE(made);
  EXPECT_EQ(load_or_make_keys(dir)->link.public_key, made->link.public_key);
  chmod((dir + "/keys").c_str(), 0644);
  const auto refused = load_or_make_keys(dir);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().hint.find("chmod 600"), std::string::npos) << refused.error().hint;
}

TEST_F(IdentityFiles, OfAnOlderReleaseNameNoFurtherAddresses) {
  ASSERT_TRUE(save_enrolment(dir, enrolment()));
  EXPECT_EQ(text().find("endpoints="), std::string::npos) << "and a newer one writes none that it has not heard";
  const auto loaded = load_enrolment(dir);
  ASSERT_TRUE(loaded && *loaded);
  EXPECT_TRUE((*loaded)->endpoints.empty());
  EXPECT_EQ(endpoints_to_try(**loaded), Endpoints{kHome});
}

TEST_F(IdentityFiles, AddressesInADamagedFileAreDroppedAndTheFirstOneStays) {
  ASSERT_TRUE(save_enrolment(dir, enrolment()));
  std::ofstream(dir + "/enrolment", std::ios::app) << "endpoints=,x,tcp://host:1," << kNext << ",tcp://10.0.0.9:0\n";
  const auto loaded = load_enrolment(dir);
  ASSERT_TRUE(loaded && *loaded);
  EXPECT_EQ(endpoints_to_try(**loaded), (Endpoints{kNext, kHome}));
}

TEST(LearnEndpoints, TheOneThatAnsweredComesFirstAndWhereItEnrolledStays) {
  Enrolment known{Key{{1}}, kHome, "w", "host", Id{{2}}};
  EXPECT_TRUE(learn_endpoints(known, kHome, {kNext}));
  EXPECT_EQ(endpoints_to_try(known), (Endpoints{kHome, kNext}));
  EXPECT_FALSE(learn_endpoints(known, kHome, {kNext})) << "no news: nothing is written at each welcome";
  EXPECT_TRUE(learn_endpoints(known, kNext, {kNext, kLater}));
  EXPECT_EQ(endpoints_to_try(known), (Endpoints{kNext, kLater, kHome}));
}

TEST(LearnEndpoints, NoListIsSoLongOrSoStrangeThatItCutsTheAgentOff) {
  Enrolment known{Key{{1}}, kHome, "w", "host", Id{{2}}};
  Endpoints many;
  for (int i = 1; i <= 1'000; ++i) many.push_back("tcp://192.0.2.1:" + std::to_string(i));
  EXPECT_TRUE(learn_endpoints(known, kNext, many));
  EXPECT_EQ(known.endpoints.size(), wire::kMaxEndpoints);
  EXPECT_EQ(known.endpoints.front(), kNext);
  EXPECT_EQ(endpoints_to_try(known).back(), kHome);
  EXPECT_TRUE(learn_endpoints(known, kNext, {"nonsense", "tcp://a.name:1", std::string(1 << 20, 'x')}));
  EXPECT_EQ(endpoints_to_try(known), (Endpoints{kNext, kHome}));
}

}  // namespace
}  // namespace prov::agent
